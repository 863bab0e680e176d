"""workers.redact: nothing personal passes, ordinary numbers do."""

import tomllib
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.redact import SECRET_KINDS, kinds, mask, unmask

CASES = tomllib.loads(Path(__file__).with_name("redact.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:50] or "empty")
def test_mask(case):
    """Personal data becomes a stable placeholder; what only looks like it stays."""
    vault: dict[str, str] = {}
    assert mask(case["text"], vault=vault, known_names=case.get("names", ())) == case["masked"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:50] or "empty")
def test_masking_twice_changes_nothing(case):
    """A masked text can be masked again, with the same vault, without change."""
    vault: dict[str, str] = {}
    masked = mask(case["text"], vault=vault, known_names=case.get("names", ()))
    before = dict(vault)
    assert mask(masked, vault=vault, known_names=case.get("names", ())) == masked
    assert vault == before


def test_placeholders_are_stable_over_the_texts_of_a_ticket():
    """The same value keeps its placeholder in every text masked with one vault."""
    vault: dict[str, str] = {}
    assert mask("a@x.example", vault=vault) == "[email-1]"
    assert mask("b@x.example, a@x.example", vault=vault) == "[email-2], [email-1]"
    assert vault == {"[email-1]": "a@x.example", "[email-2]": "b@x.example"}
    assert kinds(vault) == ("email",)


def test_unmask_gives_back_what_is_harmless_only():
    """Names and addresses return; cards, passwords, codes, tokens and national ids never do."""
    vault = {f"[{kind}-1]": "secret" for kind in SECRET_KINDS} | {"[name-1]": "Anna", "[email-1]": "a@x.example"}
    text = " ".join(vault)
    back = unmask(text, vault)
    assert "secret" not in back
    assert back.endswith("Anna a@x.example")
    assert unmask("[phone-9]", vault) == "[phone-9]"


@given(st.text(max_size=300))
def test_any_text_survives(text):
    """Whatever is written, masking does not fail and unmasking the harmless kinds restores the rest."""
    vault: dict[str, str] = {}
    masked = mask(text, vault=vault)
    assert mask(masked, vault=vault) == masked


def test_long_hostile_text_is_quick():
    """Text made of beginnings of personal data does not stop a worker."""
    start = process_time()
    for piece in ("1 ", "a.", "a@", "Regards, ", "password is ", "12 Aa street ", "+1 ", "0-0"):
        mask(piece * (20_000 // len(piece)), vault={})
    assert process_time() - start < 10  # seconds of our own; a backtracking pattern takes minutes
