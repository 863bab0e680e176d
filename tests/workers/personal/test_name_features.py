"""workers.personal.name_features: what is seen of a word in its place."""

import pytest

from workers.personal.name_features import Scene, tokens


@pytest.mark.parametrize(
    ("word", "shape"),
    [("word", "l"), ("Anna", "C"), ("McDonald", "C"), ("O'Neill", "C"), ("IMAP", "A"), ("J", "I"), ("iPhone", "M")],
)
def test_shapes(word, shape):
    """Small letters, a capital first, all capitals, an initial, a mixture."""
    assert tokens(word)[0].shape == shape


def test_tokens_keep_their_places():
    """Words with hyphens are one token, a possessive is not part of the name, each token knows where it stands."""
    text = "Anna-Lena's\n5 shifts."
    assert [token.text for token in tokens(text)] == ["Anna-Lena", "'", "s", "\n", "0", "shifts", "."]
    assert all(text[token.start : token.end] == token.text for token in tokens(text) if token.text != "0")


def test_hidden_words_are_on_no_list():
    """For training, a name can be made one that no list has."""
    assert tokens("Anna")[0].lists
    assert not tokens("Anna", hidden=frozenset({"Anna"}))[0].lists


@pytest.mark.parametrize(
    ("text", "may_be"), [("Anna", True), ("anna", True), ("I'm", False), ("the", False), ("7", False)]
)
def test_what_may_be_a_name(text, may_be):
    """Capitals, and words on a list that are hardly anything else; no contractions, no numbers."""
    assert tokens(text)[0].may_be_a_name is may_be


def seen(text, place):
    found = tokens(text)
    return set(Scene(text, found).features(place))


def test_neighbours_tell():
    """Common words and marks beside a word count by themselves, others by their kind."""
    features = seen("ask Anna about", 1)
    assert "1w about" in features
    assert any(one.startswith("-1 l") for one in features)


def test_the_mail_address_tells():
    """A word that stands in a mail address of the same text says so."""
    assert "mail" in seen("Novak, see p.novak@shop.example", 0)
    assert "mail" not in seen("Novak, see info@shop.example", 0)


def test_the_line_above_tells():
    """A short line below "Regards," knows what is above it, empty lines aside."""
    features = seen("Regards,\n\nAnna Novak", 4)
    assert "above regards" in features
