"""workers.patterns: words, order, gaps, negation."""

import pytest

from workers.patterns import Words, compile_pattern, find

MATCHES = [
    ("lawyer", "My Lawyer will call.", True),
    ("lawyer", "The flawyer plugin", False),
    ("lawyer", "lawyers", False),
    ("lawyer*", "our lawyers' office", True),
    ("refund|reimburse", "Please reimburse me", True),
    ('"data breach"', "a data breach happened", True),
    ('"data breach"', "data about a breach", False),
    ("data breach", "data about a breach", True),
    ("data breach", "breach of data", False),
    ("speak human", "speak to a real living human", False),
    ("speak human", "speak to a human", True),
    ("speak human", "I cannot speak. A human reads", False),
    ("speak human", "speak, please, human", True),
    ('give "money back"|refund', "give me my money back", True),
    ("ruckerstattung", "Rückerstattung!", True),
    ("prelevement", "le PRÉLÈVEMENT", True),
    ("dont recognise", "I don't recognise it", True),
    ("dont recognise", "I don’t recognise it", True),
    ("avocat", "l'avocat", True),
    ("want refund", "I do not want a refund", False),
    ("want refund", "I want no refund", False),
    ("want refund", "I don't want a bot, I want a refund", True),
    ("want refund", "No I want a refund", True),
    ("refund", "If I do not get a refund I leave", True),
    ("refund", "Why don't you refund me", True),
    ("refund", "not only a refund", True),
    ("speak agent", "I do not know how to speak to an agent", True),
    ("ruckerstattung", "Ich möchte keine Rückerstattung", False),
    ("reembolso", "no quiero un reembolso", False),
    ("remboursement", "je ne veux pas de remboursement", False),
    ("not received", "I have not received it", True),
    ("^ operator $", "Operator!", True),
    ("^ operator $", "The operator role", False),
    ("^ operator", "Operator, please", True),
    ("fxck*", "what the f*ck", True),
    ("card", "[card-1]", False),
    ("sign-in", "my sign-in fails", True),
    ("refund", "", False),
]


@pytest.mark.parametrize(("pattern", "text", "is_match"), MATCHES)
def test_find(pattern, text, is_match):
    """A pattern sees whole words in order within a sentence, unless they are negated."""
    assert (find(pattern, Words(text)) is not None) is is_match


@pytest.mark.parametrize("pattern", ["", '"open', "a||b", "^ $", "..."])
def test_broken_patterns_are_named(pattern):
    """A pattern that could never match what was meant raises."""
    with pytest.raises(ValueError):
        compile_pattern(pattern)


def test_words_of_a_match():
    """A hit gives back the folded words it matched, without marks."""
    words = Words("Well, I WANT, really, a Refund!")
    start, end = find("want refund", words) or (0, 0)
    assert words.text(start, end) == "want really a refund"
