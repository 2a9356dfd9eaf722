"""The lines of a plan -> the timeline, the reel's only clock, and its finished sound.

What is said was decided in `shots/`; `clips/` next makes each shot exactly as long as its segment.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, Mono, read_sound, read_wav, wav_bytes
from reel_pipeline.records import (
    Blob,
    BrandVoice,
    PlanEdition,
    Record,
    Segment,
    Shot,
    Stem,
    TimedLine,
    TransitionKind,
    VoiceEdition,
)
from reel_pipeline.store import Store, jsonable
from reel_pipeline.voice import mix as mixing
from reel_pipeline.voice import timing
from reel_pipeline.voice.engines import Utterance, Voice
from reel_pipeline.voice.words import words_of

CLOSING = "closing"
FASTER = 1.1
"""A line that is a little too long is spoken at most so much faster; more sounds hurried."""
AUDIBLE = 10 ** (-45 / 20)
"""Quieter than this, relative to its loudest moment, is silence around a line."""
MARGIN_S = 0.02
FADE_S = 0.006
SLIDE_FRAMES = 8
"""How long a shot that slides in pushes, 0.33 s, and at most half of the shot."""


@dataclass(frozen=True)
class Line:
    """What is said and shown over `shots`, one or several in a row; none for the end card."""

    text: str
    caption: str
    shots: tuple[Shot, ...] = ()

    @property
    def position(self) -> str:
        """What a recording of it is called: the number of its first shot, or `closing`."""
        return str(self.shots[0].number) if self.shots else CLOSING


class Speech(Record):
    """One line as it was spoken: 48 kHz mono WAV, silence at its ends trimmed."""

    sound: Blob
    samples: int


class Stems(Record):
    mix: Stem
    voice: Stem


def record_voice(plan: PlanEdition, voice: BrandVoice, engine: Voice, store: Store) -> VoiceEdition:
    """Speaks every line, lays out the timeline and masters the sound; the same lines give the same bytes.

    Raises `VoiceError` that names the line and the remedy when a line does not fit its shots.
    """
    lines = _lines(plan)
    check_voice([line.text for line in lines], voice, engine)
    limits = _limits(lines)
    if engine.speaks:
        spoken = [_spoken(line, limit, voice, engine, store) for line, limit in zip(lines, limits, strict=True)]
        slots = timing.spoken_slots([speech.samples if speech else 0 for speech in spoken], limits)
    else:
        spoken = [None for _ in lines]
        slots = timing.read_slots([line.caption for line in lines], limits)
    stems = _stems(spoken, slots, voice.music, engine, store)
    placed = list(zip(lines, slots, spoken, strict=True))
    return VoiceEdition(
        engine=engine.name,
        is_placeholder=engine.is_placeholder,
        segments=tuple(segment for line, slot, _ in placed for segment in _segments(line, slot)),
        lines=tuple(_timed(*it) for it in placed if it[0].caption or it[2]),
        mix=stems.mix,
        voice=stems.voice,
    )


def check_voice(lines: Sequence[str], voice: BrandVoice, engine: Voice) -> None:
    """Raises `VoiceError` where the engine can't read a script of these lines: asked before any work is done."""
    if problem := engine.cannot_say(lines, voice.language):
        raise VoiceError(problem)


def packets_sha256(path: Path) -> str:
    """Over the AAC packets in order: the same however often they are copied into another file."""
    from reel_pipeline.media.video import audio_packets

    digest = hashlib.sha256()
    for packet in audio_packets(path):
        digest.update(packet)
    return digest.hexdigest()


def _lines(plan: PlanEdition) -> list[Line]:
    """In order, the end card's last. The first shot has no line before it that could go on."""
    groups: list[list[Shot]] = []
    for shot in plan.shots:
        if shot.line_goes_on and groups:
            groups[-1].append(shot)
        else:
            groups.append([shot])
    return [
        *(Line(text=first.line, caption=first.caption, shots=(first, *others)) for first, *others in groups),
        Line(text=plan.closing_line, caption=plan.closing_line),
    ]


def _limits(lines: Sequence[Line]) -> list[timing.Limits]:
    """A shot that is pushed out goes on meanwhile, and its clip is no longer than any other."""
    shots = [shot for line in lines for shot in line.shots]
    pushed_out = {before for before, after in pairwise(shots) if after.enters is TransitionKind.SLIDE}
    return [
        (least, most - SLIDE_FRAMES * len(line.shots) * (not pushed_out.isdisjoint(line.shots)))
        for line, (least, most) in zip(lines, timing.limits_of([len(it.shots) for it in lines[:-1]]), strict=True)
    ]


