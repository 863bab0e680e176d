"""Pure: what the requester reads, as the helpdesk's HTML, and the package of what is known that it is made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from config.policy import Policy
from integrations.helpdesk import Ticket
from kb.domain import Passage, SimilarTicket, Source
from workers.account import Account
from workers.domain import (
    Classification,
    Draft,
    Finding,
    Findings,
    Reading,
    RuleHit,
)
from workers.plain_reply import plain_reply
from workers.redact import unmask
from workers.wording import letter_words

# What stands in the name field of people who gave no name.
_NO_NAMES = frozenset(
    {
        "admin",
        "anonymous",
        "client",
        "contact",
        "customer",
        "guest",
        "hello",
        "info",
        "mail",
        "none",
        "noreply",
        "office",
    }
    | {"requester", "sales", "support", "team", "test", "unknown", "user"}
)
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True, slots=True)
class Package:
    """All that is known of a case when its outcome is written."""

    ticket: Ticket
    reading: Reading
    label: Classification | None = None
    hits: tuple[RuleHit, ...] = ()
    passages: tuple[Passage, ...] = ()
    draft: Draft | None = None
    findings: Findings = field(default_factory=Findings)
    account: Account = field(default_factory=Account)
    is_bare: bool = False  # the note says only that a person has to look: whatever else it would say cannot be said
    similar: tuple[SimilarTicket, ...] = ()


def reply(package: Package, policy: Policy) -> str:
    """Render the public reply. Personal data of the same requester is put back, secrets never are."""
    return render(
        "reply.html",
        **letter(package, policy),
        says_assistant=policy.answering.assistant_line(package.reading.language),
    )


def approved_reply(package: Package, policy: Policy) -> str:
    """Render the public reply of a draft that a person sends: no assistant is named."""
    return render("reply.html", **letter(package, policy), says_assistant="")


def render(template: str, **values: Any) -> str:
    lines = (line.strip() for line in _pages.get_template(template).render(**values).splitlines())
    return "\n".join(line for line in lines if line)


def letter(package: Package, policy: Policy, doubts: Sequence[Finding] = ()) -> dict[str, Any]:
    """Return what a reply is made of, in the requester's language; words in doubt are underlined."""
    assert package.draft is not None
    words = letter_words(package.reading.language)
    # Whom else a reply answers, it greets nobody by name: it still goes to the requester.
    name = "" if package.reading.is_participant else package.ticket.requester.name
    return {
        "greeting": greeting(name, package.reading.language),
        "groups": blocks_of(package.draft, package.reading, doubts),
        "links": _links(package),
        "read_more": words.read_more,
        "signature": policy.answering.signature,
    }


def greeting(name: str, language: str = "en") -> str:
    """Address a person by first name if the name looks like one, else by nothing."""
    first = name.strip().split(" ")[0] if name.strip() else ""
    usable = first.isalpha() and 1 < len(first) < 20 and first.lower() not in _NO_NAMES
    words = letter_words(language)
    return words.greeting.format(name=f"{first[0].upper()}{first[1:]}") if usable else words.hello


def blocks_of(draft: Draft, reading: Reading, doubts: Sequence[Finding] = ()) -> list[dict[str, Any]]:
    """Group sentences into paragraphs and lists; a change of sources inside prose starts no new paragraph."""
    lines = [
        (sentence.block, _line(sentence.text, reading, [one.words for one in doubts if one.sentence == place]))
        for place, sentence in enumerate(draft.sentences)
    ]
    return [
        {"kind": kind.value, "lines": [line for _, line in run]}
        for kind, run in groupby(lines, key=lambda pair: pair[0])
    ]


def _line(text: str, reading: Reading, doubtful: Sequence[str]) -> Markup:
    """Return a sentence with the requester's own data put back, and what is in doubt underlined."""
    found = sorted({unmask(words, reading.vault) for words in doubtful if words.strip()}, key=len, reverse=True)
    if not found:
        return escape(unmask(text, reading.vault))
    parts = re.split(f"({'|'.join(map(re.escape, found))})", unmask(text, reading.vault))
    underlined = Markup("<u>{}</u>")
    return Markup("").join(underlined.format(part) if part in found else part for part in parts)


def cited(package: Package) -> tuple[Passage, ...]:
    if package.draft is None:
        return package.passages
    names = {name for sentence in package.draft.sentences for name in sentence.passages}
    return tuple(p for number, p in enumerate(package.passages, 1) if f"P{number}" in names)


def _links(package: Package) -> list[dict[str, str]]:
    articles = (p for p in cited(package) if p.source is Source.ARTICLE and p.url.startswith("http"))
    return [{"url": url, "title": title} for url, title in dict.fromkeys((p.url, p.title) for p in articles)][:2]


def as_chat(package: Package) -> str:
    """Return the draft as a person pastes it into a chat, which shows no mark-up; "" where the reply is a mail."""
    if not package.ticket.is_messaging or package.draft is None:
        return ""
    words = letter_words(package.reading.language)
    name = "" if package.reading.is_participant else package.ticket.requester.name
    return plain_reply(
        package.draft,
        package.reading.vault,
        greeting=greeting(name, package.reading.language),
        read_more=words.read_more,
        links=[(link["title"], link["url"]) for link in _links(package)],
    )
