"""Pure: a reply as plain text, for channels that show no mark-up, and how much of it such a channel takes."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from workers.domain import Block, Draft
from workers.redact import unmask

# Letters of one message, as the channels' makers publish them (read in November 2026). Others set no limit that a
# reply of ours would meet.
LIMITS: Mapping[str, int] = {"sms": 1600, "instagram": 1000, "facebook": 2000, "whatsapp": 4096, "line": 5000}


def plain_reply(
    draft: Draft, vault: Mapping[str, str], *, greeting: str, read_more: str = "", links: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the reply with numbers before steps, hyphens before points, and addresses written out.

    There is no signature: in a chat the writer's name stands beside every message.
    """
    lines = [(sentence.block, unmask(sentence.text, vault)) for sentence in draft.sentences]
    parts = [_written(kind, [text for _, text in run]) for kind, run in groupby(lines, key=lambda line: line[0])]
    if links:
        parts.append("\n".join((read_more, *(f"{title}: {url}" for title, url in links))))
    return "\n\n".join(part for part in (greeting, *parts) if part)


def letters_over(text: str, channel: str) -> int:
    """Return by how many letters a text is longer than the channel takes; 0 if it fits."""
    return max(0, len(text) - LIMITS.get(channel, len(text)))


def _written(kind: Block, texts: Sequence[str]) -> str:
    if kind is Block.STEP:
        return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
    if kind is Block.BULLET:
        return "\n".join(f"- {text}" for text in texts)
    return ("\n" if kind is Block.CODE else " ").join(texts)
