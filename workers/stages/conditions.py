"""What a sentence says more widely than its line: a condition left out, "all" for some, a duty made free. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers.stages.texts import Line, Texts, content
from workers.stages.vocabulary import word_set
from workers.stages.words import Token

TELLS = 0.6  # share of a sentence's words that a line must have for its "not" to be held against the sentence
_CONDITIONS = frozenset({"if", "unless", "until", "except", "once", "when", "provided", "after", "before", "while"})
_PLACING = word_set("with in inside on at for to from by via under within during through")
_MUST = word_set("must required necessary mandatory obligatory needed")
_BINDING = _MUST | word_set("need needs have has until till limited reserved up")
_ALL = word_set("all every any each everyone everybody anyone anybody")
_WIDEST = word_set("always anywhere everywhere anytime everyone everybody anyone anybody whatever wherever whenever")
_ONLY = frozenset({"only", "just", "solely", "exclusively", "except", "unless", "no"})
_LIMITING = word_set("over above under below than")


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    words: str


def weakened(texts: Texts, said: Sequence[Token], line: Line, around: frozenset[str]) -> Iterable[Fault]:
    """Yield what the line says under a condition, of some only, or as a duty, and the sentence without."""
    yield from _obliged(said, line)
    yield from _left_out(texts, said, line, around)
    yield from _overstated(texts, said, line)
    yield from _of_all(texts, said, line)


def _obliged(said: Sequence[Token], line: Line) -> Iterable[Fault]:
    """Yield what the sentence asks for and the line leaves free, or the other way round."""
    ours, theirs = {token.norm for token in said}, {token.norm for token in line.plain}
    roots = content(token for token in said if token.norm not in _MUST)
    if not roots or len(roots & line.roots) < TELLS * len(roots):
        return
    if ("needless" in ours) != ("needless" in theirs) and _MUST & (ours ^ theirs) and not (ours & theirs & _MUST):
        yield Fault("contradiction", "required")


def _left_out(texts: Texts, said: Sequence[Token], line: Line, around: frozenset[str]) -> Iterable[Fault]:
    """Yield the condition under which the evidence says this, where the sentence says it without."""
    main, condition = _parted(line.tokens)
    roots, needed = content(said), content(main)
    if len(needed) < 2 or len(roots & needed) < 0.8 * max(len(needed), len(roots)):
        return
    has_only = any(token.norm in _ONLY for token in said)
    is_bound = has_only or not _BINDING.isdisjoint(token.norm for token in said)
    if any(token.norm == "only" for token in main) and not is_bound:
        yield Fault("dropped_condition", "only")
    is_only = bool(condition) and condition[0].norm == "only"
    is_set = has_only if is_only else any(token.norm in _CONDITIONS for token in said)
    wanted = content(condition) - needed
    if len(wanted) >= (1 if is_only else 2) and not is_set and not wanted & (roots | around | texts.known_roots):
        yield Fault("dropped_condition", " ".join(token.raw for token in condition))


def _overstated(texts: Texts, said: Sequence[Token], line: Line) -> Iterable[Fault]:
    """Yield "always", "anywhere", "even if" and their like where the texts do not speak so and set a condition."""
    if not any(token.norm in _CONDITIONS or token.norm in _ONLY for token in line.tokens):
        return
    yield from (Fault("dropped_condition", t.raw) for t in said if t.norm in _WIDEST and t.norm not in texts.norms)
    for one, other in pairwise(said):
        if one.norm == "even" and other.norm in _CONDITIONS and "even" not in texts.norms:
            yield Fault("dropped_condition", f"{one.raw} {other.raw}")


def _of_all(texts: Texts, said: Sequence[Token], line: Line) -> Iterable[Fault]:
    """Yield "all" or "every" where the line speaks of some only, and "only" for what no text speaks of."""
    theirs, roots = {token.norm for token in line.plain}, content(said)
    if len(roots & line.roots) >= TELLS * len(roots) and (
        "only" in theirs or _limit(line.plain) - {t.norm for t in said}
    ):
        yield from (Fault("dropped_condition", token.raw) for token in said if token.norm in _ALL - theirs)
    if "only" in theirs and (aimed := _aimed_at(said)) and aimed.is_content and aimed.root not in texts.roots:
        yield Fault("contradiction", aimed.raw)


def _aimed_at(said: Sequence[Token]) -> Token | None:
    """Return the word that "only" speaks of: the next one, or the last but it."""
    places = [place for place, token in enumerate(said) if token.norm == "only"]
    if not places or len(said) < 2:
        return None
    return said[places[0] + 1] if places[0] + 1 < len(said) else said[-2]


def _limit(found: Sequence[Token]) -> set[str]:
    """Return the numbers that what a line says begins or ends at ("transfers over 2,000")."""
    return {other.norm for one, other in pairwise(found) if one.norm in _LIMITING and other.is_number}


def _parted(found: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return what a sentence says and the condition it puts behind, which may be empty."""
    for place, token in enumerate(found[2:], 2):
        is_only = token.norm == "only" and found[place + 1 : place + 2] and found[place + 1].norm in _PLACING
        if (token.norm in _CONDITIONS and len(found) - place >= 3) or is_only:
            return found[:place], found[place:]
    return found, ()
