"""One line through the espeak-ng library: text on stdin -> sample rate (4 bytes) and int16 mono on stdout.

Run by `espeak_ng.py` as a script, with LANGUAGE and WORDS_PER_MINUTE; it imports nothing else of this package, so that
a line costs the start of a bare interpreter. All integers are little endian.
Constants are those of espeak-ng 1.52's `speak_lib.h`.
"""

import ctypes
import importlib
import sys
import unicodedata
from collections.abc import Sequence

PACKAGE = "espeakng_loader"
UNKNOWN_LANGUAGE = 3
AUDIO_OUTPUT_SYNCHRONOUS = 2
CHARS_UTF8 = 1
RATE, PITCH, RANGE = 1, 3, 4
PITCH_OF_100, RANGE_OF_100 = 42, 62
"""A little lower and livelier than espeak's own 50 and 50, which sound thin and flat."""

SCRIPT_VOICES = {
    "ARABIC": "ar fa ur ug sd ku",
    "HEBREW": "he",
    "CYRILLIC": "ru uk bg be mk sr kk ky tt ba cv nog",
    "GREEK": "el grc",
    "CJK": "cmn zh yue hak",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "DEVANAGARI": "hi mr ne kok",
    "BENGALI": "bn as bpy",
    "TAMIL": "ta",
    "TELUGU": "te",
    "MALAYALAM": "ml",
    "KANNADA": "kn",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "ORIYA": "or",
    "SINHALA": "si",
    "THAI": "th",
    "MYANMAR": "my shn",
    "ARMENIAN": "hy hyw",
    "GEORGIAN": "ka",
    "ETHIOPIC": "am ti",
}
"""Script -> its voices, the usual one first: it speaks a line whose script the brand's own language does not use, which
would be spelled letter by letter."""


def scripts_of(text: str) -> list[str]:
    """The script of each letter, as Unicode names it."""
    return [unicodedata.name(char, "").split(" ")[0].split("-")[0] for char in text if char.isalpha()]


def main_script(text: str) -> str:
    """The script other than Latin of more than half of the letters, or ''; one kana makes a text Japanese."""
    scripts = scripts_of(text)
    foreign = [script for script in scripts if script != "LATIN"]
    if len(foreign) * 2 <= len(scripts):
        return ""
    kana = [script for script in foreign if script in ("HIRAGANA", "KATAKANA")]
    return kana[0] if kana else max(sorted(set(foreign)), key=foreign.count)


def voice_for(text: str, language: str) -> str:
    """`language`, unless most letters of `text` are of a script that it is not written in."""
    voices = SCRIPT_VOICES.get(main_script(text), "").split()
    return language if not voices or language.split("-")[0] in voices else voices[0]


def unread_script(lines: Sequence[str], language: str) -> str:
    """The script, with an example, that no voice here reads; '' where all can be read.

    Japanese, told by its kana in any line, is read as far as it is kana: of every other character the voice says that
    it is a Chinese letter.
    """
    has_kana = any({"HIRAGANA", "KATAKANA"} & {*scripts_of(line)} for line in lines)
    is_japanese = has_kana or language.split("-")[0] == "ja"
    for line in lines:
        script = main_script(line)
        if is_japanese and "CJK" in scripts_of(line):
            return f"the Japanese line {line!r}"
        if script and script not in SCRIPT_VOICES:
            return f"the {script.capitalize()} line {line!r}"
    return ""


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
