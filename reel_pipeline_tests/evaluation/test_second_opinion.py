"""A second opinion takes an accept away and never gives one, whatever the adviser says or the pixels read."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import EngineUnavailable
from reel_pipeline.evaluation.advice.pictures import side_by_side
from reel_pipeline.evaluation.advice.second_opinion import (
    Advice,
    Answer,
    Outcome,
    SecondOpinion,
    ask,
    combine,
    is_asked,
    read,
    same_text,
)
from reel_pipeline.evaluation.engines import Pair
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import Planes, VideoWriter
from reel_pipeline.records import Cut, CutList, Fault, Format, ItemError, Judgement, TimedBox, Track, Verdict
from reel_pipeline.store import Store, open_store
from reel_pipeline_tests.drawing import product_photo
from reel_pipeline_tests.evaluation.advisers import HABITS, answer, serving

RANK = {Verdict.REJECT: 0, Verdict.ABSTAIN: 1, Verdict.ACCEPT: 2}
SHA = "a" * 64


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


def crop() -> Pixels:
    return np.ascontiguousarray(product_photo(1, "NORTH TEA\n250 g")[300:900, 300:700])


def pair(frame: Pixels | None = None) -> Pair:
    noisy = crop().astype(np.int16) + np.random.default_rng(1).integers(-4, 5, crop().shape)
    return Pair(1, 0.5, (10, 20, 400, 600), crop(), np.clip(noisy, 0, 255).astype(np.uint8) if frame is None else frame)


def hurt() -> Pair:
    frame = crop()
    frame[420:470, 60:130] = (250, 240, 20)
    return pair(frame)


def pan_over(photos: Sequence[Pixels], path: Path) -> CutList:
    """A window of 540x960 drifting over each photo for 12 frames, a black caption across the product."""
    cuts, overlays = [], []
    with VideoWriter(path, 540, 960) as writer:
        for number, photo in enumerate(photos, 1):
            start = 12 * (number - 1)
            for index in range(12):
                frame = photo[100:1060, 150 + 4 * index : 690 + 4 * index].copy()
                frame[600:650, 60:480] = 0
                writer.write(Planes.from_rgb(frame))
            cuts.append(Cut(shot=number, photo=f"{number:016x}", start_frame=start, frame_count=12))
            box = TimedBox(start_frame=start, frame_count=12, box_px_xywh=(60, 600, 420, 50))
            overlays.append(Track(kind="caption", boxes=(box,)))
    shape = Format(width_px=540, height_px=960)
    return CutList(format=shape, cuts=tuple(cuts), overlays=tuple(overlays))


def judged(verdict: Verdict = Verdict.ACCEPT, score: float = 0.1) -> Judgement:
    fault = Fault(kind="warped_logo", score=2, threshold=1, time_s=0, region_px_xywh=(0, 0, 1, 1))
    return Judgement(
        video_sha256=SHA,
        verdict=verdict,
        faults=(fault,) if verdict is Verdict.REJECT else (),
        unverifiable=(ItemError(item="Shot 1", error="x"),) if verdict is Verdict.ABSTAIN else (),
        scores={"warped_logo": score},
        thresholds={"warped_logo": 1.0},
    )


advice = st.builds(
    Advice,
    shot=st.one_of(st.none(), st.integers(1, 6)),
    time_s=st.floats(0, 30),
    region_px_xywh=st.just((0, 0, 10, 10)),
    outcome=st.sampled_from(Outcome),
    kind=st.sampled_from(["altered_text", "second_opinion"]),
    said=st.tuples(st.text(max_size=30)),
)
opinions = st.builds(SecondOpinion, canaries_passed=st.booleans(), advice=st.lists(advice, max_size=6).map(tuple))


@given(verdict=st.sampled_from(Verdict), score=st.floats(0, 1), opinion=opinions)
def test_no_opinion_raises_a_verdict_or_takes_back_a_fault(
    verdict: Verdict, score: float, opinion: SecondOpinion
) -> None:
    before = judged(verdict, score)
    after = combine(before, opinion)
    assert RANK[after.verdict] <= RANK[before.verdict]
    assert set(before.faults) <= set(after.faults)
    assert set(before.unverifiable) <= set(after.unverifiable)
    assert (after.scores, after.thresholds, after.video_sha256) == (before.scores, before.thresholds, SHA)
    fine = opinion.canaries_passed and opinion.advice and {a.outcome for a in opinion.advice} == {Outcome.FINE}
    if not fine:
        assert after.verdict is not Verdict.ACCEPT


texts = st.sampled_from(["", "NORTH TEA 250 g", "NORTH TEA 256 g", "SALT SOAP"])
answers = st.one_of(
    st.none(),
    st.builds(
        Answer,
        difference=st.sampled_from(["yes", "no", "unverifiable"]),
        evidence=st.sampled_from(["", "The cap is red."]),
        left_text=texts,
        right_text=texts,
    ),
)


@given(one=answers, other=answers)
def test_only_two_answers_that_agree_in_both_orders_count(one: Answer | None, other: Answer | None) -> None:
    outcome, kind = read([one, other])
    assert read([other, one]) == (outcome, kind)
    if outcome is not Outcome.UNVERIFIABLE:
        assert one is not None
        assert other is not None
    if outcome is Outcome.FINE:
        assert one is not None
        assert other is not None
        assert one.difference == other.difference == "no"
        assert same_text(one.left_text, one.right_text)
        assert same_text(other.left_text, other.right_text)
    assert bool(kind) == (outcome is Outcome.FAULT)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("NORTH TEA\n250 g", "250 g\nNorth Tea", True),
        ("NORTH TEA 250 g", "NORTH TEA 256 g", False),
        ("NORTH TEA 250 g", "NORTH TEA 250g", True),
        ("10 ml", "1O mI", True),
        ("NORTH TEA", "NORTH TFA", True),
        ("NORTH TEA", "SOUTH SEA", False),
        ("NORTH TEA", "", False),
        ("", "", True),
        ("2.5 %", "25 %", False),
    ],
)
def test_transcriptions_are_compared_in_code(left: str, right: str, same: bool) -> None:
    assert same_text(left, right) is same
    assert same_text(right, left) is same


@pytest.mark.parametrize(
    ("habit", "untouched", "altered"),
    [
        ("honest", Verdict.ACCEPT, Verdict.REJECT),
        ("says no to everything", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("says yes to everything", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("obeys the picture", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("goes by the order", Verdict.ABSTAIN, Verdict.REJECT),
        ("can't tell", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("talks", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("adds a field", Verdict.ABSTAIN, Verdict.ABSTAIN),
        ("says nothing", Verdict.ABSTAIN, Verdict.ABSTAIN),
    ],
)
def test_what_becomes_of_an_accept(habit: str, untouched: Verdict, altered: Verdict, store: Store) -> None:
    with serving(HABITS[habit]) as server:
        adviser = open_engine("second_opinion", "openai_compatible", url=server.url, model="m")
        assert combine(judged(), ask([pair()], adviser, store)).verdict is untouched
        after = combine(judged(), ask([hurt()], adviser, store))
    assert after.verdict is altered
    if altered is Verdict.REJECT:
        fault = after.faults[0]
        assert (fault.kind, fault.shot, fault.region_px_xywh) == ("second_opinion", 1, (10, 20, 400, 600))
        assert fault.evidence is not None
        assert store.has(fault.evidence)


def test_a_label_that_reads_otherwise_is_a_fault_even_if_the_adviser_sees_none(store: Store) -> None:
    canary = side_by_side(crop(), crop())

    def transcribes(picture: bytes) -> str:
        seen = HABITS["honest"](picture)
        text = {"left_text": "250 g", "right_text": "250 g" if picture == canary else "256 g"}
        return json.dumps({**json.loads(seen), **text})

    with serving(transcribes) as server:
        adviser = open_engine("second_opinion", "openai_compatible", url=server.url, model="m")
        after = combine(judged(), ask([pair()], adviser, store))
        assert not any("NORTH" in str(request["body"]["messages"][0]["content"][0]) for request in server.seen)
    assert [fault.kind for fault in after.faults] == ["altered_text"]


def test_it_is_asked_only_where_it_can_matter() -> None:
    assert not any(is_asked(judged(verdict), "always") for verdict in (Verdict.REJECT, Verdict.ABSTAIN))
    assert is_asked(judged(score=0.1), "always")
    assert is_asked(judged(score=0.7), "uncertain")
    assert not is_asked(judged(score=0.5), "uncertain")
    assert not is_asked(judged(score=0.99), "off")


def test_nothing_to_show_is_nothing_verified(store: Store) -> None:
    with serving(HABITS["honest"]) as server:
        opinion = ask([], open_engine("second_opinion", "openai_compatible", url=server.url, model="m"), store)
        assert server.seen == []
    assert combine(judged(), opinion).verdict is Verdict.ABSTAIN


@pytest.mark.parametrize("answered", range(6))
def test_what_was_answered_before_a_failure_is_not_paid_for_again(answered: int, store: Store) -> None:
    pairs = [pair(), pair(np.roll(crop(), 1, axis=1))]
    with serving(HABITS["honest"]) as server:
        adviser = open_engine("second_opinion", "openai_compatible", url=server.url, model="m")
        server.statuses += [200] * answered + [500]
        with pytest.raises(EngineUnavailable):
            ask(pairs, adviser, store)
        opinion = ask(pairs, adviser, store)
        pictures = [request["body"]["messages"][0]["content"][1]["image_url"]["url"] for request in server.seen]
        assert len(pictures) == 7, "six questions, one of them twice"
        assert pictures[answered] == pictures[answered + 1]
        assert len(set(pictures)) == 6
        assert ask(pairs, adviser, store) == opinion
        assert len(server.seen) == 7


def test_pairs_are_aligned_and_captions_hidden(tmp_path: Path) -> None:
    photos = (product_photo(1, "NORTH TEA\n250 g"), product_photo(2, "NORTH TEA\nback", size_px=(900, 1100)))
    cut_list = pan_over(photos, tmp_path / "clip.mp4")
    pairs = open_engine("judge", "classical").pairs(tmp_path / "clip.mp4", cut_list, photos)
    assert [found.shot for found in pairs] == [1, 2]
    for found in pairs:
        assert found.photo.shape == found.frame.shape
        gap = np.abs(found.photo.astype(int) - found.frame.astype(int))
        assert np.median(gap) < 8, "the same place lies on the same pixel"
        x, y, width, height = found.region_px_xywh
        assert 0 <= x < x + width <= 540
        assert 0 <= y < y + height <= 960
        covered = np.all(found.frame == 128, axis=2)
        assert np.array_equal(covered, np.all(found.photo == 128, axis=2)), "a caption hides both sides"
        assert 0.02 < covered.mean() < 0.4


def test_an_answer_is_refused_beyond_its_schema() -> None:
    assert Answer.model_validate_json(answer("no"))
    for bad in (answer("maybe"), answer("no", evidence="x" * 2000), "[]", "null", answer("no")[:-1]):
        with pytest.raises(ValueError, match="validation error"):
            Answer.model_validate_json(bad)
