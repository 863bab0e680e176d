"""What a sentence says otherwise than the line of a text that it was taken from. Pure.

A word, name or number put for another, a turned "not", a condition left out, a claim made wider.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from workers.personal.word_lists import VERY_COMMON, commonness
from workers.stages.texts import Line, Texts, clause, content
from workers.stages.vocabulary import NO_NAMES, OPPOSITES, word_set
from workers.stages.words import Token, denied, is_same, measures, negations

ALIKE = 0.55  # from here on two sentences are worded so much alike that a difference between them means something
CLEARLY_ALIKE = 0.60  # from here on a name or number put for another is a finding
TELLS = 0.6  # share of a sentence's words that a line must have for its "not" to be held against the sentence
NEARLY_EQUAL = 0.75  # from here on one exchanged word is a finding

_CONDITIONS = frozenset({"if", "unless", "until", "except", "once", "when", "provided", "after", "before", "while"})
_PLACING = word_set("with in inside on at for to from by via under within during through")
_MUST = word_set("must required necessary mandatory obligatory needed")
_WIDEST = word_set("always anywhere everywhere anytime everyone everybody anyone anybody whatever wherever whenever")
_ONLY = frozenset({"only", "just", "solely", "exclusively", "except", "unless", "no"})


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    words: str


def differences(
    texts: Texts, said: Sequence[Token], place: int, *, plain: Sequence[Token], around: frozenset[str]
) -> Iterable[Fault]:
    """Yield what the line at `place` does not bear out.

    `said` has its condition behind, `plain` is as written; what stands `around` the sentence is not left out.
    """
    line = texts.lines[place]
    yield from _worded(texts, said, place, plain)
    yield from _turned(texts, said, place)
    yield from _obliged(said, line)
    yield from _left_out(texts, said, line, around)
    yield from _overstated(texts, said, line)


def _worded(texts: Texts, said: Sequence[Token], place: int, plain: Sequence[Token]) -> Iterable[Fault]:
    """Yield what two sentences of much the same wording do not agree in; an opener is no name for its capital.

    They are laid side by side as written or with their conditions behind, whichever is more alike.
    """
    line = texts.lines[place]
    said, theirs, matcher = max((_laid(said, line.tokens), _laid(plain, line.plain)), key=lambda one: one[2].ratio())
    likeness = matcher.ratio()
    if likeness < ALIKE:
        return
    opener = _plain_opener(plain)
    ours_count, theirs_count = Counter(t.stem for t in said), Counter(t.stem for t in theirs)
    new = [token for token in said if ours_count[token.stem] > theirs_count[token.stem]]
    gone = [token for token in theirs if theirs_count[token.stem] > ours_count[token.stem]]
    if likeness >= CLEARLY_ALIKE:
        joined = texts.joined(content(said), place)
        yield from _swapped(texts, [t for t in new if t is not opener and not (t.is_number and t.root in joined)], gone)
    yield from _opposed(said, theirs, new, gone)
    yield from _crossed(said, theirs)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        ours, others = said[i1:i2], theirs[j1:j2]
        if kind == "equal":
            continue
        is_turned = negations(ours) % 2 != negations(others) % 2
        if is_turned and _is_inner(i1, i2, len(said), j1, j2, len(theirs)):
            yield Fault("contradiction", " ".join(t.raw for t in (ours or others)))
        elif kind == "replace" and likeness >= NEARLY_EQUAL and len(ours) == len(others) == 1:
            yield from _other_word(ours[0], others[0], new, gone)


def _laid(
    said: Sequence[Token], line: tuple[Token, ...]
) -> tuple[Sequence[Token], Sequence[Token], SequenceMatcher[str]]:
    theirs = clause(said, line)
    return said, theirs, SequenceMatcher(None, [t.root for t in said], [t.root for t in theirs], autojunk=False)


def _opposed(
    said: Sequence[Token], theirs: Sequence[Token], new: Sequence[Token], gone: Sequence[Token]
) -> Iterable[Fault]:
    """Yield a word whose opposite stands in its place; not "removes" for "erases", whatever else is kept."""
    ours_roots, their_roots = {t.root for t in said}, {t.root for t in theirs}
    for one in new:
        others = [o for o in gone if (one.stem, o.stem) in OPPOSITES]
        if others and not (one.root in their_roots and all(o.root in ours_roots or o.is_content for o in others)):
            yield Fault("contradiction", one.raw)


def _crossed(said: Sequence[Token], theirs: Sequence[Token]) -> Iterable[Fault]:
    """Yield a word that goes with what the line puts to another word, and the other way round ("X for A, Y for B")."""
    ours, their = _followers(said), _followers(theirs)
    for one, behind in ours.items():
        for other, there in ours.items():
            if one < other and behind != there and their.get(one) == there and their.get(other) == behind:
                yield Fault("contradiction", f"{one} {behind}")


def _followers(found: Sequence[Token]) -> dict[str, str]:
    """Return for each word of substance that stands once the next one."""
    roots = [token.root for token in found if token.is_content]
    return {one: other for one, other in pairwise(roots) if roots.count(one) == 1}


def _turned(texts: Texts, said: Sequence[Token], place: int) -> Iterable[Fault]:
    """Yield a word that the sentence denies and the line states, or the other way round, unless a line agrees."""
    roots, ours = content(said), denied(said)
    like = [line for line in texts.lines if len(roots & line.roots) >= max(2, TELLS * len(roots))]
    if texts.lines[place] not in like:
        return
    for token in said:
        has_it = [line for line in like if token.root in line.roots]
        turned = "stated" if token.root in ours else "denied"
        if has_it and token.is_content and all(token.root in getattr(line, turned) for line in has_it):
            yield Fault("contradiction", token.raw)


def _obliged(said: Sequence[Token], line: Line) -> Iterable[Fault]:
    """Yield what the sentence asks for and the line leaves free, or the other way round."""
    ours, theirs = {token.norm for token in said}, {token.norm for token in line.plain}
    roots = content(token for token in said if token.norm not in _MUST)
    if not roots or len(roots & line.roots) < TELLS * len(roots):
        return
    if ("needless" in ours) != ("needless" in theirs) and _MUST & (ours ^ theirs) and not (ours & theirs & _MUST):
        yield Fault("contradiction", "required")


def _swapped(texts: Texts, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
    names = [
        token
        for token in new
        if token.norm not in NO_NAMES
        and (token.is_name or (token.raw[0].isupper() and token.norm not in texts.lower))
        and not any(is_same(token, other) for other in gone)
    ]
    if names and any(token.is_name or (token.raw[0].isupper() and token.stem in texts.names) for token in gone):
        yield Fault("swapped_name", " ".join(token.raw for token in names))
    counted = {one[:2] for one in measures(gone)}
    equal = {one.written for one in measures(new) if one[:2] in counted}
    numbers = [token for token in new if token.is_number and token not in equal]
    if numbers and any(token.is_number for token in gone):
        yield Fault("unsupported_number", " ".join(token.raw for token in numbers))


def _left_out(texts: Texts, said: Sequence[Token], line: Line, around: frozenset[str]) -> Iterable[Fault]:
    """Yield the condition under which the evidence says this, where the sentence says it without."""
    main, condition = _parted(line.tokens)
    roots, needed = content(said), content(main)
    if len(needed) < 2 or len(roots & needed) < 0.8 * max(len(needed), len(roots)):
        return
    has_only = any(token.norm in _ONLY for token in said)
    if any(token.norm == "only" for token in main) and not has_only:
        yield Fault("dropped_condition", "only")
    is_only = bool(condition) and condition[0].norm == "only"
    is_set = has_only if is_only else any(token.norm in _CONDITIONS for token in said)
    wanted = content(condition) - needed
    if len(wanted) >= (1 if is_only else 2) and not is_set and not wanted & (roots | around | texts.known_roots):
        yield Fault("dropped_condition", " ".join(token.raw for token in condition))


def _overstated(texts: Texts, said: Sequence[Token], line: Line) -> Iterable[Fault]:
    """Yield "always", "anywhere", "only" and their like where the texts do not speak so and set a condition."""
    if not any(token.norm in _CONDITIONS or token.norm in _ONLY for token in line.tokens):
        return
    yield from (Fault("dropped_condition", t.raw) for t in said if t.norm in _WIDEST and t.norm not in texts.norms)
    for one, other in pairwise(said):
        if one.norm == "even" and other.norm in _CONDITIONS and "even" not in texts.norms:
            yield Fault("dropped_condition", f"{one.raw} {other.raw}")


def _is_inner(i1: int, i2: int, ours: int, j1: int, j2: int, theirs: int) -> bool:
    """Say whether a difference stands between agreeing words, not in a clause one side simply leaves out."""
    is_edge_of_theirs = (j1 == 0 or j2 == theirs) and i1 == i2
    return not is_edge_of_theirs and (j2 - j1) <= 6 and (i2 - i1) <= 6 and not (i1 == 0 and i2 == ours)


def _other_word(ours: Token, theirs: Token, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
    """Yield a plain word that stands in another's place in otherwise equal sentences ("calendars" for "contacts")."""
    is_swap = ours in new and theirs in gone and ours.is_content and theirs.is_content
    if is_swap and not is_same(ours, theirs):
        yield Fault("swapped_word", ours.raw)


def _plain_opener(plain: Sequence[Token]) -> Token | None:
    """Return the first word of a sentence if it is too common to be a name, unless a title goes on behind it."""
    is_plain = len(plain) > 1 and commonness(plain[0].norm) >= VERY_COMMON - 1 and not plain[1].raw[0].isupper()
    return plain[0] if is_plain else None


def _parted(found: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return what a sentence says and the condition it puts behind, which may be empty."""
    for place, token in enumerate(found[2:], 2):
        is_only = token.norm == "only" and found[place + 1 : place + 2] and found[place + 1].norm in _PLACING
        if (token.norm in _CONDITIONS and len(found) - place >= 3) or is_only:
            return found[:place], found[place:]
    return found, ()
