"""The lines of a plan -> the timeline, the reel's only clock, and its finished audio track.

What is said was decided in `shots/`; `clips/` next makes each shot exactly as long as its segment.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, Mono, read_sound, read_wav, wav_bytes
from reel_pipeline.records import Blob, BrandVoice, PlanEdition, Record, Segment, VoiceEdition
from reel_pipeline.store import Store, jsonable
from reel_pipeline.voice import mix as mixing
from reel_pipeline.voice import timing
from reel_pipeline.voice.engines import Utterance, Voice

CLOSING = "closing"
FASTER = 1.1
"""A line that is a little too long is spoken at most so much faster; more sounds hurried."""
AUDIBLE = 10 ** (-45 / 20)
"""Quieter than this, relative to its loudest moment, is silence around a line."""
MARGIN_S = 0.02
FADE_S = 0.006


class Speech(Record):
    """One line as it was spoken: 48 kHz mono WAV, silence at its ends trimmed."""

    sound: Blob
    samples: int


class Track(Record):
    track: Blob


def record_voice(plan: PlanEdition, voice: BrandVoice, engine: Voice, store: Store) -> VoiceEdition:
    """Speaks every line, lays out the timeline and masters the track; the same lines give the same bytes.

    Raises `VoiceError` that names the line and the remedy when a line does not fit its shot.
    """
    lines = [(str(shot.number), shot.line) for shot in plan.shots] + [(CLOSING, plan.closing_line)]
    check_voice([text for _, text in lines], voice, engine)
    if engine.speaks:
        spoken = [_spoken(position, text, voice, engine, store) for position, text in lines]
        slots = timing.spoken_slots([speech.samples if speech else 0 for speech in spoken])
    else:
        spoken = [None for _ in lines]
        slots = timing.read_slots([shot.caption for shot in plan.shots] + [plan.closing_line])
    starts = [0, *accumulate(slot.frames for slot in slots)]
    captions = [shot.caption for shot in plan.shots] + [plan.closing_line]
    numbers = [*(shot.number for shot in plan.shots), None]
    segments = tuple(
        Segment(shot=number, start_frame=start, frame_count=slot.frames, line=text, caption=caption)
        for number, start, slot, (_, text), caption in zip(numbers, starts[:-1], slots, lines, captions, strict=True)
    )
    track = _track(spoken, slots, starts, voice.music, engine, store)
    return VoiceEdition(
        engine=engine.name,
        is_placeholder=engine.is_placeholder,
        segments=segments,
        track=track,
        packets_sha256=packets_sha256(store.path(track)),
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


def _spoken(position: str, text: str, voice: BrandVoice, engine: Voice, store: Store) -> Speech | None:
    """The line at the brand's speed, or up to `FASTER` when it would not fit; None where nothing is said."""
    if not text:
        return None
    longest_s = timing.longest_line_s(closing=position == CLOSING)
    for factor in (1.0, FASTER):
        utterance = Utterance(
            position=position,
            text=text,
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
    where = "The closing line" if position == CLOSING else f"The line of shot {position}"
    raise VoiceError(
        f"{where}, {text!r}, lasts {speech.samples / SAMPLE_RATE:.1f} s, more than {longest_s:.1f} s; shorten it "
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


def _track(
    spoken: list[Speech | None],
    slots: list[timing.Slot],
    starts: list[int],
    music: Blob | None,
    engine: Voice,
    store: Store,
) -> Blob:
    inputs = {
        "speech": [jsonable(speech) if speech else None for speech in spoken],
        "slots": [[slot.frames, slot.lead_in_samples] for slot in slots],
        "music": jsonable(music) if music else None,
        "mastering": mixing.REVISION,
    }

    def make() -> Track:
        lines = [
            mixing.PlacedLine(
                start * timing.SAMPLES_PER_FRAME + slot.lead_in_samples, read_wav(store.read(speech.sound))
            )
            for start, slot, speech in zip(starts, slots, spoken, strict=False)
            if speech
        ]
        samples = starts[-1] * timing.SAMPLES_PER_FRAME
        bed = read_sound(store.path(music), samples / SAMPLE_RATE) if music else None
        return Track(track=store.put(mixing.master(mixing.mix(lines, bed, samples)), ".m4a"))

    return store.remember("mix_voice", engine, inputs, Track, make).track
