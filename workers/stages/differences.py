"""What a sentence says otherwise than the line of a text that it was taken from. Pure.

A word, name or number put for another, a turned "not", two words put crosswise; what is said too widely is found by
conditions.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from workers.personal.word_lists import VERY_COMMON, commonness
from workers.stages.conditions import TELLS, Fault, weakened
from workers.stages.texts import Texts, clause, content
from workers.stages.vocabulary import NO_NAMES, OPPOSITES
from workers.stages.words import Token, denied, is_same, measures, negations, undecided

ALIKE = 0.55  # from here on two sentences are worded so much alike that a difference between them means something
CLEARLY_ALIKE = 0.60  # from here on a name or number put for another is a finding
NEARLY_EQUAL = 0.75  # from here on one exchanged word is a finding


def differences(
    texts: Texts, said: Sequence[Token], place: int, *, plain: Sequence[Token], around: frozenset[str]
) -> Iterable[Fault]:
    """Yield what the line at `place` does not bear out.

    `said` has its condition behind, `plain` is as written; what stands `around` the sentence is not left out.
    """
    line = texts.lines[place]
    yield from _worded(texts, said, place, plain)
    yield from _crossed(plain, line.plain)
    yield from _turned(texts, said, place)
    yield from weakened(texts, said, line, around)


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
    yield from _exchanged(said, theirs, matcher)
    has_unless = any(token.norm == "unless" for token in (*said, *theirs))  # it is an "if not"
    is_denied_otherwise = negations(said) % 2 != negations(theirs) % 2 and not has_unless
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        ours, others = said[i1:i2], theirs[j1:j2]
        if kind == "equal":
            continue
        is_turned = is_denied_otherwise and negations(ours) % 2 != negations(others) % 2
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


def _exchanged(said: Sequence[Token], theirs: Sequence[Token], matcher: SequenceMatcher[str]) -> Iterable[Fault]:
    """Yield two words that stand in each other's place ("version 4 opens in version 3")."""
    put = {
        (said[i1].root, theirs[j1].root): said[i1].raw
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind == "replace" and i2 - i1 == j2 - j1 == 1
    }
    yield from (Fault("contradiction", raw) for (one, other), raw in put.items() if (other, one) in put)


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
    roots, ours, open_ = content(said), denied(said), content(undecided(said))
    like = [line for line in texts.lines if len(roots & line.roots) >= max(2, TELLS * len(roots))]
    if texts.lines[place] not in like:
        return
    for token in said:
        has_it = [line for line in like if token.root in line.roots]
        turned = "stated" if token.root in ours else "denied"
        if (
            has_it
            and token.is_content
            and token.root not in open_
            and all(token.root in getattr(line, turned) for line in has_it)
        ):
            yield Fault("contradiction", token.raw)


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
