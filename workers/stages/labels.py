"""Names of buttons and menus in a sentence: the texts must have them, and have them where the rest stands. Pure."""

from collections.abc import Iterable, Sequence

from workers.stages.conditions import Fault
from workers.stages.texts import Texts, content
from workers.stages.vocabulary import NO_NAMES, stem, word_set
from workers.stages.words import Token

_UI_STEMS = frozenset(map(stem, word_set("click press tap choose select pick open tick untick check uncheck hit")))
# In the middle of a sentence these begin with a capital only inside a label or a title.
_FUNCTION_WORDS = word_set(
    "a an and are as at by for from how if in into is it of on or the this to what when where with you your"
)


def mislabelled(texts: Texts, said: Sequence[Token]) -> Iterable[Fault]:
    """Yield the name of a button or menu that the texts do not have, or have where the rest does not stand."""
    for start, end in _runs(said):
        run = said[start:end]
        is_pressed = said[start - 1].stem in _UI_STEMS
        is_odd = _opens_a_label(run, said[start - 1]) and run[0].raw not in texts.inner_capitals
        if is_odd or (is_pressed and not texts.has_phrase(run)):
            yield Fault("unsupported_label", " ".join(token.raw for token in run))
        elif _is_misplaced(texts, run, said) or _is_misplaced(texts, _whole_label(texts, said, start, end), said):
            yield Fault("swapped_name", " ".join(token.raw for token in run))


def _whole_label(texts: Texts, said: Sequence[Token], start: int, end: int) -> Sequence[Token]:
    """Return a name with the plain words behind it that the texts put there too ("My hours")."""
    while end < len(said) and texts.has_phrase(said[start : end + 1]):
        end += 1
    return said[start:end]


def _is_misplaced(texts: Texts, run: Sequence[Token], said: Sequence[Token]) -> bool:
    """Say whether the lines that have the rest of the sentence have another name in this one's place."""
    name = content(token for token in run if token.norm not in NO_NAMES)
    rest = content(said) - content(run)
    hits = [len(rest & line.roots) for line in texts.lines]
    needed = max(2, 0.65 * len(rest))
    places = [place for place, shared in enumerate(hits) if shared >= needed and shared == max(hits)]
    has_name = [
        name & line.roots and shared >= max(2, 0.4 * len(rest)) for line, shared in zip(texts.lines, hits, strict=True)
    ]
    if not name or not places or any(has_name):
        return False
    ours = {token.stem for token in said}
    return any(token.is_name and token.stem not in ours for place in places for token in texts.lines[place].tokens)


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
