"""Is the reel what the platforms and the brand expect? Opens the finished file and measures it itself."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.boxes import area, grown, holds, intersection
from reel_pipeline.media.mp4 import atoms
from reel_pipeline.media.sound import loudness, read_sound
from reel_pipeline.records import FPS, BoxPx, CutList, Finding, Format, ReelEdition, Segment, VoiceEdition
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

DURATION_S = (8.0, 20.0)
SHOTS = (2, 6)
LUFS = (-15.0, -13.0)
MAX_TRUE_PEAK_DBTP = -1.0
MAX_FILE_BYTES = 300 * 10**6
"""Instagram Reels, secondary sources: 300 MB, 9:16, moov first, no edit list."""
MAX_CLIP_FRAMES = 4 * FPS


@dataclass(frozen=True)
class _Facts:
    """What is in the file. `wrong`: why it is no reel at all, as a sentence, '' where it is one."""

    wrong: str
    frames: int
    duration_s: float
    audio_s: float
    lufs: float
    true_peak_dbtp: float


def reel_meets_spec(edition: ReelEdition, voice: VoiceEdition, store: Store) -> Finding:
    """Passes when the file is a 24 fps H.264 High reel of 8 to 20 s, well levelled, that starts at once.

    It has the cut list's format, and the cut list follows the timeline. A silent track is right only where the approved
    one is silent too. Raises `BlobMissing` when the file is gone.
    """
    path, cut_list = store.path(edition.video), edition.cut_list
    facts = _facts(path, cut_list.format)
    silent_on_purpose = math.isinf(facts.lufs) and math.isinf(
        loudness(read_sound(store.path(voice.mix.sound))).integrated_lufs
    )
    problem = (
        facts.wrong
        or _layout_fault(path)
        or _length_fault(facts, voice)
        or ("" if silent_on_purpose else _level_fault(facts))
        or _cut_fault(cut_list, voice.segments)
        or _transition_fault(cut_list, voice.segments)
        or _overlay_fault(cut_list, facts.frames)
    )
    measured = {
        "frames": float(facts.frames),
        "duration_s": facts.duration_s,
        "audio_s": facts.audio_s,
        "integrated_lufs": facts.lufs,
        "true_peak_dbtp": facts.true_peak_dbtp,
        "megabytes": path.stat().st_size / 1e6,
    }
    sentence = problem or (
        f"The reel plays {facts.duration_s:.1f} s at {_size(cut_list.format)}, "
        + ("silent on purpose." if silent_on_purpose else f"{facts.lufs:.1f} LUFS.")
    )
    kept = {name: round(value, 3) for name, value in measured.items() if math.isfinite(value)}
    return Finding(passed=not problem, sentence=sentence, measured=kept)


def audio_is_the_approved_track(edition: ReelEdition, voice: VoiceEdition, store: Store) -> Finding:
    """Passes when the reel carries exactly the audio packets that were approved, and the voice without music is kept.

    Raises `BlobMissing` when a file is gone.
    """
    heard, count = _packets(store.path(edition.video))
    kept, kept_count = _packets(store.path(voice.voice.sound))
    if not count or heard != voice.mix.packets_sha256:
        sentence = "The reel's sound is not the approved voice track; assemble the reel again."
    elif not kept_count or kept != voice.voice.packets_sha256:
        sentence = "The voice without music that is kept is not the approved one; make the voice again."
    else:
        sentence = ""
    return Finding(
        passed=not sentence,
        sentence=sentence or f"The reel carries the approved voice track, all {count} packets unchanged.",
        measured={"packets": float(count)},
    )


def _packets(path: Path) -> tuple[str, int]:
    """SHA-256 over a file's audio packets in order, and how many they are."""
    from reel_pipeline.media.video import audio_packets

    digest, count = hashlib.sha256(), 0
    for packet in audio_packets(path):
        digest.update(packet)
        count += 1
    return digest.hexdigest(), count


def _size(format: Format) -> str:
    return f"{format.width_px}x{format.height_px}"


def _facts(path: Path, format: Format) -> _Facts:
    import av

    nothing = (0, 0.0, 0.0, -math.inf, -math.inf)
    try:
        with av.open(str(path)) as container:
            wrong = _wrong_streams(container, format)
            if wrong:
                return _Facts(wrong, *nothing)
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
            duration = _seconds(container.streams.video[0])
            audio_s = _seconds(container.streams.audio[0])
        heard = loudness(read_sound(path))
        return _Facts("", frames, duration, audio_s, heard.integrated_lufs, heard.true_peak_dbtp)
    except (av.FFmpegError, OSError, VoiceError) as error:
        return _Facts(f"The reel's file can't be read ({error}); assemble it again.", *nothing)


def _seconds(stream: "Stream") -> float:
    if stream.duration is None or stream.time_base is None:
        return 0.0
    return float(stream.duration * stream.time_base)


def _wrong_streams(container: "InputContainer", format: Format) -> str:
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    if len(container.streams.video) != 1 or len(container.streams.audio) != 1:
        return "The reel needs one picture and one sound track; assemble it again."
    video, audio = container.streams.video[0], container.streams.audio[0]
    context, sound = video.codec_context, audio.codec_context
    expected: tuple[tuple[str, object, object], ...] = (
        ("video codec", context.name, "h264"),
        ("H.264 profile", video.profile, "High"),
        ("size", f"{context.width}x{context.height}", _size(format)),
        ("frame rate", video.average_rate, Fraction(FPS)),
        ("pixel format", context.pix_fmt, "yuv420p"),
        ("colour range", context.color_range, ColorRange.MPEG),
        ("colour matrix", context.colorspace, Colorspace.ITU709),
        ("colour primaries", context.color_primaries, ColorPrimaries.BT709),
        ("colour transfer", context.color_trc, ColorTrc.BT709),
        ("start of the picture", video.start_time, 0),
        ("start of the sound", audio.start_time, 0),
        ("sound codec", sound.name, "aac"),
        ("sample rate", sound.sample_rate, 48000),
        ("channels", sound.channels, 2),
    )
    wrong = (f"{what} is {is_}, not {want}" for what, is_, want in expected if is_ != want)
    first = next(wrong, "")
    return f"The reel's {first}; assemble it again." if first else ""


