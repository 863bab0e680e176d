"""A screen for orders addressed to an assistant. Pure, and modest: it raises suspicion, policy in code decides.

"ignore", "password", "system" and "rules" are ordinary words in support. What counts is an order to drop or show
instructions, a role to play, words addressed to a machine, forged turns, or text hidden from the reader's eyes: told by
what it is made of (senses.py), or by its wording where that alone gives it away (orders.toml).
"""

import base64
import binascii
import codecs
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from workers.patterns import fold
from workers.reading.senses import families

_FAMILIES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("orders.toml").read_text(encoding="utf-8"))
_GAP = r"\W+(?:\w+\W+)"  # then so many other words
_COMPILED = {
    name: re.compile("|".join(f"(?:{line.replace('~', _GAP)})" for line in lines), re.MULTILINE)
    for name, lines in _FAMILIES.items()
}
_HIDDEN_ORDER = re.compile(
    r"\b(?:assistant|ai|chatbot|bot|llm|language model|system prompt|summari[sz]e|summari[sz]ing|reply|respond"
    r"|answer|instructions?|ignore|recommend|approve|refund|escalate|you must|your (?:reply|response|answer))\b"
)
# Letters of other alphabets that look like Latin ones, and those of full width.
_LOOKALIKE = str.maketrans("аеорсухіѕјԁһӏԛѡкмтнвгѵαοεικνρυχτ", "aeopcyxisjdhlqwkmthbrvaoeikvpuxt")
_MIXED = re.compile(r"\b(?=\w*[a-z])(?=\w*[\u0370-\u03ff\u0400-\u052f])\w+")
_HEX = re.compile(r"\b(?:[0-9a-f]{2}[ :]?){12,}\b", re.IGNORECASE)
_SAYS_ROT13 = re.compile(r"\brot-?13\b|\bcaesar\b")
_SAYS_BACKWARDS = re.compile(r"\bbackwards?\b|\brevers|\bruckwarts\b|snoitcurtsni|tpmorp|erongi\b")
_BASE64 = re.compile(r"\b[A-Za-z0-9+/]{24,}={0,2}")
_SPACED = re.compile(r"(?:\b\w[ ._-]{1,3}){7,}\w\b")
_RUN_TOGETHER = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\w{0,16}(?:previous|prior|above|instruction|rules|guideline|policy|prompt)"
    r"|systemprompt"
)
_HYPHENATED = re.compile(r"\b[a-z]{2,8}-[a-z]{2,8}\b")
_HYPHENATED_WORDS = 2
_LEET_WORDS = 3  # one "w1n10" is a name, several words spelt so hide something
_LEET = str.maketrans("013457@$", "oieast" + "as")
_LEET_WORD = re.compile(r"\b(?=\w*[a-z])(?=\w*[013457@$])[a-z013457@$]{4,}\b")
_MAX_CHARS = 20_000


def suspicions(text: str, hidden: str = "") -> tuple[str, ...]:
    """Return the families of injected orders that a text shows: override, reveal, role, addressed, demand, hidden...

    `hidden` is what the reader was not meant to see. An order to anybody is suspicious there.
    """
    plain = " ".join(fold(text[:_MAX_CHARS]).replace("’", "'").split(" "))
    found = _open_orders(plain)
    for disguise, undone in _undisguised(text[:_MAX_CHARS], plain):
        if _RUN_TOGETHER.search(undone) or _open_orders(undone):
            found.add(disguise)
    if hidden and (_HIDDEN_ORDER.search(fold(hidden[:_MAX_CHARS])) or suspicions(hidden)):
        found.add("hidden")
    return tuple(sorted(found))


def _open_orders(plain: str) -> set[str]:
    return {name for name, pattern in _COMPILED.items() if pattern.search(plain)} | families(plain)


def _undisguised(text: str, plain: str) -> Iterator[tuple[str, str]]:
    """Yield readings of what was spaced out, respelt, encoded or turned round."""
    if spaced := _SPACED.findall(plain):
        yield "spaced", " ".join(re.sub(r"(?<=\w)[ ._-](?=\w)", "", run) for run in spaced)
    if len(_HYPHENATED.findall(plain)) >= _HYPHENATED_WORDS:
        yield "spaced", _HYPHENATED.sub(lambda word: word[0].replace("-", ""), plain)
    if len(_LEET_WORD.findall(plain)) >= _LEET_WORDS:
        yield "digits", _LEET_WORD.sub(lambda word: word[0].translate(_LEET), plain)
    if len(_MIXED.findall(plain)) >= 2:
        yield "lookalikes", plain.translate(_LOOKALIKE)
    if _SAYS_ROT13.search(plain):
        yield "encoded", codecs.decode(plain, "rot13")
    if _SAYS_BACKWARDS.search(plain):
        yield "backwards", plain[::-1]
    for data in (*map(_unbase64, _BASE64.findall(text)[:20]), *map(_unhex, _HEX.findall(text)[:20])):
        if data.isascii():
            yield "encoded", fold(data.decode("ascii"))


def _unbase64(run: str) -> bytes:
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return b""


def _unhex(run: str) -> bytes:
    return bytes.fromhex(re.sub(r"[ :]", "", run))
