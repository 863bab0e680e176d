"""workers.personal.credentials: secrets that only the words around them tell."""

import pytest

from workers.personal.credentials import codes, passwords, usernames

FOUND = [
    (passwords, "my password is Blume77!", "Blume77!"),
    (passwords, "Kennwort: geheim99", "geheim99"),
    (codes, "the login code is 493021", "493021"),
    (usernames, "user name: amuster", "amuster"),
]
NOT_FOUND = [(passwords, "my password is wrong"), (codes, "error code 404123"), (usernames, "username: required")]


@pytest.mark.parametrize(("find", "text", "value"), FOUND)
def test_a_secret_that_is_told(find, text, value):
    """The secret is found behind the word that announces it."""
    assert [text[start:end] for _, start, end in find(text)] == [value]


@pytest.mark.parametrize(("find", "text"), NOT_FOUND)
def test_words_about_secrets_are_none(find, text):
    """That a password is wrong, or which error code came, may be read."""
    assert list(find(text)) == []