def _segments(line: Line, slot: timing.Slot) -> Iterator[Segment]:
    """The reel's first shot and the end card come in by a cut, whatever is planned: they follow no shot."""
    for shot, span in zip(line.shots or (None,), timing.shared(slot, len(line.shots) or 1), strict=True):
        enters = shot.enters if shot and span.start_frame else TransitionKind.CUT
        yield Segment(
            shot=shot.number if shot else None,
            start_frame=span.start_frame,
            frame_count=span.frame_count,
            enters=enters,
            transition_frames=min(SLIDE_FRAMES, span.frame_count // 2) if enters is TransitionKind.SLIDE else 0,
        )


def _timed(line: Line, slot: timing.Slot, speech: Speech | None) -> TimedLine:
    return TimedLine(
        start_frame=slot.start_frame,
        frame_count=slot.frames,
        text=line.text if speech else "",
        caption=line.caption,
        words=words_of(line.text, slot.onset_sample, speech.samples) if speech else (),
    )


def _spoken(line: Line, limits: timing.Limits, voice: BrandVoice, engine: Voice, store: Store) -> Speech | None:
    """The line at the brand's speed, or up to `FASTER` when it would not fit; None where nothing is said."""
    if not line.text.strip():
        return None
    longest_s = timing.longest_line_s(limits)
    for factor in (1.0, FASTER):
        utterance = Utterance(
            position=line.position,
            text=line.text,
            language=voice.language,
            words_per_minute=round(voice.words_per_minute * factor),
        )
        speech = store.remember(
            "speak_line",
            engine,
            engine.depends_on(utterance),
            Speech,
            partial(_kept, utterance, engine, store),
        )
        if speech.samples <= longest_s * SAMPLE_RATE:
            return speech
    where = f"The line of shot {line.position}" if line.shots else "The closing line"
    raise VoiceError(
        f"{where}, {line.text!r}, lasts {speech.samples / SAMPLE_RATE:.1f} s, more than {longest_s:.1f} s; shorten it "
        "or set a faster voice."
    )


def _kept(utterance: Utterance, engine: Voice, store: Store) -> Speech:
    sound = _trimmed(engine.speak(utterance))
    if not len(sound):
        raise VoiceError(f"The voice {engine.name} said nothing for {utterance.text!r}; reword the line or record it.")
    return Speech(sound=store.put(wav_bytes(sound), ".wav"), samples=len(sound))


def _trimmed(sound: Mono) -> Mono:
    """Without silence at both ends, with a short fade so that no cut clicks."""
    level = np.abs(sound)
    heard = np.flatnonzero(level > AUDIBLE * max(float(level.max(initial=0.0)), 1e-4))
    if not len(heard):
        return sound[:0]
    margin, fade = round(MARGIN_S * SAMPLE_RATE), round(FADE_S * SAMPLE_RATE)
    kept = sound[max(0, heard[0] - margin) : heard[-1] + margin].copy()
    ramp = np.linspace(0, 1, min(fade, len(kept)), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return kept


def _stems(
    spoken: list[Speech | None], slots: list[timing.Slot], music: Blob | None, engine: Voice, store: Store
) -> Stems:
    """Remembered together, so that a retake copies the same packets of both."""
    inputs = {
        "speech": [jsonable(speech) if speech else None for speech in spoken],
        "slots": [[slot.frames, slot.lead_in_samples] for slot in slots],
        "music": jsonable(music) if music else None,
        "mastering": mixing.REVISION,
    }

    def make() -> Stems:
        lines = [
            mixing.PlacedLine(slot.onset_sample, read_wav(store.read(speech.sound)))
            for slot, speech in zip(slots, spoken, strict=True)
            if speech
        ]
        samples = sum(slot.frames for slot in slots) * timing.SAMPLES_PER_FRAME
        bed = read_sound(store.path(music), samples / SAMPLE_RATE) if music else None
        encoded, gain_db = mixing.master(mixing.mix(lines, bed, samples))
        mix = _stem(encoded, store)
        if bed is None:
            return Stems(mix=mix, voice=mix)
        return Stems(mix=mix, voice=_stem(mixing.master(mixing.mix(lines, None, samples), gain_db)[0], store))

    return store.remember("mix_voice", engine, inputs, Stems, make)


def _stem(encoded: bytes, store: Store) -> Stem:
    sound = store.put(encoded, ".m4a")
    return Stem(sound=sound, packets_sha256=packets_sha256(store.path(sound)))
