"""When a product that the source no longer lists is retired."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.presence import MAX_LOSS, Presence, without_the_gone
from reel_pipeline.catalog.source import FolderSource
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, UnreadItem

KNOWN = [f"SKU-{number}" for number in range(20)]


def listing(partitions: list[str], *, complete: bool = True) -> CatalogSnapshot:
    entries = tuple(CatalogEntry(partition_key=name, sku=name, title=name) for name in partitions)
    return CatalogSnapshot(source="test", entries=entries, complete=complete)


def test_two_complete_crawls_without_a_product_retire_it() -> None:
    rest = listing(KNOWN[1:])
    once, retired = without_the_gone(KNOWN, rest, Presence(), accept_losses=False)
    assert retired == []
    twice, retired = without_the_gone(KNOWN, rest, once, accept_losses=False)
    assert retired == ["SKU-0"]
    assert twice == Presence()


def test_a_product_that_comes_back_starts_anew() -> None:
    once, _ = without_the_gone(KNOWN, listing(KNOWN[1:]), Presence(), accept_losses=False)
    back, _ = without_the_gone(KNOWN, listing(KNOWN), once, accept_losses=False)
    assert back == Presence()


def test_an_incomplete_crawl_counts_for_nothing_and_a_great_loss_asks() -> None:
    once, _ = without_the_gone(KNOWN, listing(KNOWN[1:]), Presence(), accept_losses=False)
    assert without_the_gone(KNOWN, listing([], complete=False), once, accept_losses=True) == (once, [])
    asked, retired = without_the_gone(KNOWN, listing(KNOWN[3:]), once, accept_losses=False)
    assert (asked.asked_about, asked.missing, retired) == (3, {"SKU-0": 1}, [])
    assert without_the_gone(KNOWN, listing(KNOWN[3:]), asked, accept_losses=True) == (Presence(), KNOWN[:3])


@given(st.lists(st.tuples(st.sets(st.sampled_from(KNOWN)), st.booleans()), max_size=8))
def test_nothing_is_retired_without_two_complete_crawls_in_a_row_that_missed_little(
    crawls: list[tuple[set[str], bool]],
) -> None:
    presence, known = Presence(), list(KNOWN)
    history: list[tuple[set[str], bool]] = []
    for missing, complete in crawls:
        listed = [name for name in KNOWN if name not in missing]
        absent = {name for name in known if name in missing}
        counts = complete and len(absent) <= MAX_LOSS * len(known)
        presence, retired = without_the_gone(known, listing(listed, complete=complete), presence, accept_losses=False)
        for name in retired:
            counted = [seen for seen, was_counted in history if was_counted or name not in seen]
            assert counts
            assert counted
            assert name in counted[-1]
        known = [name for name in dict.fromkeys([*known, *listed]) if name not in retired]
        history.append((missing, counts))


# --- with items that could not be read ------------------------------------------------------------------------------


class Folder:
    """A catalogue of 20 products and what is known of it, crawl by crawl."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.presence = Presence()
        self.known: list[str] = []
        self.crawl(*KNOWN)

    def crawl(self, *items: Any) -> list[str]:
        """The partitions that this crawl retires; a text stands for a sound product of that SKU."""
        products = [{"sku": item, "title": item} if item in KNOWN else item for item in items]
        (self.root / "catalog.json").write_text(json.dumps({"products": products}), encoding="utf-8")
        snapshot = FolderSource(self.root).snapshot()
        self.known = list(dict.fromkeys([*self.known, *snapshot.by_partition]))
        self.presence, retired = without_the_gone(self.known, snapshot, self.presence, accept_losses=False)
        self.known = [partition for partition in self.known if partition not in retired]
        return retired


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_sku_listed_twice_does_not_switch_retirement_off(folder: Folder) -> None:
    assert folder.crawl(*KNOWN[1:], KNOWN[5]) == []
    assert folder.crawl(*KNOWN[1:], KNOWN[5]) == [KNOWN[0]]


