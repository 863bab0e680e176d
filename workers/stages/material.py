"""Pure: the data parts of a prompt. Untrusted text stands between tags of ours and is cut to its token budget."""

import re
from collections.abc import Iterable, Sequence, Set

from kb.domain import Passage
from workers.domain import Draft, Enclosure, Finding, Findings, Reading, Turn
from workers.stages.words import tokens as words_in

TAGS = frozenset(
    {
        "ask",
        "asks",
        "attachment",
        "candidates",
        "earlier",
        "examples",
        "facts",
        "intents",
        "message",
        "passage",
        "passages",
        "reply",
        "system",
        "thread",
        "turn",
        "wish",
    }
)

# Letters that show nothing but can split a word for a filter, or carry hidden text: tag characters, zero-width
# spaces, direction marks. The joiners of emoji and of Persian or Indic words stay.
_INVISIBLE = re.compile("[\U000e0000-\U000e007f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
_ANGLE = r"[<\uff1c\ufe64\u2039\u3008]"
_BLANK = r"[\s\u200c\u200d]*"

CHARACTERS_PER_TOKEN = 4  # near enough for English; the exact count comes back with the answer
_OPENING = re.compile(r".{1,200}?(?:[.!?](?=\s|$)|$)|.{1,200}")
_WORTH_CUTTING = 120  # letters; to leave out less is not worth a gap
GAP = "\n[... left out for length ...]\n"


def fence(tag: str, text: str, **attributes: str) -> str:
    """Return `text` inside `<tag>`, with nothing in it that could close or open a tag of ours.

    Attributes are our own words (ids, roles), never the requester's. Other angle brackets stay as they are, since
    articles use them (`<version>`).
    """
    head = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{head}>\n{neutralise(text, tag)}\n</{tag}>"


def neutralise(text: str, *more_tags: str) -> str:
    """Return `text` without invisible letters, and with the bracket of every look-alike of our tags made harmless."""
    names = "|".join(sorted(TAGS | set(more_tags)))
    pattern = rf"{_ANGLE}(?={_BLANK}[/\uff0f]?{_BLANK}(?:{names})\b)"
    return re.sub(pattern, "&lt;", _INVISIBLE.sub("", text), flags=re.IGNORECASE).strip()


def cut(text: str, tokens: int) -> tuple[str, bool]:
    """Return `text` in at most about `tokens` tokens, and whether something was left out: the middle.

    People open with the problem and close with the question; logs and forwarded mail stand between.
    """
    room = tokens * CHARACTERS_PER_TOKEN
    if len(text) <= room:
        return text, False
    head = max(room * 2 // 3, 1)
    tail = max(room - head - len(GAP), 0)
    return text[:head].rsplit(" ", 1)[0] + GAP + (text[-tail:].split(" ", 1)[-1] if tail else ""), True


def message_part(reading: Reading, tokens: int) -> tuple[str, bool]:
    """Return the requester's newest message with its subject and the names of its attachments."""
    newest, was_cut = cut(reading.newest or reading.full, tokens)
    subject = f"Subject: {cut(reading.subject, 64)[0]}\n\n" if reading.subject else ""
    attached = f"\n\nAttached: {', '.join(reading.attachments[:10])}" if reading.attachments else ""
    return fence("message", f"{subject}{newest}{attached}"), was_cut


def enclosed_part(enclosures: Iterable[Enclosure], tokens: int) -> tuple[str, list[str]]:
    """Return the texts of files that came with the message, each under its name, and which of them were cut."""
    pieces, cuts = [], []
    for enclosure in enclosures:
        if enclosure.unread:
            continue
        text, was_cut = cut(enclosure.text, tokens)
        pieces.append(fence("attachment", f"{enclosure.name}\n\n{text}"))
        cuts += [f"attachment {enclosure.name}: a part"] if was_cut or enclosure.is_cut else []
    return "\n\n".join(pieces), cuts


def thread_part(turns: Iterable[Turn], limit: int, tokens: int, *, summary_tokens: int = 0) -> tuple[str, list[str]]:
    """Return the last `limit` turns within `tokens` altogether, and what was left out, in words.

    Of the turns before them the opening sentence stands, the newest first to get a place within `summary_tokens`.
    """
    every = list(turns)
    kept = every[-limit:] if limit else []
    short, left_out = _in_short(every[: len(every) - len(kept)], summary_tokens)
    cuts = [f"thread: {left_out} older turns"] if left_out else []
    cuts += [f"thread: {len(short)} older turns to a sentence each"] if short else []
    share = tokens // max(len(kept), 1)
    lines = []
    for turn in kept:
        text, was_cut = cut(turn.text, share)
        if was_cut:
            cuts.append("thread: a long turn")
        lines.append(f"[{turn.role}, {turn.at:%Y-%m-%d}] {text}")
    summary = ["Before that, in short:\n" + "\n".join(short)] if short else []
    return fence("thread", "\n\n".join(summary + lines)), cuts


def _in_short(turns: Sequence[Turn], tokens: int) -> tuple[list[str], int]:
    """Return a line for each of the newest turns that fit, oldest first, and how many did not."""
    room, lines = tokens * CHARACTERS_PER_TOKEN, list[str]()
    for turn in reversed(turns):
        opening = _OPENING.match(" ".join(turn.text.split()))
        line = f"- [{turn.role}, {turn.at:%Y-%m-%d}] {opening[0] if opening else ''}"
        room -= len(line)
        if room < 0:
            break
        lines.insert(0, line)
    return lines, len(turns) - len(lines)


def tokens_of(text: str) -> int:
    """Return about how many tokens a text takes."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def asks_part(reading: Reading) -> str:
    """Return what the requester wants to know, numbered from one."""
    asks = reading.asks or ("What the message above asks for.",)
    return fence("asks", "\n".join(f"{number}. {ask}" for number, ask in enumerate(asks, 1)))


def passage_part(passage: Passage, name: str, tokens: int) -> tuple[str, bool]:
    """Return a passage under its name, cut after the last whole line or sentence that fits, and whether it was cut."""
    text, room = passage.text.strip(), tokens * CHARACTERS_PER_TOKEN
    is_cut = len(text) > room
    if is_cut:
        ends = [match.end() for match in re.finditer(r"\n|[.!?](?=\s)", text[:room])]
        text = text[: ends[-1] if ends else room]
    lines = [f"Title: {passage.title}"]
    if passage.heading:
        lines.append(f"Section: {' > '.join(passage.heading)}")
    if passage.url:
        lines.append(f"Link: {passage.url}")
    return fence("passage", "\n".join(lines) + f"\n\n{text}", id=name), is_cut


def excerpt(text: str, about: Iterable[str]) -> str:
    """Return the paragraphs of a text that fit these sentences best, each with its neighbours and its heading.

    A condition or an exception stands beside what it restricts. What fits nothing leaves a gap; a text of which little
    would go stays whole.
    """
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    words = [_content(block) for block in blocks]
    kept: set[int] = set()
    for sentence in about:
        wanted = _content(sentence)
        shared = [len(wanted & some) for some in words]
        places = [place for place, hits in enumerate(shared) if hits and hits >= 0.8 * max(shared)]
        kept |= {near for place in places for near in (place - 1, place, place + 1)}
    kept |= {max((at for at in range(place) if blocks[at].startswith("#")), default=place) for place in kept}
    if not kept or sum(len(blocks[place]) for place in range(len(blocks)) if place not in kept) < _WORTH_CUTTING:
        return text
    return "\n\n".join(_joined(blocks, kept))


def _joined(blocks: Sequence[str], kept: Set[int]) -> Iterable[str]:
    """Yield the kept blocks, and three dots once for those between them."""
    for place, block in enumerate(blocks):
        if place in kept:
            yield block
        elif place == 0 or place - 1 in kept:
            yield "..."


def _content(text: str) -> frozenset[str]:
    return frozenset(token.root for token in words_in(text) if token.is_content)


def earlier_part(draft: Draft, findings: Findings) -> str:
    """Return a draft that did not pass, its sentences numbered, and what is wrong with it."""
    lines = [f"{number}. {sentence.text}" for number, sentence in enumerate(draft.sentences, 1)]
    faults = [_fault(one) for one in findings.doubts]
    if findings.judgement and findings.judgement.reason:
        faults.append(f"- {findings.judgement.reason}")
    said = ("", "What is wrong with it:", *dict.fromkeys(faults)) if faults else ()
    return fence("earlier", "\n".join((*lines, *said)))


def _fault(finding: Finding) -> str:
    place = f"sentence {finding.sentence + 1}: " if finding.sentence >= 0 else ""
    words = f' "{finding.words}"' if finding.words else ""
    return f"- {place}{finding.code.replace('_', ' ')}{words}"
