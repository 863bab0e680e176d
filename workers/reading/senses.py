"""What an order to an assistant is made of: words of several senses that meet in one sentence. Pure.

No phrase is listed, only kinds of words (senses.toml): to drop, rules, yours; a machine spoken to, an order. There are
endless ways to ask such things of an assistant, but hardly any without these words, and ordinary tickets seldom have
them together.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

_KEPT = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST = 400  # characters; where nothing ends a sentence, so much is taken for one


def _compiled(source: str) -> re.Pattern[str]:
    for name, words in _KEPT["parts"].items():
        source = source.replace(f"{{{name}}}", words)
    return re.compile(source, re.MULTILINE)


_SENSES = {name: _compiled(source) for name, source in _KEPT["senses"].items()}
_ORDERS = {family: [frozenset(needed.split()) for needed in wanted] for family, wanted in _KEPT["orders"].items()}


def families(plain: str) -> frozenset[str]:
    """Return the families of orders that a text in small letters without accents gives in one of its sentences."""
    present = _senses(plain, frozenset(_SENSES))
    possible = {family: [one for one in wanted if one <= present] for family, wanted in _ORDERS.items()}
    asked = frozenset[str]().union(*(one for wanted in possible.values() for one in wanted))
    if not asked:
        return frozenset()
    found = [_senses(sentence, asked) for sentence in _sentences(plain)]
    return frozenset(
        family for family, wanted in possible.items() if any(one <= senses for one in wanted for senses in found)
    )


def _senses(text: str, asked: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in asked if _SENSES[name].search(text))


def _sentences(plain: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(plain):
        yield from (sentence[start : start + _LONGEST] for start in range(0, len(sentence), _LONGEST))
