"""The language of the requester's own words. Pure; the detector's models (28 MB) load on first use."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

_LANGUAGES = (
    Language.ENGLISH, Language.GERMAN, Language.SPANISH, Language.FRENCH, Language.PORTUGUESE, Language.ITALIAN,
    Language.DUTCH, Language.POLISH, Language.SWEDISH, Language.DANISH, Language.BOKMAL, Language.FINNISH,
    Language.CZECH, Language.TURKISH, Language.RUSSIAN, Language.JAPANESE, Language.CHINESE, Language.KOREAN,
    Language.ARABIC, Language.HEBREW, Language.GREEK,
)  # fmt: skip
_NOISE = re.compile(
    r"https?://\S+|\S+@\S+|\[[a-z-]+-\d+\]|\[[^\]\n]{1,40}:\]|^>.*$|`[^`]*`|\b\w*\d\w*\b|\b[A-Z_]{2,}\b", re.MULTILINE
)
_MIN_LETTERS = 18
_SURE = 0.55
_MARGIN = 0.2


def detect(text: str) -> str:
    """Return the ISO 639-1 code of a text, "" where it is too short or could be several languages."""
    clean = " ".join(_NOISE.sub(" ", text[:4000]).split()) or " ".join(text[:4000].split())
    letters = sum(c.isalpha() for c in clean)
    dense = any(ord(c) > 0x2E7F for c in clean)  # a Chinese or Japanese word is one or two characters
    if letters < (2 if dense else _MIN_LETTERS) and not _is_one_script_one_language(clean):
        return ""
    values = _detector().compute_language_confidence_values(clean[:600])
    if not values or values[0].value < _SURE or values[0].value - values[1].value < _MARGIN:
        return ""
    return "no" if values[0].language is Language.BOKMAL else values[0].language.iso_code_639_1.name.lower()


def language_of(
    newest: str, earlier: Iterable[str], locales: Iterable[str], detect: Callable[[str], str] = detect
) -> str:
    """Return the language of the newest words; if unsure, of the thread's latest sure turn, else of a locale."""
    for text in (newest, *earlier):
        if text.strip() and (code := detect(text)):
            return code
    for locale in locales:
        if code := re.split(r"[-_]", locale.strip().lower())[0]:
            return code
    return ""


def _is_one_script_one_language(text: str) -> bool:
    """Say whether two words suffice because hardly another of our languages is written this way."""
    return (
        sum(1 for c in text if "\u0370" <= c <= "\u03ff" or "\u0590" <= c <= "\u06ff" or "\uac00" <= c <= "\ud7a3") >= 3
    )


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_LANGUAGES).with_low_accuracy_mode().build()
