"""Pure: a document -> chunks under the path of their headings. Lists, tables and code stay whole where they fit."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.domain import Chunk, Document

TARGET = 900  # characters: with title and headings about what the embedding model reads
LIMIT = 1500  # a list, table or piece of code up to this is kept whole

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)])[ \t]+\S")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


@dataclass(frozen=True, slots=True)
class _Section:
    heading: tuple[str, ...]
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text under its path of headings, before neighbours are joined."""

    heading: tuple[str, ...]
    text: str


def chunk(document: Document) -> list[Chunk]:
    """Cut a document. Same document, same chunks: ids count on from `<document id>#0`.

    Short sections are joined with their neighbours: a heading with one line under it is found by its words far too
    often, and answers little. A document without text still gives one chunk, so that its title can be found.
    """
    pieces = [
        _Piece(section.heading, text)
        for section in _sections(document)
        for text in _pack(_blocks(section.lines)) or ([""] if section.heading else [])
    ]
    joined = _join(pieces) or [_Piece((), "")]
    return [
        Chunk(
            f"{document.id}#{position}",
            document.id,
            position,
            piece.heading,
            piece.text,
            _digest(embedded_text(document.title, piece.heading, piece.text)),
        )
        for position, piece in enumerate(joined)
    ]


def embedded_text(title: str, heading: tuple[str, ...], text: str) -> str:
    """Return what is embedded for a chunk: its title and headings say what a bare paragraph leaves out."""
    above = [title, *(part for part in heading if part != title)]
    return "\n".join(part for part in (" > ".join(above), text) if part)


def content_hash(document: Document) -> str:
    """Return a hash over everything of a document that is stored or searched: same hash, no work."""
    parts = (
        document.source,
        document.title,
        document.text,
        document.audience,
        document.url,
        document.locale,
        document.brand_id,
        *("section", *document.section),
        *("labels", *document.labels),
        document.updated_at.isoformat() if document.updated_at else "",
        *(moment.isoformat() if moment else "" for moment in (document.valid_until, document.valid_from)),
        document.reviewed_at.isoformat() if document.reviewed_at else "",
    )
    return _digest(*parts)


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(joined).hexdigest()[:32]


def _sections(document: Document) -> Iterator[_Section]:
    path: list[tuple[int, str]] = []
    section = _Section((), [])
    fence = ""
    for line in document.text.splitlines():
        if fence:
            fence = "" if line.strip().startswith(fence) else fence
        elif opened := _FENCE.match(line):
            fence = opened[1]
        elif found := _HEADING.match(line):
            yield section
            level = len(found[1])
            path = [(other, name) for other, name in path if other < level]
            if found[2] and found[2] != document.title:
                path.append((level, found[2]))
            section = _Section(tuple(name for _, name in path), [])
            continue
        section.lines.append(line)
    yield section


def _blocks(lines: list[str]) -> list[str]:
    """Part lines into blocks: a paragraph, a whole list, a table or a piece of code."""
    blocks: list[list[str]] = []
    kind = ""
    fence = ""
    for line in lines:
        if fence:
            blocks[-1].append(line)
            fence = "" if line.strip().startswith(fence) else fence
            kind = "code" if fence else ""
            continue
        if opened := _FENCE.match(line):
            fence, now = opened[1], "code"
        elif not line.strip():
            kind = kind if kind == "list" else ""  # empty lines between items do not end a list
            continue
        elif _ITEM.match(line) or (kind == "list" and line[0] in " \t"):
            now = "list"
        else:
            now = "table" if line.lstrip().startswith("|") else "text"
        if now != kind or now == "code":
            blocks.append([])
        blocks[-1].append(line.rstrip())
        kind = now
    return ["\n".join(block) for block in blocks]


def _pack(blocks: list[str]) -> list[str]:
    """Join blocks up to the target. What leads into a list ("Do this:") goes with it."""
    packed: list[str] = []
    for piece in (piece for block in blocks for piece in _split(block)):
        room = LIMIT if packed and packed[-1].endswith(":") else TARGET
        if packed and len(packed[-1]) + len(piece) + 2 <= room:
            packed[-1] += f"\n\n{piece}"
        else:
            packed.append(piece)
    return packed


def _join(pieces: list[_Piece]) -> list[_Piece]:
    """Join neighbouring pieces up to the target under the headings they share; their own stand in the text."""
    groups: list[list[_Piece]] = []
    size = 0
    for piece in pieces:
        length = sum(map(len, piece.heading[-1:])) + len(piece.text) + 4
        if groups and size + length <= TARGET:
            groups[-1].append(piece)
            size += length
        else:
            groups.append([piece])
            size = length
    return [_merge(group) for group in groups]


def _merge(group: list[_Piece]) -> _Piece:
    if len(group) == 1:
        return group[0]
    shared = group[0].heading
    for piece in group:
        shared = shared[: _shared(shared, piece.heading)]
    texts: list[str] = []
    above = shared
    for piece in group:
        same = _shared(above, piece.heading)
        texts += [f"{'#' * (level + 2)} {name}" for level, name in enumerate(piece.heading) if level >= same]
        texts.append(piece.text)
        above = piece.heading
    return _Piece(shared, "\n\n".join(text for text in texts if text))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many headings two paths share, from the top."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _split(block: str) -> list[str]:
    """Part a block that is over the limit at its lines, sentences, or at worst anywhere."""
    is_text = "\n" not in block and not _ITEM.match(block)
    if len(block) <= (TARGET if is_text else LIMIT):
        return [block]
    lines = block.split("\n")
    head = lines[:2] if len(lines) > 2 and lines[0].lstrip().startswith("|") and set(lines[1]) <= set("|-: ") else []
    parts: list[str] = []
    held = list(head)
    for unit in (unit for line in lines[len(head) :] for unit in _units(line)):
        if len(held) > len(head) and sum(map(len, held)) + len(unit) > TARGET:
            parts.append("\n".join(held))
            held = list(head)  # a table's rows mean little without its head
        held.append(unit)
    return [*parts, "\n".join(held)]


def _units(line: str) -> Iterator[str]:
    """Return a line, or its sentences joined up to the target, or bare cuts of a word without end."""
    if len(line) <= TARGET:
        yield line
        return
    held = ""
    for sentence in _SENTENCE_END.split(line):
        if held and len(held) + len(sentence) > TARGET:
            yield held
            held = ""
        held = f"{held} {sentence}" if held else sentence
        while len(held) > TARGET:
            cut = held.rfind(" ", TARGET // 2, TARGET)
            cut = cut if cut > 0 else TARGET
            yield held[:cut]
            held = held[cut:].lstrip()
    if held:
        yield held
