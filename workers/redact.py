"""Mask personal data and secrets before prompts, logs, embeddings and storage; put harmless ones back into a reply.

Pure. The same value gets the same placeholder within one vault, so a masked ticket stays readable.
"""

import re
from collections.abc import Mapping, Sequence

from workers.personal_data import find_personal_data

SECRET_KINDS = frozenset({"card", "password", "code", "token", "national-id"})
PLACEHOLDER = re.compile(
    r"\[(name|email|phone|card|iban|ip|password|code|token|national-id|username|birth-date|address)-(\d{1,4})\]"
)


def mask(text: str, *, vault: dict[str, str], known_names: Sequence[str] = ()) -> str:
    """Return `text` with placeholders such as [card-1] for personal data; `vault` gains placeholder -> original.

    Masking masked text changes nothing. A placeholder somebody typed, which stands for nothing in the vault, is
    written in round brackets so that it can never be filled.
    """
    text = PLACEHOLDER.sub(lambda found: found[0] if found[0] in vault else f"({found[0][1:-1]})", text)
    known = {
        (_kind(placeholder), _sameness(_kind(placeholder), value)): placeholder for placeholder, value in vault.items()
    }
    pieces: list[str] = []
    rest = 0
    for part in _between_placeholders(text):
        for span in find_personal_data(text[part], known_names):
            value = text[part][span.start : span.end]
            key = span.kind, _sameness(span.kind, value)
            if key not in known:
                known[key] = f"[{span.kind}-{1 + sum(kind == span.kind for kind, _ in known)}]"
                vault[known[key]] = value
            pieces += [text[rest : part.start + span.start], known[key]]
            rest = part.start + span.end
    return "".join([*pieces, text[rest:]])


def unmask(text: str, vault: Mapping[str, str]) -> str:
    """Put the originals back, except of cards, passwords, codes, tokens and national ids, which stay masked."""

    def original(found: re.Match[str]) -> str:
        return found[0] if found[1] in SECRET_KINDS else vault.get(found[0], found[0])

    return PLACEHOLDER.sub(original, text)


def kinds(vault: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds that were masked, sorted."""
    return tuple(sorted({_kind(placeholder) for placeholder in vault}))


def _kind(placeholder: str) -> str:
    return placeholder[1:-1].rpartition("-")[0]


def _sameness(kind: str, value: str) -> str:
    """Return what two spellings of one value share: a card with and without blanks is one card."""
    if kind in ("card", "iban", "phone", "national-id"):
        return re.sub(r"[^\w+]", "", value).casefold()
    return value if kind in ("password", "token", "code") else " ".join(value.casefold().split())


def _between_placeholders(text: str) -> list[slice]:
    """Return the stretches of text that are not placeholders."""
    edges = [0, *(edge for found in PLACEHOLDER.finditer(text) for edge in found.span()), len(text)]
    return [slice(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