def _layout_fault(path: Path) -> str:
    kinds = [kind for kind, _, _ in atoms(path)]
    if b"moov" not in kinds or b"mdat" not in kinds or kinds.index(b"moov") > kinds.index(b"mdat"):
        return "The reel would have to load completely before it plays (moov is not first); assemble it again."
    if b"elst" in kinds:
        return "The reel has an edit list, which platforms refuse; assemble it again."
    if path.stat().st_size > MAX_FILE_BYTES:
        return f"The reel has more than {MAX_FILE_BYTES // 10**6} MB; use calmer photos or fewer shots."
    return ""


def _length_fault(facts: _Facts, voice: VoiceEdition) -> str:
    planned = voice.frame_count / FPS
    if not DURATION_S[0] <= facts.duration_s <= DURATION_S[1]:
        return (
            f"The reel lasts {facts.duration_s:.1f} s; {DURATION_S[0]:.0f} to {DURATION_S[1]:.0f} are allowed: "
            "change the number of shots."
        )
    if facts.frames != voice.frame_count:
        return f"The reel has {facts.frames} frames and the voice needs {voice.frame_count}; assemble it again."
    if abs(facts.audio_s - planned) > 0.1:
        return f"The sound lasts {facts.audio_s:.2f} s and the picture {planned:.2f} s; make the voice again."
    return ""


def _level_fault(facts: _Facts) -> str:
    if not LUFS[0] <= facts.lufs <= LUFS[1]:
        return f"The sound has {facts.lufs:.1f} LUFS; -14 give or take 1 is expected: make the voice again."
    if facts.true_peak_dbtp > MAX_TRUE_PEAK_DBTP:
        return f"The sound peaks at {facts.true_peak_dbtp:.1f} dBTP, above -1, and would distort; make the voice again."
    return ""


def _cut_fault(cut_list: CutList, segments: Sequence[Segment]) -> str:
    cuts = cut_list.cuts
    if [(c.shot, c.start_frame, c.frame_count) for c in cuts] != [
        (s.shot, s.start_frame, s.frame_count) for s in segments
    ]:
        return "The cuts don't follow the voice; assemble the reel again."
    shots = sum(cut.shot is not None for cut in cuts)
    if not SHOTS[0] <= shots <= SHOTS[1]:
        return f"The reel has {shots} shots; {SHOTS[0]} to {SHOTS[1]} are allowed: change the plan."
    goes_on = [segment.transition_frames for segment in segments[1:]] + [0]
    for cut, more in zip(cuts, goes_on, strict=True):
        stop = cut.clip_start_frame + cut.frame_count + more
        if cut.shot is not None and not 0 <= cut.clip_start_frame < stop <= MAX_CLIP_FRAMES:
            return (
                f"Shot {cut.shot} shows frames {cut.clip_start_frame} to {stop} of its clip, and a clip has "
                f"{MAX_CLIP_FRAMES} at most; make the voice again."
            )
    return ""


def _transition_fault(cut_list: CutList, segments: Sequence[Segment]) -> str:
    """Whether each transition is the beginning of its cut, between its two shots, side by side in the whole frame."""
    planned = [
        (after.start_frame, after.transition_frames, after.enters, before.shot, after.shot)
        for before, after in pairwise(segments)
        if after.transition_frames
    ]
    listed = cut_list.transitions
    if planned != [(it.start_frame, it.frame_count, it.kind, it.from_shot, it.to_shot) for it in listed]:
        return "The transitions don't follow the voice; assemble the reel again."
    for it in listed:
        for frame in range(it.start_frame, it.stop_frame):
            if not _fill(cut_list.format.frame_px_xywh, it.leaving.box_at(frame), it.entering.box_at(frame)):
                return (
                    f"Where shot {it.to_shot} pushes out shot {it.from_shot}, the two don't fill the frame; "
                    "assemble the reel again."
                )
    return ""


def _fill(frame: BoxPx, one: BoxPx | None, other: BoxPx | None) -> bool:
    """Whether two boxes lie side by side in a frame and leave nothing of it free."""
    if one is None or other is None or not (area(one) and area(other)):
        return False
    apart = holds(frame, one) and holds(frame, other) and not area(intersection(one, other))
    return apart and area(one) + area(other) == area(frame)


def _overlay_fault(cut_list: CutList, frames: int) -> str:
    safe = grown(cut_list.format.safe_zone_px_xywh, 1)  # what is drawn begins on an even pixel
    overlays = [(track.kind.replace("_", " "), lies) for track in cut_list.overlays for lies in track.boxes]
    for kind, lies in overlays:
        if not holds(safe, lies.box_px_xywh):
            return f"A {kind} lies where the phone's buttons or an edge cover it; shorten its text."
    for kind, span in [*overlays, *(("hold", hold) for hold in cut_list.holds)]:
        if span.start_frame < 0 or span.stop_frame > frames:
            return f"A {kind} is listed beyond the end of the reel; assemble it again."
    return ""
