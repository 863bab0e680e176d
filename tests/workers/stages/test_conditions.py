"""workers.stages.conditions: what is said more widely than a line says it."""

import pytest

from workers.stages.conditions import weakened
from workers.stages.texts import Texts
from workers.stages.words import condition_last, tokens

LINES = [
    "Helmets are recommended but not required.",
    "Children under 12 may use the pool only with an adult.",
    "Park only inside the blue zones on the map.",
    "Transfers over 2,000 USD to a new recipient are held for review.",
    "The trash of a shared notebook is seen by the owner only.",
    "Only maintainers can edit protected variables.",
]


def codes(sentence: str) -> set[str]:
    texts = Texts(["\n".join(LINES)])
    said = condition_last(sentence, tokens(sentence))
    place = texts.best_place(said)
    assert place is not None
    return {fault.code for fault in weakened(texts, said, texts.lines[place], frozenset())}


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Children under 12 may use the pool.", "dropped_condition"),
        ("Children under 12 may use the pool even if no adult is there.", "dropped_condition"),
        ("Park anywhere on the map.", "dropped_condition"),
        ("All transfers to a new recipient are held for review.", "dropped_condition"),
        ("The trash of a shared notebook is seen by all members.", "dropped_condition"),
        ("The trash of a shared notebook is seen by gardeners only.", "contradiction"),
        ("Helmets are required.", "contradiction"),
    ],
)
def test_what_is_said_too_widely_has_a_name(sentence: str, code: str) -> None:
    """A condition left out or waved away, all for some, a duty that is none."""
    assert code in codes(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Children under 12 may use the pool only with an adult.",
        "You do not have to wear a helmet.",
        "Transfers over 2,000 USD to a new recipient are all held for review.",
        "You have to be a maintainer to edit protected variables.",
        "Later, only the owner sees the trash of a shared notebook.",
    ],
)
def test_a_condition_kept_in_other_words_is_no_fault(sentence: str) -> None:
    """What binds may be said as a duty, and "only" speaks of what stands behind it."""
    assert codes(sentence) == set()
