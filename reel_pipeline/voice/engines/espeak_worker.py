"""One line through the espeak-ng library: text on stdin -> sample rate (4 bytes) and int16 mono on stdout.

Run by `espeak_ng.py` as a script, with LANGUAGE and WORDS_PER_MINUTE; it imports nothing else of this package, so that
a line costs the start of a bare interpreter. All integers are little endian.
Constants are those of espeak-ng 1.52's `speak_lib.h`.
"""

import ctypes
import importlib
import re
import sys
import unicodedata

PACKAGE = "espeakng_loader"
UNKNOWN_LANGUAGE = 3
AUDIO_OUTPUT_SYNCHRONOUS = 2
CHARS_UTF8 = 1
RATE, PITCH, RANGE = 1, 3, 4
PITCH_OF_100, RANGE_OF_100 = 42, 62
"""A little lower and livelier than espeak's own 50 and 50, which sound thin and flat."""

SCRIPT_VOICES = {
    "ARABIC": "ar",
    "HEBREW": "he",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "CJK": "cmn",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
}
"""The voice for a line whose script the brand's own language does not use; it would be spelled letter by letter."""
NON_LATIN = re.compile(r"(?:ar|fa|ur|he|ru|uk|bg|be|mk|sr|kk|el|cmn|yue|zh|ja|ko|hi|mr|ne|bn|ta|hy|ka)\b", re.I)


def voice_for(text: str, language: str) -> str:
    """`language`, unless it is written in Latin letters and most letters of `text` are of another script."""
    if NON_LATIN.match(language):
        return language
    scripts = [unicodedata.name(char, "").split(" ")[0].split("-")[0] for char in text if char.isalpha()]
    foreign = [script for script in scripts if script in SCRIPT_VOICES]
    if len(foreign) * 2 <= len(scripts) or not foreign:
        return language
    kana = [script for script in foreign if script in ("HIRAGANA", "KATAKANA")]
    return SCRIPT_VOICES[kana[0] if kana else max(sorted(set(foreign)), key=foreign.count)]


def synthesise(text: str, language: str, words_per_minute: int) -> tuple[int, bytes]:
    """Sample rate in Hz and int16 mono samples. Raises `LookupError` for a language without a voice."""
    loader = importlib.import_module(PACKAGE)
    library = ctypes.CDLL(loader.get_library_path())
    rate = int(library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, str(loader.get_data_path()).encode(), 0))
    if rate <= 0:
        raise OSError("espeak-ng could not read its voice data")
    chunks: list[bytes] = []

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count > 0:
            chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(collect)
    library.espeak_SetSynthCallback(callback)
    names = (voice_for(text, language), voice_for(text, language).split("-")[0])
    if all(library.espeak_SetVoiceByName(name.encode()) != 0 for name in names):
        raise LookupError(language)
    for parameter, value in ((RATE, words_per_minute), (PITCH, PITCH_OF_100), (RANGE, RANGE_OF_100)):
        library.espeak_SetParameter(parameter, value, 0)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 0, 0, CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    return rate, b"".join(chunks)


def main() -> int:
    language, words_per_minute = sys.argv[1], int(sys.argv[2])
    try:
        rate, samples = synthesise(sys.stdin.buffer.read().decode(), language, words_per_minute)
    except LookupError:
        return UNKNOWN_LANGUAGE
    sys.stdout.buffer.write(rate.to_bytes(4, "little") + samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
