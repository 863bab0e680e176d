"""workers.stages.links: where a reply may lead. The tables of the checks (check/links.toml) hold the many forms."""

from pathlib import Path

import pytest

from config.policy import load_policy
from kb.domain import Passage, Source
from workers.stages.links import links, without_links

PASSAGE = Passage(
    "1", "1", Source.ARTICLE, "", (), "See https://help.example.com/a or write to us@help.example.com", "", 1.0
)


def codes(text: str) -> list[str]:
    policy = load_policy(Path("config"))
    answering = policy.answering.model_copy(update={"allowed_hosts": ("help.example.com",)})
    return [code for code, _ in links(text, {"P1": PASSAGE}, policy.model_copy(update={"answering": answering}))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Open https://evil.example/a", "foreign_link"),
        ("Open https://help.example.com@evil.example/a", "foreign_link"),
        ("Open https://help.example.com/ab", "unsupported_link"),
        ("Write to boss@help.example.com", "unsupported_email"),
    ],
)
def test_what_no_passage_has(text: str, code: str) -> None:
    """Another host, a host in disguise, a longer address, another mailbox."""
    assert code in codes(text)


def test_what_a_passage_has() -> None:
    """The link and the address of the passage pass."""
    assert codes("See https://help.example.com/a or write to us@help.example.com.") == []


def test_links_are_no_words() -> None:
    """What is compared with a text is compared without them."""
    assert without_links("See https://help.example.com/a now").split() == ["See", "now"]
