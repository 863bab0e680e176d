"""Pure: what staff made of a draft, found by comparing it with the public reply that they wrote.

Greeting, signature, links to the draft's own sources, line breaks, case and punctuation are no change. Everything
else is an edit with a kind, so that what goes wrong with drafts can be counted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from workers.courtesy import without_courtesy

_REPLACED = 0.35  # a reply that keeps a smaller share of the draft's words is another reply
_ALIKE = 0.5  # of the words of the shorter text that say something
_SHORT = 200  # letters kept of each side of an edit


class EditKind(StrEnum):
    FACT = "fact"  # a number, name, link, or the opposite
    POLICY = "policy"  # what is allowed, owed, or promised
    TONE = "tone"  # the same in other words
    FORMAT = "format"  # line breaks, lists, capitals, punctuation
    GREETING = "greeting"  # greeting or signature
    REMOVAL = "removal"
    ADDITION = "addition"


class Use(StrEnum):
    """What became of a draft."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    REPLACED = "replaced"
    IGNORED = "ignored"  # the ticket was solved without a public word of staff


@dataclass(frozen=True, slots=True)
class Edit:
    """One change, from the draft's words to staff's; either side may be empty."""

    kind: EditKind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How staff used a draft. `kept` is the share of its words that stand in their reply."""

    use: Use
    kept: float
    edits: tuple[Edit, ...] = ()


def compare(draft: str, reply: str, *, sources: Iterable[str] = ()) -> Outcome:
    """Compare a draft with staff's public reply to the same message; both plain text, masked alike.

    `sources` are titles and addresses of what the draft cites: a line that only names one of them is no addition.
    """
    named = tuple(sources)
    ours, theirs = _letter(draft, named), _letter(reply, named)
    before, after = _WORD.findall(ours), _WORD.findall(theirs)
    matcher = SequenceMatcher(None, [_plain(w) for w in before], [_plain(w) for w in after], autojunk=False)
    kept = sum(block.size for block in matcher.get_matching_blocks()) / max(1, len(before))
    if kept < _REPLACED:
        return Outcome(Use.REPLACED, kept)
    changes = ((before[a:b], after[c:d]) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    edits = [Edit(_kind(old, new), _shown(old), _shown(new)) for old, new in changes]
    use = Use.EDITED if edits else Use.UNCHANGED
    return Outcome(use, kept, (*edits, *_outer_edits(draft, reply, ours, theirs, is_same=not edits)))


def resembles(draft: str, reply: str) -> bool:
    """Say whether a draft that nobody saw agrees with what staff wrote: alike in content, and no number against it.

    Two people never write the same letter, so words are compared as a set, without those that say nothing.
    """
    letters = _letter(draft, ()), _letter(reply, ())
    ours, theirs = (_content(letter) for letter in letters)
    if not ours or not theirs:
        return False
    said, told = (_facts(_WORD.findall(letter)) for letter in letters)
    is_at_odds = bool(said - told) and bool(told - said)
    return len(ours & theirs) / min(len(ours), len(theirs)) >= _ALIKE and not is_at_odds


def _letter(text: str, sources: Iterable[str]) -> str:
    """Return the body of a letter: no courtesy, and no line that only names a source."""
    named = {_squeezed(source) for source in sources if source}
    body = without_courtesy(_PLACEHOLDER.sub(_stand_in, text))
    return "\n".join(line for line in body.splitlines() if _squeezed(_LIST_MARK.sub("", line)) not in named)


def _stand_in(placeholder: re.Match[str]) -> str:
    """Return a word for what was masked: numbers differ from one masking to the next, and a name is no fact."""
    return "Somebody" if placeholder[1] == "name" else f"{placeholder[1]}@masked.data"


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _plain(word: str) -> str:
    return _SAME.get(word.casefold().replace("’", "'"), word.casefold().replace("’", "'"))


def _shown(words: Sequence[str]) -> str:
    return " ".join(words)[:_SHORT]


def _kind(old: Sequence[str], new: Sequence[str]) -> EditKind:
    """Name a change by the gravest thing that it touches."""
    left, right = {_plain(w) for w in old}, {_plain(w) for w in new}
    if (left & _NEGATIONS) != (right & _NEGATIONS) or (_facts(old) != _facts(new) and old and new):
        return EditKind.FACT
    if not (left | right) - _COURTESIES:
        return EditKind.TONE
    if (left & _POLICIES) != (right & _POLICIES) and old and new:
        return EditKind.POLICY
    if not new:
        return EditKind.REMOVAL
    if not old:
        return EditKind.ADDITION
    return EditKind.TONE


def _facts(words: Sequence[str]) -> set[str]:
    """Return the words that a reader would act on: numbers, amounts, codes, addresses."""
    return {
        word.casefold().strip(".") for word in words if any(c.isdigit() for c in word) or "@" in word or "/" in word
    }


def _content(text: str) -> set[str]:
    return {_plain(word) for word in _WORD.findall(text) if len(word) > 3} - _COURTESIES


def _outer_edits(draft: str, reply: str, ours: str, theirs: str, *, is_same: bool) -> list[Edit]:
    """Return what changed around and between the words; it makes no draft an edited one."""
    found = []
    if is_same and " ".join(ours.split()) != " ".join(theirs.split()):
        found.append(Edit(EditKind.FORMAT, "", ""))
    if _frame(draft) != _frame(reply):
        found.append(Edit(EditKind.GREETING, "", ""))
    return found


def _frame(text: str) -> str:
    """Return greeting and sign-off, squeezed: what is left of a letter without its body."""
    whole = _PLACEHOLDER.sub(_stand_in, text)
    return _squeezed(whole.replace(without_courtesy(whole), "", 1))


_WORD = re.compile(r"https?://[^\s<>()]+|[\w.+-]+@[\w-]+\.\w+|[$€£]?\d[\w.,:/%-]*\w|[$€£]?\d[%€]?|\w+(?:['’-]\w+)*")
_PLACEHOLDER = re.compile(r"\[([a-z-]+)-\d+\]")
_LIST_MARK = re.compile(r"^\s*(?:[-*•>]|\d+[.)])\s+")
_SAME = {"can't": "cannot", "don't": "dont", "do": "do", "won't": "wont", "it's": "its", "you'll": "youll"}
_NEGATION_WORDS = """
not no never cannot dont wont without nor isn't doesn't aren't wasn't didn't couldn't shouldn't unable enable disable
nicht kein keine nie ohne jamais pas sans nunca sin
"""
_POLICY_WORDS = """
refund refunds refunded policy policies terms contract must may allowed permitted entitled eligible required mandatory
obligatory fee fees charge charged free guarantee guaranteed warranty liable deadline cancel cancellation credit
credited compensation discount exception only always within until
"""
_COURTESY_WORDS = """
please kindly sorry apologies apologise apologize thanks thank you your for the a an and so very much happy glad hope
helps unfortunately of course sure just simply let us me know if i we are any further questions need anything else
reaching out inconvenience patience understand understanding appreciate this that to have great day is it in with be
will would could can here there about from been was were which what when where how then also
"""
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_POLICIES = frozenset(_POLICY_WORDS.split())
_COURTESIES = frozenset(_COURTESY_WORDS.split())
