"""workers.stages.differences: what a sentence says otherwise than the line it was taken from."""

import pytest

from workers.stages.differences import differences
from workers.stages.texts import Texts
from workers.stages.words import condition_last, tokens

LINES = [
    "Helmets are recommended but not required.",
    "Children under 12 may use the pool only with an adult.",
    "Park only inside the blue zones on the map.",
    "Press Save before you close the window of the planner.",
    "The rental ends after 48 hours without a signal.",
    "Towels are included in Premium, not in Standard.",
    "A reset erases the calibration but keeps the history.",
    "Plans of version 3 open in version 4.",
    "A bell on the bike is not necessary.",
]


def codes(sentence: str) -> list[str]:
    texts, plain = Texts(["\n".join(LINES)]), tokens(sentence)
    said = condition_last(sentence, plain)
    place = texts.best_place(said)
    assert place is not None
    return [fault.code for fault in differences(texts, said, place, plain=plain, around=frozenset())]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Helmets are required.", "contradiction"),
        ("Helmets are recommended and required.", "contradiction"),
        ("Towels are included in Standard, not in Premium.", "contradiction"),
        ("Plans of version 4 open in version 3.", "contradiction"),
        ("A reset keeps the calibration but erases the history.", "contradiction"),
        ("Press Save after you close the window of the planner.", "contradiction"),
        ("The rental ends after 12 hours without a signal.", "unsupported_number"),
    ],
)
def test_a_difference_has_a_name(sentence: str, code: str) -> None:
    """A turned "not", an opposite, another number, two words put crosswise."""
    assert code in codes(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Helmets are not required.",
        "Helmets are optional.",
        "You do not need to have a bell on the bike.",
        "A reset deletes the calibration, but the history stays.",
        "Children under 12 may use the pool only with an adult.",
        "After 2 days without a signal, the rental ends.",
        "Always wear a helmet.",
    ],
)
def test_other_words_for_the_same_are_no_difference(sentence: str) -> None:
    """The same said otherwise, and what stands under no condition, passes."""
    assert codes(sentence) == []
