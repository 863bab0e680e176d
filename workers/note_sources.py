"""Pure: what a note shows of the passages found and of earlier tickets: link, place, and the words that fit."""

import re
from collections.abc import Iterator, Sequence

from kb.domain import Passage, SimilarTicket, Source
from workers.stages.words import tokens
from workers.words import Words

QUOTE_LETTERS = 320


def shown_sources(
    passages: Sequence[Passage], fixed: Words, *, quotes: int = 0, question: str = ""
) -> list[dict[str, str]]:
    """Return what is shown of each passage, the first `quotes` of them with the words nearest to the question.

    An article that stands there already is not named again, unless more of it is quoted or another part is meant.
    """
    shown: list[dict[str, str]] = []
    named: set[tuple[str, str]] = set()
    for number, passage in enumerate(passages):
        row = _source(passage, fixed, quote=_quoted(passage.text, question) if number < quotes else "")
        article = row["url"] or row["title"]
        if row["quote"] or (article, row["heading"]) not in named:
            shown.append(row)
        named |= {(article, row["heading"]), (article, "")}
    return shown


def _source(passage: Passage, fixed: Words, *, quote: str) -> dict[str, str]:
    is_lesson = passage.source is Source.LESSON  # whose headings, question and answer, are ours and say nothing
    return {
        "url": passage.url if passage.url.startswith("http") else "",
        "title": passage.title,
        "heading": "" if is_lesson else " > ".join(passage.heading),
        "kind": fixed["note.lesson"] if is_lesson else "",
        "quote": quote,
        "why": _precedence(passage, fixed),
    }


def _precedence(passage: Passage, fixed: Words) -> str:
    """Say what earlier tickets tell for a passage, if they tell anything."""
    if not passage.sent_for:
        return ""
    return fixed["note.precedence"].format(sent=passage.sent_for, all=passage.similar_tickets)


def shown_tickets(similar: Sequence[SimilarTicket], fixed: Words) -> list[dict[str, str]]:
    """Return earlier tickets like this one, and what solved them; personal data in them stays masked."""
    return [
        {
            "url": other.url if other.url.startswith("http") else "",
            "title": shorten(other.subject, 120) or fixed["note.no_subject"],
            "date": f"{other.asked_at:%Y-%m-%d}" if other.asked_at else "",
            "quote": shorten(other.answer, QUOTE_LETTERS),
        }
        for other in similar
    ]


def shorten(text: str, letters: int) -> str:
    """Return the text as one line, cut between two words where it is too long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= letters else flat[:letters].rsplit(" ", 1)[0] + " …"


def _quoted(text: str, question: str) -> str:
    """Return a passage as prose; of a long one the stretch that shares most words with the question."""
    lines = list(_lines(text))
    rests = [" ".join(lines[start:]) for start in range(len(lines))]
    if not rests or len(rests[0]) <= QUOTE_LETTERS:
        return rests[0] if rests else ""
    wanted = _stems(question)
    best = max(range(len(rests)), key=lambda start: (len(wanted & _stems(rests[start][:QUOTE_LETTERS])), -start))
    return f"{'… ' if best else ''}{shorten(rests[best], QUOTE_LETTERS)}"


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without the marks of headings, lists and tables, each ended so that it reads as a sentence."""
    for line in filter(None, (_row(line.strip()) for line in text.splitlines())):
        plain = re.sub(r"^(?:#{1,6}|[-*•])\s+", "", line)
        plain = plain if plain == line else f"{plain[:1].upper()}{plain[1:]}"
        yield plain if plain.endswith((".", ":", ";", "!", "?", ",")) else f"{plain}."


def _row(line: str) -> str:
    """Return a line of a table as words with commas between, and the rule under its head as nothing."""
    if not line.startswith("|"):
        return line
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return "" if all(set(cell) <= set(":- ") for cell in cells) else ", ".join(filter(None, cells))


def _stems(text: str) -> set[str]:
    return {token.stem for token in tokens(text) if token.is_content}
