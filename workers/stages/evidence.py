"""Pure: does a sentence stand in these texts? Words, numbers, names and polarity are compared; no model is asked.

It finds faults that leave the wording nearly intact (a swapped name, a turned "not", a condition left out) as well as
plain invention.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp

from workers.personal.word_lists import VERY_COMMON, commonness
from workers.stages.conditions import Fault
from workers.stages.differences import differences
from workers.stages.labels import mislabelled
from workers.stages.texts import Texts, content
from workers.stages.vocabulary import NO_NAMES, word_set
from workers.stages.words import Token, condition_last, measures, tokens

# How likely people are to call a sentence backed by a text, as a logistic curve over four plain measures. Fitted to the
# development part of BEGIN (replies of dialogue systems, judged by people) with both verdicts weighing the same, so
# that 0.5 is the even point. Fitted on two of its three sources and tried on the third: AUROC 0.970, 0.953, 0.942.
_CURVE = {"start": -4.93, "one_place": 7.67, "new": -0.44, "voice": -1.86, "asks": -5.48}
_VOICE = word_set("i me my mine myself we our us")
_MANY = 8
_THEN = re.compile(
    r"(?i)(?:[,;.]\s*|\band\s+)(?:and\s+)?(?:then|after that|afterwards)\b,?|(?<=\w)\s+before\s+(?:you\s+)?"
)
# What a reply may open with before it says anything.
_OPENER = re.compile(
    r"(?i)\bif (?:that|this|it) (?:(?:does|did) not|(?:does|did)n['’]t) (?:help|work|change (?:anything|that))\b,?"
    r"|^(?:(?:yes|yeah|yep|yup|no(?=\s*[,.!]|\s+(?:i|it|they|we|you|that|there|he|she)\b)|nope|not really|well"
    r"|absolutely|sure|certainly|of course|definitely|right|ok|okay"
    r"|oh|exactly|indeed|true|i agree(?: with you)?)\b[ ,.!]*)+"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`support` is how likely a person would call the sentence backed by the texts, 0..1."""

    support: float
    faults: tuple[Fault, ...] = ()


class Evidence:
    """Some texts to hold sentences against."""

    def __init__(self, texts: Sequence[str], known_words: str = "") -> None:
        """`known_words` may be named (titles, the requester's own words) but support nothing by themselves."""
        self._texts = Texts(texts, known_words)
        self.knows = self._texts.knows
        self.leads = self._texts.leads

    def shares(self, sentence: str) -> float:
        """Return the share of the sentence's content words that stand anywhere in the texts or known words."""
        roots = content(tokens(sentence))
        return len(roots & (self._texts.roots | self._texts.known_roots)) / len(roots) if roots else 1.0

    def judge(self, sentence: str, said_elsewhere: str = "") -> Verdict:
        """Compare a sentence with the place of the texts that fits it best.

        `said_elsewhere` are the words around it: a condition named there is not left out. A whole sentence of the
        texts, word for word, has no fault.
        """
        is_quoted = self._texts.quotes(sentence)
        sentence = sentence if is_quoted else _OPENER.sub("", sentence)
        plain = tokens(sentence)
        said = condition_last(sentence, plain)
        if is_quoted:
            return Verdict(self._support(sentence, said))
        faults = list(self._unknown(said))
        place = self._texts.best_place(said)
        if place is not None:
            around = content(tokens(said_elsewhere))
            faults += differences(self._texts, said, place, plain=plain, around=around)
            faults += self._disordered(sentence)
        faults += mislabelled(self._texts, plain)
        return Verdict(self._support(sentence, said), tuple(_once(faults)))

    def unknown(self, sentence: str) -> list[Fault]:
        """Return the numbers and names of a sentence that stand nowhere: all that can be said of a courtesy."""
        return list(dict.fromkeys(self._unknown(tokens(sentence))))

    def place_of(self, sentence: str) -> tuple[int, int] | None:
        """Return (text, line) of the line that has nearly all the sentence says, None where there is none."""
        said = condition_last(sentence, tokens(sentence))
        place, roots = self._texts.best_place(said), content(said)
        if place is None or len(roots) < 2 or len(roots & self._texts.lines[place].roots) < 0.75 * len(roots):
            return None
        return self._texts.text_of[place], place

    def _support(self, sentence: str, said: Sequence[Token]) -> float:
        """Return the curve's height for a sentence.

        Names and numbers that are not in the texts do not weigh: the requester has them, or each is a fault of its own.
        """
        weighed = [token for token in said if token.root in self._texts.roots or not (token.is_name or token.is_number)]
        roots = content(weighed)
        if not roots:
            return 1.0 if self._texts.lines and not _asks(sentence) and not content(said) else 0.0
        measured = self.measures(sentence, weighed, roots)
        height = _CURVE["start"] + sum(_CURVE[name] * value for name, value in measured.items())
        return 1 / (1 + exp(-height))

    def measures(self, sentence: str, said: Sequence[Token], roots: frozenset[str]) -> dict[str, float]:
        """Return what the curve weighs: words met in one place, new ones by rarity, own voice, asking back."""
        voice = sum(token.norm in _VOICE and token.norm not in self._texts.norms for token in said)
        return {
            "one_place": self._texts.in_one_place(roots, self._texts.best_place(said)) / len(roots),
            "new": min(sum(_says(root) for root in roots - self._texts.roots), _MANY),
            "voice": min(voice, 3),
            "asks": float(_asks(sentence)),
        }

    def _unknown(self, said: Sequence[Token]) -> Iterable[Fault]:
        counted = {one.written: one for one in measures(said)}
        for token in said:
            measure = counted.get(token)
            if measure and measure[:2] in self._texts.measured:
                continue
            if token.is_number and token.norm not in self._texts.norms:
                yield Fault("unsupported_number", token.raw)
            elif measure:
                yield Fault("unsupported_number", f"{token.raw} {measure.unit}")
            elif token.is_name and token.norm not in NO_NAMES and token.stem not in self._texts.stems:
                yield Fault("unsupported_name", token.raw)

    def _disordered(self, sentence: str) -> Iterable[Fault]:
        """Yield a step that is said to come after one which the texts put behind it."""
        steps = [part for part in _THEN.split(sentence) if part and part.strip(" ,.")]
        places = [self.place_of(step) for step in steps]
        for step, one, other in zip(steps[1:], places, places[1:], strict=False):
            if one and other and one[0] == other[0] and other[1] < one[1]:
                yield Fault("swapped_steps", step.strip(" ,."))


def _says(root: str) -> float:
    """Return how much a word says that the texts do not have: the commonest nothing, a rare one 1."""
    return 1 - commonness(root) / VERY_COMMON


def _asks(sentence: str) -> bool:
    return sentence.rstrip(' "”’)').endswith("?")


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults without those that say of the same words once more, with less precision."""
    kept: list[Fault] = []
    for fault in faults:
        said = {word for other in kept for word in other.words.split()}
        if not set(fault.words.split()) <= said:
            kept.append(fault)
    return kept
