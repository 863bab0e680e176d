"""workers.stages.labels: names of buttons and menus."""

import pytest

from workers.stages.labels import mislabelled
from workers.stages.texts import Texts
from workers.stages.words import tokens

TEXT = "Open Reports, choose Payroll export and pick a period. To share the rota, open Schedule and press Publish week."


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Open Reports and press Download all.", "unsupported_label"),
        ("To share the rota, open Reports and press it.", "swapped_name"),
    ],
)
def test_a_wrong_label(sentence: str, code: str) -> None:
    """A button that the texts do not have, or have where the rest does not stand."""
    assert [fault.code for fault in mislabelled(Texts([TEXT]), tokens(sentence))] == [code]


def test_a_right_label() -> None:
    """What the texts have in this place passes."""
    assert not list(mislabelled(Texts([TEXT]), tokens("To share the rota, press Publish week.")))
