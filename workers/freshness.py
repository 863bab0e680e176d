"""Pure: what of the library a person should look at, and why: stale, said twice, contradicting, wrong, or missing.

Nothing here changes anything; `deskhand review` shows it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from kb.domain import Document, Precedent, ShelvedChunk, Source
from workers.stages.evidence import Evidence
from workers.stages.words import sentences, tokens

TWIN = 0.92  # cosine from which on two chunks say the same
NEAR = 0.80  # and from which on they speak of the same, so that their sentences can be compared
SAME_SHARE = 0.5  # of the shorter document's chunks that have a twin in the other
ASKED_ALIKE = 0.60  # cosine from which on two questions are one gap
_BLOCK = 500

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `kind` is overdue, out_of_date, called_wrong, said_twice or contradiction."""

    kind: str
    document_id: str
    title: str
    url: str
    why: str
    other_id: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that nothing in the library answered, masked."""

    vendor: str
    ticket_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one kind that nothing answered: `example` is one of them, `ticket_ids` the first few."""

    count: int
    example: str
    ticket_ids: tuple[str, ...]


def overdue(documents: Iterable[Document], now: datetime, days: float) -> list[Finding]:
    """Return articles that nobody has looked at for so long, the longest first; undated ones are not known to be."""
    seen = [(document.reviewed_at or document.updated_at, document) for document in documents]
    late = [(at, d) for at, d in seen if at and d.source is Source.ARTICLE and now - at > timedelta(days=days)]
    late.sort(key=lambda pair: (pair[0], pair[1].id))
    return [_finding("overdue", d, f"last looked at {(now - at).days} days ago") for at, d in late]


def out_of_date(documents: Iterable[Document], now: datetime) -> list[Finding]:
    """Return what answers nobody now: past its last day, or before its first."""
    found = []
    for document in documents:
        if document.valid_until and document.valid_until <= now:
            found.append(_finding("out_of_date", document, f"ended {document.valid_until:%Y-%m-%d}"))
        elif document.valid_from and document.valid_from > now:
            found.append(_finding("out_of_date", document, f"begins {document.valid_from:%Y-%m-%d}"))
    return found


def is_replaced(document: Document, now: datetime) -> bool:
    """Say whether a newer lesson took the place of this one: nobody need look at it any more."""
    return document.source is Source.LESSON and document.valid_until is not None and document.valid_until <= now


def called_wrong(documents: Mapping[str, Document], precedents: Iterable[Precedent]) -> list[Finding]:
    """Return what staff called a wrong answer, with the tickets, the most often called so first."""
    tickets: dict[str, list[str]] = defaultdict(list)
    for precedent in precedents:
        for id_, weight in precedent.documents.items():
            if weight < 0 and id_ in documents:
                tickets[id_].append(precedent.id)
    order = sorted(tickets.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        _finding("called_wrong", documents[id_], f"wrong {len(ids)} times, as in {', '.join(ids[:3])}")
        for id_, ids in order
    ]


def compared(items: Sequence[ShelvedChunk], vectors: Floats) -> list[Finding]:
    """Return documents that say the same twice, and sentences of them that do not agree.

    `vectors` has a row for each chunk. Only what the same requester could be shown is compared: of one locale, and of
    one brand or none.
    """
    twins: dict[tuple[str, str], set[str]] = defaultdict(set)
    documents = {item.document.id: item.document for item in items}
    sizes = Counter(item.document.id for item in items)
    found: dict[Finding, None] = {}
    for one, other, cosine in _pairs(items, vectors):
        pair = (items[one].document.id, items[other].document.id)
        if cosine >= TWIN:
            fewer = one if sizes[pair[0]] <= sizes[pair[1]] else other
            twins[pair].add(items[fewer].chunk.id)
        found |= dict.fromkeys(_at_odds(items[one], items[other]))
    said_twice = [
        _finding("said_twice", documents[a], f"says much the same as “{documents[b].title}”", b)
        for (a, b), alike in twins.items()
        if len(alike) >= SAME_SHARE * min(sizes[a], sizes[b])
    ]
    return [*said_twice, *found]


def gaps(asked: Sequence[Asked], vectors: Floats) -> list[Gap]:
    """Put questions that are alike together, each to the first it is near enough to; the most asked first."""
    groups: list[list[int]] = []
    leaders: list[int] = []
    for at in range(len(asked)):
        near = vectors[leaders] @ vectors[at] if leaders else np.empty(0, np.float32)
        if len(near) and near.max() >= ASKED_ALIKE:
            groups[int(near.argmax())].append(at)
        else:
            leaders.append(at)
            groups.append([at])
    found = [_gap([asked[at] for at in group]) for group in groups]
    return sorted(found, key=lambda gap: -gap.count)


def _gap(asked: Sequence[Asked]) -> Gap:
    tickets = list(dict.fromkeys(f"{one.vendor}:{one.ticket_id}" for one in asked))
    return Gap(len(tickets), asked[0].text, tuple(tickets[:5]))


def _pairs(items: Sequence[ShelvedChunk], vectors: Floats) -> Iterable[tuple[int, int, float]]:
    """Yield pairs of chunks of different documents that speak of the same, and may be shown to the same person."""
    for start in range(0, len(items), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors[start:].T
        for row, column in np.argwhere(np.triu(cosines >= NEAR, 1)):
            one, other = start + int(row), start + int(column)
            if _may_meet(items[one].document, items[other].document):
                yield one, other, float(cosines[row, column])


def _may_meet(one: Document, other: Document) -> bool:
    is_same_brand = one.brand_id == other.brand_id or not one.brand_id or not other.brand_id
    return one.id != other.id and one.locale == other.locale and is_same_brand


def at_odds(text: str, other: str, title: str) -> Iterator[tuple[str, str]]:
    """Yield the statements of a text that stand in the other with another number, or turned round; and how they stand.

    What the title names is what the text is about, not a slip: version 60 here, version 68 there.
    """
    topic = {token.stem for token in tokens(title)}
    theirs = [sentence for sentence in sentences(other) if _states(sentence)]
    places = Evidence(theirs)
    for sentence in filter(_states, sentences(text)):
        place = places.place_of(sentence)
        if place and _disagree(sentence, theirs[place[0]], topic):
            yield sentence, theirs[place[0]]


def _at_odds(one: ShelvedChunk, other: ShelvedChunk) -> Iterator[Finding]:
    for sentence, theirs in at_odds(one.chunk.text, other.chunk.text, one.document.title):
        why = f"“{sentence}”, but “{other.document.title}” says: “{theirs}”"
        yield _finding("contradiction", one.document, why, other.document.id)


def _states(sentence: str) -> bool:
    """Say whether a sentence claims something: a heading, a question or a case that is thought of does not."""
    return not sentence.startswith("#") and not sentence.endswith("?") and not sentence.lower().startswith("if ")


def _disagree(sentence: str, other: str, topic: Set[str]) -> bool:
    """Say whether two sentences worded alike differ in polarity, or in a number that both give."""
    has_number = any(token.is_number for token in tokens(other))
    return any(
        fault.code == "contradiction" or (fault.code == "unsupported_number" and has_number)
        for fault in Evidence([other]).judge(sentence).faults
        if not topic & {token.stem for token in tokens(fault.words)}
    )


def _finding(kind: str, document: Document, why: str, other_id: str = "") -> Finding:
    return Finding(kind, document.id, document.title, document.url, why, other_id)
