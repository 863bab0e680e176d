"""Find personal data and secrets in text: pure, by form and check digits, by context, by structure.

Structured kinds (card, IBAN, e-mail, IP, national ids, tokens) are exact where a check digit or a grammar exists;
names and addresses go by greeting, signature and layout, and are best effort.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.personal.addresses import addresses
from workers.personal.credentials import codes, passwords, usernames
from workers.personal.forms import birth_dates, cards, emails, ibans, ips, national_ids, tokens
from workers.personal.found import Found
from workers.personal.names import known, names
from workers.personal.phones import phones

STRUCTURED = frozenset({"card", "iban", "email", "phone", "ip", "national-id", "token", "password", "code"})
_CERTAIN = (tokens, emails)
_WITH_DIGITS = (ibans, cards, national_ids, ips, birth_dates)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    start: int
    end: int
    kind: str


def find_personal_data(text: str, known_names: Sequence[str] = ()) -> list[Span]:
    """Return everything to be masked, in order and without overlaps; the more certain kind wins."""
    taken: list[Span] = []
    free = bytearray(len(text))
    for kind, start, end in _candidates(text, known_names):
        if start < end and not any(free[start:end]):
            free[start:end] = b"\1" * (end - start)
            taken.append(Span(start, end, kind))
    return sorted(taken)


def _candidates(text: str, known_names: Sequence[str]) -> Iterator[Found]:
    """Yield (kind, start, end), the most certain kinds first."""
    has_digit = any(c.isdigit() for c in text)
    for find in (*_CERTAIN, *(_WITH_DIGITS if has_digit else ()), passwords):
        yield from find(text)
    if has_digit:
        yield from codes(text)
        yield from phones(text)
    yield from usernames(text)
    if has_digit:
        yield from addresses(text)
    yield from known(text, known_names)
    yield from names(text)
