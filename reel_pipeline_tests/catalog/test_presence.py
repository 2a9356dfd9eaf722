"""When a product that the source no longer lists is retired."""

from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.presence import MAX_LOSS, Presence, without_the_gone
from reel_pipeline.records import CatalogEntry, CatalogSnapshot

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
