"""The two blocking checks on a judgement, each said in one sentence.

They trust no one's word about which video was judged: the judgement must name the very bytes of the reel at hand.
"""

from reel_pipeline.records import Fault, Finding, Judgement, ReelEdition, Verdict

_MOTION = {
    "flicker": "flickers",
    "jump_cut": "jumps",
    "jerk": "moves in jerks",
    "nonrigid_motion": "bends as it moves",
    "loop_seam": "has a visible seam where it loops",
    "frozen": "stands still for {score:.1f} s",
    "black": "is black for {score:.1f} s",
}
"""Everything else that a judge may find concerns fidelity, sound or format, and is the first check's."""

_FIDELITY = {
    "warped_logo": "shows the product or its label {score:.1f} % of its width away from where the photo has it",
    "geometry_collapse": "shows the product {score:.1f} % narrower or wider than the photo",
    "altered_text": "shows lettering that differs from the photo",
    "invented_detail": "shows a detail that the photo does not have",
    "occluded_invention": "shows parts of the product that none of its photos shows",
    "ghosting": "shows the product twice, one copy faint over the other",
    "smear": "is much less sharp than the photo",
    "color_drift": "shows a colour that is {score:.0f} dE away from the photo",
    "second_opinion": "differs from the photo, as a second opinion says",
    "wrong_product": "shows something that none of the product's photos shows",
    "audio_clipping": "has distorted sound",
    "audio_silence": "has no sound for {score:.1f} s in the middle",
    "audio_loudness": "is {score:.1f} LU off the loudness that platforms play at",
    "spec_size": "has the wrong picture size",
    "spec_fps": "has the wrong frame rate",
    "spec_duration": "is {score:.0f} frames longer or shorter than its own cut list",
    "spec_codec": "is not coded as H.264 in yuv420p",
    "spec_color": "is not tagged as BT.709, so players show other colours",
    "spec_faststart": "would have to load completely before it plays",
}


def product_is_faithful(judgement: Judgement, reel_edition: ReelEdition) -> Finding:
    """Passes when the reel shows nothing but the product, and everything that had to be verified was."""
    other = _other_video(judgement, reel_edition)
    if other:
        return other
    faults = [fault for fault in judgement.faults if fault.kind not in _MOTION]
    measured = _measured(judgement, moving=False)
    if faults:
        return Finding(passed=False, sentence=_say(faults), measured=measured)
    if judgement.unverifiable:
        first = judgement.unverifiable[0]
        sentence = f"{first.item} could not be verified: {first.error}; a person has to look at it."
        return Finding(passed=False, sentence=sentence, measured=measured)
    if judgement.verdict is Verdict.ACCEPT or judgement.faults:
        return Finding(passed=True, sentence="Every shot shows what the product's photos show.", measured=measured)
    sentence = "The judge did not accept this reel; a person has to look at it."
    return Finding(passed=False, sentence=sentence, measured=measured)


def motion_is_plausible(judgement: Judgement, reel_edition: ReelEdition) -> Finding:
    """Passes when nothing flickers, jumps, jerks, freezes, goes black, or shows a seam where it loops."""
    other = _other_video(judgement, reel_edition)
    if other:
        return other
    faults = [fault for fault in judgement.faults if fault.kind in _MOTION]
    measured = _measured(judgement, moving=True)
    if faults:
        return Finding(passed=False, sentence=_say(faults), measured=measured)
    return Finding(passed=True, sentence="Every shot moves smoothly; none stands still or is black.", measured=measured)


def _other_video(judgement: Judgement, reel_edition: ReelEdition) -> Finding | None:
    if judgement.video_sha256 == reel_edition.video.sha256:
        return None
    return Finding(passed=False, sentence="The verdict is about another version of this reel; judge this one again.")


def _say(faults: list[Fault]) -> str:
    worst = max(faults, key=lambda fault: fault.score / fault.threshold if fault.threshold else fault.score)
    words = (_FIDELITY | _MOTION).get(worst.kind, f"has the fault {worst.kind.replace('_', ' ')}")
    subject = f"Shot {worst.shot}" if worst.shot is not None else "The reel"
    remedy = "the shot will be made again" if worst.shot is not None else "the reel will be made again"
    others = len(faults) - 1
    more = f" (and {others} more {'fault' if others == 1 else 'faults'})" if others else ""
    return f"{subject} {words.format(score=worst.score)} at {worst.time_s:.1f} s{more}; {remedy}."


def _measured(judgement: Judgement, moving: bool) -> dict[str, float]:
    return {kind: score for kind, score in judgement.scores.items() if (kind in _MOTION) == moving}
