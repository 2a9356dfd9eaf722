"""What the two checks say of a judgement."""

from reel_pipeline.evaluation.checks import motion_is_plausible, product_is_faithful
from reel_pipeline.records import (
    Blob,
    CutList,
    Fault,
    Finding,
    ItemError,
    Judgement,
    ReelEdition,
    Verdict,
)

VIDEO, OTHER = "a" * 64, "b" * 64


def reel(sha256: str = VIDEO) -> ReelEdition:
    blob = Blob(sha256=sha256, size_bytes=1, suffix=".mp4")
    return ReelEdition(video=blob, cut_list=CutList(cuts=()), captions_srt=blob, captions_vtt=blob, poster=blob)


def judgement(*kinds: str, verdict: Verdict = Verdict.REJECT, unsure: str = "") -> Judgement:
    faults = tuple(
        Fault(kind=kind, score=3.1, threshold=1.0, time_s=2.5, region_px_xywh=(0, 0, 9, 9), shot=2) for kind in kinds
    )
    unverifiable = (ItemError(item="Shot 1", error=unsure),) if unsure else ()
    scores = {"warped_logo": 3.1, "frozen": 0.1}
    return Judgement(video_sha256=VIDEO, verdict=verdict, faults=faults, unverifiable=unverifiable, scores=scores)


def both(said: Judgement, edition: ReelEdition) -> tuple[Finding, Finding]:
    return product_is_faithful(said, edition), motion_is_plausible(said, edition)


def test_an_accept_passes_both() -> None:
    faithful, plausible = both(judgement(verdict=Verdict.ACCEPT), reel())
    assert faithful.passed
    assert plausible.passed
    assert faithful.measured == {"warped_logo": 3.1}
    assert plausible.measured == {"frozen": 0.1}


def test_a_verdict_about_other_bytes_passes_neither() -> None:
    faithful, plausible = both(judgement(verdict=Verdict.ACCEPT), reel(OTHER))
    assert not faithful.passed
    assert not plausible.passed
    assert "another version" in faithful.sentence


def test_each_fault_fails_the_check_it_belongs_to() -> None:
    faithful, plausible = both(judgement("warped_logo"), reel())
    assert (faithful.passed, plausible.passed) == (False, True)
    assert faithful.sentence.startswith("Shot 2 shows the product or its label 3.1 %")
    assert faithful.sentence.endswith("the shot will be made again.")
    faithful, plausible = both(judgement("frozen"), reel())
    assert (faithful.passed, plausible.passed) == (True, False)
    assert "stands still for 3.1 s at 2.5 s" in plausible.sentence


def test_what_could_not_be_verified_fails_and_asks_for_a_person() -> None:
    faithful, _ = both(judgement(verdict=Verdict.ABSTAIN, unsure="captions cover the product"), reel())
    assert not faithful.passed
    assert faithful.sentence == (
        "Shot 1 could not be verified: captions cover the product; a person has to look at it."
    )


def test_a_verdict_that_is_no_accept_never_passes_for_want_of_a_reason() -> None:
    assert not product_is_faithful(judgement(verdict=Verdict.REJECT), reel()).passed
    assert not product_is_faithful(judgement(verdict=Verdict.ABSTAIN), reel()).passed


def test_an_unknown_kind_of_fault_fails_fidelity() -> None:
    assert not product_is_faithful(judgement("face_artifact"), reel()).passed
