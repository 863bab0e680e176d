"""Pure: does a sentence stand in these texts? Words, numbers, names and polarity are compared; no model is asked.

It finds faults that leave the wording nearly intact (a swapped name, a turned "not", a condition left out) as well as
plain invention.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import exp

from workers.stages.words import (
    NO_NAMES,
    OPPOSITES,
    Token,
    condition_last,
    is_same,
    measures,
    negations,
    sentences,
    stem,
    tokens,
    word_set,
)

ALIKE = 0.55  # from here on two sentences are worded so much alike that a difference between them means something
CLEARLY_ALIKE = 0.60  # from here on a name or number put for another is a finding
NEARLY_EQUAL = 0.75  # from here on one exchanged word is a finding

# How likely people are to call a sentence backed by a text, as a logistic curve over five plain measures. Fitted to the
# development part of BEGIN (replies of dialogue systems, judged by people) with both verdicts weighing the same, so
# that 0.5 is the even point. Fitted on two of its three sources and tried on the third: AUROC 0.963, 0.955, 0.959.
_CURVE = {"start": -7.52, "shared": 6.56, "one_place": 3.77, "new": -0.31, "voice": -1.38, "asks": -5.66}
_COMMON = word_set(
    "a an the of to in on at by for per with from as and or but is are was were be been being it its this that these"
    " those which who has have had do does did not can will would there their they he she his her him i you your we our"
    " if so when than then also"
)
_VOICE = word_set("i me my mine myself we our us")
_MANY = 8

_CONDITIONS = frozenset({"if", "unless", "until", "except", "once", "when", "provided", "after", "before", "while"})
_THEN = re.compile(
    r"(?i)(?:[,;.]\s*|\band\s+)(?:and\s+)?(?:then|after that|afterwards)\b,?|(?<=\w)\s+before\s+(?:you\s+)?"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the evidence, ready to be compared."""

    tokens: tuple[Token, ...]
    roots: frozenset[str]  # of its content words
    text: int  # which text it stands in


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`support` is how likely a person would call the sentence backed by the texts, 0..1."""

    support: float
    faults: tuple[Fault, ...] = ()


# The last word of a menu before the mark that leads to one of its entries: "View" in "Open View > Folders".
_MENU = re.compile(r"([A-Z][\w'’-]*)[ \t*_]{0,4}(?:->|→|»|>|\\)")


def _plain(label: str) -> str:
    return " ".join(token.norm for token in tokens(label))


class Evidence:
    """Some texts, cut and counted once, to hold sentences against."""

    def __init__(self, texts: Sequence[str], known_words: str = "") -> None:
        """`known_words` may be named (titles, the requester's own words) but support nothing by themselves."""
        cut = [(place, line, tokens(line)) for place, text in enumerate(texts) for line in sentences(text)]
        self._lines = [Line(condition_last(line, found), _content(found), place) for place, line, found in cut]
        self._menus = {_plain(menu) for text in texts for menu in _MENU.findall(text)}
        every = [token for _, _, found in cut for token in found]
        known = [token for line in sentences(known_words) for token in tokens(line)]
        self._norms = {token.norm for token in (*every, *known)}
        self._stems = {token.stem for token in (*every, *known)}
        self._roots = {token.root for token in every}
        self._known_roots = {token.root for token in known}
        self._measured = {pair for part in (every, known) for pair in measures(part)}
        self._flat = " ".join(token.norm for token in (*every, *known))
        self._names = {token.stem for token in (*every, *known) if token.is_name}
        self._inner_capitals = {token.raw for _, _, found in cut for token in found[1:] if token.is_name}
        self._lower = {token.norm for token in every if token.raw.islower()}

    def knows(self, words: str) -> bool:
        """Say whether these words stand in the texts next to each other, in this order."""
        wanted = " ".join(token.norm for token in tokens(words))
        return bool(wanted) and f" {wanted} " in f" {self._flat} "

    def leads(self, menu: str, entry: str) -> bool:
        """Say whether an entry stands under a menu. Of a menu whose entries the texts do not show, any might."""
        return _plain(menu) not in self._menus or self.knows(f"{menu} {entry}")

    def shares(self, sentence: str) -> float:
        """Return the share of the sentence's content words that stand anywhere in the texts or known words."""
        roots = _content(tokens(sentence))
        return len(roots & (self._roots | self._known_roots)) / len(roots) if roots else 1.0

    def judge(self, sentence: str, said_elsewhere: str = "") -> Verdict:
        """Compare a sentence with the place of the texts that fits it best.

        `said_elsewhere` are the words around it: a condition named there is not left out.
        """
        sentence = _OPENER.sub("", sentence)
        plain = tokens(sentence)
        said = condition_last(sentence, plain)
        faults = list(self._unknown(said))
        place = self._best_place(said)
        if place is not None:
            faults += self._differences(said, place)
            faults += self._left_out(said, self._lines[place], _content(tokens(said_elsewhere)))
            faults += self._disordered(sentence)
        faults += self._mislabelled(plain)
        return Verdict(self._support(sentence, said), tuple(_once(faults)))

    def unknown(self, sentence: str) -> list[Fault]:
        """Return the numbers and names of a sentence that stand nowhere: all that can be said of a courtesy."""
        return list(dict.fromkeys(self._unknown(tokens(sentence))))

    def place_of(self, sentence: str) -> tuple[int, int] | None:
        """Return (text, line) of the line that has nearly all the sentence says, None where there is none."""
        said = condition_last(sentence, tokens(sentence))
        place, roots = self._best_place(said), _content(said)
        if place is None or len(roots) < 2 or len(roots & self._lines[place].roots) < 0.75 * len(roots):
            return None
        return self._lines[place].text, place

    def _support(self, sentence: str, said: Sequence[Token]) -> float:
        """Return the curve's height for a sentence.

        Names and numbers that are not in the texts do not weigh: the requester has them, or each is a fault of its own.
        """
        weighed = [token for token in said if token.root in self._roots or not (token.is_name or token.is_number)]
        roots = _content(weighed)
        if not roots:
            return 1.0 if self._lines and not _asks(sentence) and not _content(said) else 0.0
        measured = self.measures(sentence, weighed, roots)
        height = _CURVE["start"] + sum(_CURVE[name] * value for name, value in measured.items())
        return 1 / (1 + exp(-height))

    def measures(self, sentence: str, said: Sequence[Token], roots: frozenset[str]) -> dict[str, float]:
        """Return what the curve weighs: words shared at all, in one place, new ones, own voice, asking back."""
        voice = sum(token.norm in _VOICE and token.norm not in self._norms for token in said)
        return {
            "shared": sum(token.root in self._roots or token.norm in _COMMON for token in said) / len(said),
            "one_place": self._in_one_place(roots, self._best_place(said)) / len(roots),
            "new": min(len(roots - self._roots), _MANY),
            "voice": min(voice, 3),
            "asks": float(_asks(sentence)),
        }

    def _in_one_place(self, roots: frozenset[str], place: int | None) -> int:
        """Count the words met in the best line and in one more: a sentence may join two."""
        if place is None:
            return 0
        met = roots & self._lines[place].roots
        return len(met) + len((roots - met) & self._joined(roots, place))

    def _joined(self, roots: frozenset[str], place: int) -> frozenset[str]:
        """Return the words of the line that has most of what the best one lacks; none for a single word."""
        lacking = roots - self._lines[place].roots
        most = max(self._lines, key=lambda line: len(lacking & line.roots)).roots
        return most if len(lacking & most) >= 2 else frozenset()

    def _unknown(self, said: Sequence[Token]) -> Iterable[Fault]:
        for token in said:
            if token.is_number and token.norm not in self._norms:
                yield Fault("unsupported_number", token.raw)
            elif token.is_name and token.norm not in NO_NAMES and token.stem not in self._stems:
                yield Fault("unsupported_name", token.raw)
        for amount, unit in measures(said):
            if amount in self._norms and (amount, unit) not in self._measured:
                yield Fault("unsupported_number", f"{amount} {unit}")

    def _best_place(self, said: Sequence[Token]) -> int | None:
        """Return the line that shares most; among nearly equal ones the one worded most alike."""
        roots = _content(said)
        shared = [(len(roots & line.roots), -len(line.roots), number) for number, line in enumerate(self._lines)]
        top = sorted(shared, reverse=True)[:4]
        if not top or top[0][0] == 0:
            return None
        close = [number for hits, _, number in top if hits >= 0.8 * top[0][0]]
        if len(close) == 1:
            return close[0]
        return max(close, key=lambda number: _alike(said, _clause(said, self._lines[number].tokens)))

    def _differences(self, said: Sequence[Token], place: int) -> Iterable[Fault]:
        """Yield what two sentences of much the same wording do not agree in."""
        theirs = _clause(said, self._lines[place].tokens)
        matcher = SequenceMatcher(None, [t.root for t in said], [t.root for t in theirs], autojunk=False)
        likeness = matcher.ratio()
        if likeness < ALIKE:
            return
        ours_count, theirs_count = Counter(t.stem for t in said), Counter(t.stem for t in theirs)
        new = [token for token in said if ours_count[token.stem] > theirs_count[token.stem]]
        gone = [token for token in theirs if theirs_count[token.stem] > ours_count[token.stem]]
        if likeness >= CLEARLY_ALIKE:
            joined = self._joined(_content(said), place)
            yield from self._swapped([t for t in new if not (t.is_number and t.root in joined)], gone)
        yield from (
            Fault("contradiction", one.raw) for one in new if any((one.stem, o.stem) in OPPOSITES for o in gone)
        )
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            ours, others = said[i1:i2], theirs[j1:j2]
            if kind == "equal":
                continue
            is_turned = negations(ours) % 2 != negations(others) % 2
            if is_turned and self._is_inner(i1, i2, len(said), j1, j2, len(theirs)):
                yield Fault("contradiction", " ".join(t.raw for t in (ours or others)))
            elif kind == "replace" and likeness >= NEARLY_EQUAL and len(ours) == len(others) == 1:
                yield from _other_word(ours[0], others[0], new, gone)

    @staticmethod
    def _is_inner(i1: int, i2: int, ours: int, j1: int, j2: int, theirs: int) -> bool:
        """Say whether a difference stands between agreeing words, not in a clause one side simply leaves out."""
        is_edge_of_theirs = (j1 == 0 or j2 == theirs) and i1 == i2
        return not is_edge_of_theirs and (j2 - j1) <= 6 and (i2 - i1) <= 6 and not (i1 == 0 and i2 == ours)

    def _swapped(self, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
        names = [
            token
            for token in new
            if token.norm not in NO_NAMES
            and (token.is_name or (token.raw[0].isupper() and token.norm not in self._lower))
            and not any(is_same(token, other) for other in gone)
        ]
        if names and any(token.is_name or (token.raw[0].isupper() and token.stem in self._names) for token in gone):
            yield Fault("swapped_name", " ".join(token.raw for token in names))
        numbers = [token for token in new if token.is_number]
        if numbers and any(token.is_number for token in gone):
            yield Fault("unsupported_number", " ".join(token.raw for token in numbers))

    def _left_out(self, said: Sequence[Token], line: Line, around: frozenset[str]) -> Iterable[Fault]:
        """Yield the condition under which the evidence says this, where the sentence says it without."""
        main, condition = _parted(line.tokens)
        roots, needed = _content(said), _content(main)
        is_main = len(needed) >= 2 and len(roots & needed) >= 0.8 * max(len(needed), len(roots))
        if is_main and any(t.norm == "only" for t in main) and not any(t.norm in _ONLY for t in said):
            yield Fault("dropped_condition", "only")
        wanted = _content(condition) - needed
        if not is_main or len(wanted) < 2 or any(token.norm in _CONDITIONS for token in said):
            return
        if not wanted & (roots | around | self._known_roots):
            yield Fault("dropped_condition", " ".join(token.raw for token in condition))

    def _mislabelled(self, said: Sequence[Token]) -> Iterable[Fault]:
        """Yield the name of a button or menu that the texts do not have, or have where the rest does not stand."""
        for start, end in _runs(said):
            run = said[start:end]
            is_pressed = said[start - 1].stem in _UI_STEMS
            is_odd = _opens_a_label(run, said[start - 1]) and run[0].raw not in self._inner_capitals
            if is_odd or (is_pressed and not self._has_phrase(run)):
                yield Fault("unsupported_label", " ".join(token.raw for token in run))
            elif self._is_misplaced(run, said) or self._is_misplaced(self._whole_label(said, start, end), said):
                yield Fault("swapped_name", " ".join(token.raw for token in run))

    def _whole_label(self, said: Sequence[Token], start: int, end: int) -> Sequence[Token]:
        """Return a name with the plain words behind it that the texts put there too ("My hours")."""
        while end < len(said) and self._has_phrase(said[start : end + 1]):
            end += 1
        return said[start:end]

    def _has_phrase(self, run: Sequence[Token]) -> bool:
        return f" {' '.join(token.norm for token in run)} " in f" {self._flat} "

    def _is_misplaced(self, run: Sequence[Token], said: Sequence[Token]) -> bool:
        """Say whether the lines that have the rest of the sentence have another name in this one's place."""
        name = _content(token for token in run if token.norm not in NO_NAMES)
        rest = _content(said) - _content(run)
        hits = [len(rest & line.roots) for line in self._lines]
        needed = max(2, 0.65 * len(rest))
        places = [place for place, shared in enumerate(hits) if shared >= needed and shared == max(hits)]
        has_name = [
            name & line.roots and shared >= max(2, 0.4 * len(rest))
            for line, shared in zip(self._lines, hits, strict=True)
        ]
        if not name or not places or any(has_name):
            return False
        ours = {token.stem for token in said}
        return any(token.is_name and token.stem not in ours for place in places for token in self._lines[place].tokens)

    def _disordered(self, sentence: str) -> Iterable[Fault]:
        """Yield a step that is said to come after one which the texts put behind it."""
        steps = [part for part in _THEN.split(sentence) if part and part.strip(" ,.")]
        places = [self.place_of(step) for step in steps]
        for step, one, other in zip(steps[1:], places, places[1:], strict=False):
            if one and other and one[0] == other[0] and other[1] < one[1]:
                yield Fault("swapped_steps", step.strip(" ,."))


# What a reply may open with before it says anything.
_OPENER = re.compile(
    r"(?i)^(?:(?:yes|yeah|yep|yup|no|nope|not really|well|absolutely|sure|certainly|of course|definitely|right|ok|okay"
    r"|oh|exactly|indeed|true|i agree(?: with you)?)\b[ ,.!]*)+"
)
_UI_STEMS = frozenset(map(stem, word_set("click press tap choose select pick open tick untick check uncheck hit")))
# In the middle of a sentence these begin with a capital only inside a label or a title.
_FUNCTION_WORDS = word_set(
    "a an and are as at by for from how if in into is it of on or the this to what when where with you your"
)
_ONLY = frozenset({"only", "just", "solely", "exclusively", "except", "unless", "no"})


def _asks(sentence: str) -> bool:
    return sentence.rstrip(' "”’)').endswith("?")


def _content(found: Iterable[Token]) -> frozenset[str]:
    return frozenset(token.root for token in found if token.is_content)


def _runs(said: Sequence[Token]) -> Iterable[tuple[int, int]]:
    """Yield (start, end) of the names in a sentence: words in capitals next to each other, not its first word."""
    start = None
    for place, token in enumerate((*said, None)):
        is_name = token is not None and token.raw[:1].isupper() and token.raw != "I" and place > 0
        if is_name and start is None:
            start = place
        elif not is_name and start is not None:
            yield start, place
            start = None


def _opens_a_label(run: Sequence[Token], before: Token) -> bool:
    """Say whether a capital in the middle of a sentence can only begin a label or a title ("in Click Restart")."""
    if not run[0].is_name:
        return False
    is_verb = run[0].stem in _UI_STEMS and len(run) > 1 and before.norm in _FUNCTION_WORDS
    return is_verb or run[0].norm in _FUNCTION_WORDS


def _parted(found: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return what a sentence says and the condition it puts behind, which may be empty."""
    for place, token in enumerate(found[2:], 2):
        if token.norm in _CONDITIONS and len(found) - place >= 3:
            return found[:place], found[place:]
    return found, ()


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults without those that say of the same words once more, with less precision."""
    kept: list[Fault] = []
    for fault in faults:
        said = {word for other in kept for word in other.words.split()}
        if not set(fault.words.split()) <= said:
            kept.append(fault)
    return kept


def _other_word(ours: Token, theirs: Token, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
    """Yield a plain word that stands in another's place in otherwise equal sentences ("calendars" for "contacts")."""
    is_swap = ours in new and theirs in gone and ours.is_content and theirs.is_content
    if is_swap and not is_same(ours, theirs):
        yield Fault("swapped_word", ours.raw)


def _alike(one: Sequence[Token], other: Sequence[Token]) -> float:
    return SequenceMatcher(None, [t.root for t in one], [t.root for t in other], autojunk=False).ratio()


def _clause(said: Sequence[Token], theirs: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the stretch of a much longer evidence sentence that the sentence was taken from."""
    if len(theirs) <= len(said) * 1.5:
        return theirs
    matcher = SequenceMatcher(None, [t.root for t in said], [t.root for t in theirs], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= 2]
    if not blocks:
        return theirs
    start = max(blocks[0].b - blocks[0].a, 0)
    end = min(blocks[-1].b + blocks[-1].size + (len(said) - blocks[-1].a - blocks[-1].size), len(theirs))
    return theirs[start:end]