@pytest.mark.parametrize(
    "broken",
    [
        {"sku": KNOWN[1], "title": {"en": "Tee"}},
        {"sku": KNOWN[1], "images": "a.jpg", "variants": "none"},
        {"title": 7.5, "variants": [{"sku": KNOWN[1]}], "sku": ["?"]},
    ],
)
def test_a_broken_item_is_present_and_what_is_gone_is_retired(folder: Folder, broken: Any) -> None:
    retired = [folder.crawl(*KNOWN[2:], broken) for _ in range(4)]
    assert retired == [[], [KNOWN[0]], [], []]
    assert folder.presence.missing == {KNOWN[1]: 0}, "so that nobody takes its reel for one of a product that is gone"
    assert [folder.crawl(*KNOWN[2:]) for _ in range(2)] == [[], [KNOWN[1]]]


@pytest.mark.parametrize("fault", [{"title": {}}, {"variants": "none"}, {"images": {}}])
def test_a_broken_item_is_every_colourway_of_its_product(folder: Folder, fault: Any) -> None:
    colours = ("White", "Black")
    tee = {
        "sku": "TEE",
        "variants": [{"sku": f"TEE-{colour}-{size}", "colour": colour} for colour in colours for size in "SM"],
        "images": [{"file": f"{colour}.jpg", "variant": colour} for colour in colours],
    }
    folder.crawl(*KNOWN, tee)
    looks = set(folder.known) - set(KNOWN)
    assert len(looks) == 2
    assert [folder.crawl(*KNOWN[1:], tee) for _ in range(2)] == [[], [KNOWN[0]]]
    assert [folder.crawl(*KNOWN[1:], tee | fault) for _ in range(4)] == [[]] * 4
    assert looks <= set(folder.known)
    assert set(folder.presence.missing) == looks
    assert [folder.crawl(*KNOWN[2:], tee | fault) for _ in range(2)] == [[], [KNOWN[1]]]


@pytest.mark.parametrize("nameless", ["text", {"title": "no SKU"}, {"sku": "", "title": "Tee"}, None])
def test_an_item_without_a_sku_may_be_what_vanished_with_it_and_nothing_that_was_listed_beside_it(
    folder: Folder, nameless: Any
) -> None:
    assert [folder.crawl(*KNOWN[1:], nameless) for _ in range(4)] == [[]] * 4
    assert [folder.crawl(*KNOWN[2:], nameless) for _ in range(2)] == [[], [KNOWN[1]]]
    assert [folder.crawl(*KNOWN[2:]) for _ in range(2)] == [[], [KNOWN[0]]]


def test_a_person_knows_what_is_gone_better_than_an_item_without_a_sku(folder: Folder) -> None:
    folder.crawl(*KNOWN[2:], "text", {"sku": KNOWN[1], "title": {}})
    snapshot = FolderSource(folder.root).snapshot()
    _, retired = without_the_gone(folder.known, snapshot, folder.presence, accept_losses=True)
    assert retired == [KNOWN[0]]


def test_a_row_whose_cells_are_shifted_is_present(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("title,sku\nTee,A\nShirt,with pockets,B\n", encoding="utf-8")
    snapshot, presence = FolderSource(tmp_path).snapshot(), Presence()
    for _ in range(3):
        presence, retired = without_the_gone(["A", "B"], snapshot, presence, accept_losses=False)
        assert retired == []


STATES = st.lists(st.sampled_from(["listed", "broken", "gone"]), min_size=3, max_size=3)


@given(st.lists(STATES, min_size=2, max_size=6))
def test_whatever_else_fails_the_gone_go_and_the_listed_stay(crawls: list[list[str]]) -> None:
    """3 of 40 products come, break and go: exactly those retire that two crawls in a row did not list."""
    moving, rest = KNOWN[:3], [f"REST-{number}" for number in range(37)]
    known, presence, absent_before = [*moving, *rest], Presence(), set[str]()
    for states in crawls:
        state = dict(zip(moving, states, strict=True))
        broken = [sku for sku in known if state.get(sku) == "broken"]
        unread = tuple(UnreadItem(skus=(sku,), mark=f"{number:064x}") for number, sku in enumerate(broken))
        listed = [sku for sku in moving if state[sku] == "listed"]
        snapshot = listing([*listed, *rest]).model_copy(update={"unread": unread})
        known = list(dict.fromkeys([*known, *listed]))
        absent = {sku for sku in known if state.get(sku) == "gone"}
        presence, retired = without_the_gone(known, snapshot, presence, accept_losses=False)
        assert set(retired) == absent & absent_before
        known = [sku for sku in known if sku not in retired]
        absent_before = absent - set(retired)
