"""workers.stages.unwanted: what no reply may say. The tables of the checks (check/wording.toml) hold the many forms."""

import pytest

from workers.stages.evidence import Evidence
from workers.stages.unwanted import unwanted

TEXT = "Your request is being processed. Open Settings > [location]."


def codes(text: str, *, cited: str = TEXT, placeholders: tuple[str, ...] = ()) -> list[str]:
    return [code for code, _ in unwanted(text, Evidence([TEXT]), cited, placeholders)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Dear [Customer Name], all is well", "placeholder"),
        ("As an AI language model I think so", "system_text"),
        ("Press **Save**", "markup"),
        ("We have refunded the amount", "claimed_action"),
        ("Our team will call you tomorrow", "promise"),
    ],
)
def test_it_has_a_name(text: str, code: str) -> None:
    """A form left to fill in, words of the machinery, marks of markup, a deed, a promise."""
    assert code in codes(text)


def test_what_a_passage_says_may_be_said() -> None:
    """An article may say what the company does, and write a place to fill in."""
    assert codes("Your request is being processed.") == []
    assert codes("Open Settings > [location].") == []


def test_masks_of_the_ticket_are_no_forms() -> None:
    """They are filled in before anybody reads the reply."""
    assert codes("Thanks, [name-1]!", placeholders=("[name-1]",)) == []
    assert set(codes("Thanks, [name-2]!", placeholders=("[name-1]",))) == {"placeholder"}
