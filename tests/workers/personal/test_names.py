"""workers.personal.names: people who sign, introduce themselves or are known."""

import pytest

from workers.personal.names import known, names

FOUND = [
    ("It still fails.\n\nKind regards,\nAda Byron", "Ada Byron"),
    ("My name is Tomasz Nowak and I cannot log in", "Tomasz Nowak"),
    ("Please ask Mrs. Okafor about it", "Okafor"),
    ("We want to add Kenneth Whiteley to the account", "Kenneth Whiteley"),
    ("hi, my name is sarah winters and i cannot log in", "sarah winters"),
    ("Hello Sarah, the export fails", "Sarah"),
    ("Contact person: Noor Haddad", "Noor Haddad"),
    ("Kenneth Whiteley wrote first, then Whiteley called", "Whiteley"),
    ("I am Weronika Żółć from Poznań", "Weronika Żółć"),
]
NOT_FOUND = [
    "Click Edit and then Server Settings",
    "Will Windows be supported in January?",
    "my name is wrong in the list",
    "Thanks,\nThe Support Team",
    "I am Using Windows and Outlook",
    "Best regards",
]


@pytest.mark.parametrize(("text", "name"), FOUND)
def test_a_person(text, name):
    """Signatures, introductions and titles tell a name."""
    assert name in [text[start:end] for _, start, end in names(text)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_words_where_a_name_might_stand(text):
    """Teams, products and ordinary words are nobody's name."""
    assert list(names(text)) == []


def test_known_names_in_full_and_in_part():
    """The requester's own name is found whatever its case; an everyday word among its parts only in the full name."""
    text = "WILL BYRON wrote: I will call Byron."
    assert {text[start:end] for _, start, end in known(text, ["Will Byron"])} == {"WILL BYRON", "BYRON", "Byron"}
