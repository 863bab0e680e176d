"""The language of the requester's own words. Pure; the detector's models (28 MB) load on first use."""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from workers.once import once

_LANGUAGES = (
    Language.ENGLISH, Language.GERMAN, Language.SPANISH, Language.FRENCH, Language.PORTUGUESE, Language.ITALIAN,
    Language.DUTCH, Language.POLISH, Language.SWEDISH, Language.DANISH, Language.BOKMAL, Language.FINNISH,
    Language.CZECH, Language.TURKISH, Language.RUSSIAN, Language.JAPANESE, Language.CHINESE, Language.KOREAN,
    Language.ARABIC, Language.HEBREW, Language.GREEK,
)  # fmt: skip
_NOISE = re.compile(
    r"https?://\S+|\S+@\S+|\[[a-z-]+-\d+\]|\[[^\]\n]{1,40}:\]|^>.*$|`[^`]*`|\b\w*\d\w*\b|\b[A-Z_]{2,}\b", re.MULTILINE
)
# The commonest words settle what trigrams alone leave open ("How can I export the shifts...").
_SMALL_WORDS = {
    "en": "the to of and is i my you can how do not in it for we with on this that are have "
    "your from please when what was has be all any but no after there would at or if as so",
    "de": "der die das und ich ist nicht wie kann mit ein eine zu auf für es wir den im bitte "
    "von sie sich bei aber noch seit diese immer wird hat als nach mich mir sind",
    "es": "el la los las de que y no en un una por para con mi cómo se es puedo del lo pero hola gracias está al",
    "fr": "le la les de des je et est un une pas pour que vous mon avec ne dans ce comment sur du nous bonjour mes au",
    "pt": "o a os as de que e não em um uma para com meu como se é posso do da no na mas por eu olá os está",
    "it": "il la i le di che e non un una per con mio come si è posso del della ma ho gli sono nel buongiorno lo",
    "nl": "de het een en ik is niet van mijn hoe kan dat te op met voor we zijn er maar u in bij naar geen nog",
    "pl": "nie w i się na z do jest to jak mam mogę że o po dla czy co moje ale przy od dzień proszę mi",
    "sv": "och jag är inte det en att på i för med hur kan min ett som av vi men har den till hej när kan",
}
_SMALL = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}
# Small words that are words of other languages, too.
_SHARED_WORDS = (
    "a as do no on me in die so an per men sin was come all not or at to be any is de mais hay pour i we most con van "
    "war te la el ta"
)
_SHARED = frozenset(_SHARED_WORDS.split())
_MIN_LETTERS = 18
_ENOUGH_LETTERS = 60  # from here on trigrams are right without any of the commonest words
_SURE = 0.55
_MARGIN = 0.2
_TIMES = 3.0  # likelier than any of one's own languages: another one


def detect(text: str) -> str:
    """Return the ISO 639-1 code of a text, "" where it is too short or could be several languages."""
    clean = _clean(text)
    letters = sum(c.isalpha() for c in clean)
    dense = any(ord(c) > 0x2E7F for c in clean)  # a Chinese or Japanese word is one or two characters
    if letters < (2 if dense else _MIN_LETTERS) and not _is_one_script_one_language(clean):
        return ""
    (best, chance), (second, next_chance), *_ = _chances(clean[:400])
    by_small_words, is_seen = _by_small_words(clean, best)
    is_clear = chance >= _SURE and chance - next_chance >= _MARGIN
    if is_clear and by_small_words in ("", best) and (is_seen or letters >= _ENOUGH_LETTERS):
        return best
    return by_small_words if by_small_words in (best, second) else ""


def looks_foreign(text: str, own: Collection[str]) -> bool:
    """Say whether a text may well be in another language than these, also where it is too short to tell which.

    Meant for caution: a few words of one's own language are taken for another one (one message in a hundred here),
    few of another for one's own.
    """
    clean = _clean(text)
    words = re.findall(r"[^\W\d_]+", clean.lower())
    if not words:
        return False
    counts = {code: sum(word in small for word in words) for code, small in _SMALL.items()}
    ours = max(counts.get(code, 0) for code in own)
    theirs = max((count for code, count in counts.items() if code not in own), default=0)
    if ours:
        return theirs > ours
    others = (small - _SHARED for code, small in _SMALL.items() if code not in own)
    if any(not small.isdisjoint(words) for small in others):
        return True
    chances = dict(_chances(clean[:400]))
    best = max(chances, key=lambda code: chances[code])
    return best not in own and chances[best] >= _TIMES * max(chances.get(code, 0.0) for code in own)


def _clean(text: str) -> str:
    return " ".join(_NOISE.sub(" ", text[:4000]).split())


@lru_cache(maxsize=64)
def _chances(text: str) -> tuple[tuple[str, float], ...]:
    """Return the languages by how likely they are, the likeliest first."""
    values = _detector().compute_language_confidence_values(text)
    return tuple((_code(value.language), value.value) for value in values)


def _code(language: Language) -> str:
    return "no" if language == Language.BOKMAL else language.iso_code_639_1.name.lower()


def _by_small_words(text: str, best: str) -> tuple[str, bool]:
    """Return the language most of whose commonest words stand in a text ("" if two are close), and whether `best`
    is not contradicted: some of its words stand there, or we keep no list of them."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in small for word in words) for code, small in _SMALL.items()}
    (code, most), (_, next_most) = sorted(counts.items(), key=lambda item: -item[1])[:2]
    return code if most >= 2 and most > next_most else "", counts.get(best, 1) > 0


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


@once
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_LANGUAGES).with_low_accuracy_mode().build()
