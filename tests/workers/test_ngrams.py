"""workers.ngrams: a text as weighted places."""

import numpy as np
import pytest

from workers.ngrams import PLACES, rarity, spell, weighted


def likeness(one: str, other: str) -> float:
    texts = [spell(one), spell(other)]
    rows = np.zeros((2, PLACES), np.float32)
    for row, text in enumerate(texts):
        places, values = weighted(text, np.ones(PLACES, np.float32))
        rows[row, places] = values
    return float(rows[0] @ rows[1])


def test_case_and_signs_do_not_matter():
    """The same words are the same text."""
    assert likeness("My invoice!", "my INVOICE") == pytest.approx(1, abs=1e-5)


def test_a_typing_error_changes_little():
    """A misspelt word stays nearer to itself than to another word."""
    assert likeness("my invioce", "my invoice") > 0.4 > likeness("a roster", "my invoice")


def test_the_order_of_words_counts_a_little():
    """Pairs of words tell two orders apart."""
    assert 0.5 < likeness("swap the shift", "shift the swap") < 0.95


@pytest.mark.parametrize("text", ["", " ", "?!...", "\ud800", "日本語", "🙂", "x" * 5000])
def test_any_text_is_spelt(text):
    """Nothing to spell gives nothing; whatever there is stays in bounds, each place once."""
    places, values = spell(text)
    assert len(places) == len(values) == len(set(places.tolist()))
    assert np.isfinite(values).all()
    assert ((places >= 0) & (places < PLACES)).all()


def test_rare_pieces_say_more():
    """A piece that every text has weighs less than one that a single text has; an unseen one weighs nothing."""
    says = rarity([spell("red cat"), spell("red dog"), spell("red fox")])
    common, rare, unseen = (says[spell(word)[0]].max() for word in ("red", "fox", "zzqy"))
    assert rare > common > unseen == 0


def test_a_text_of_unknown_pieces_weighs_nothing():
    """Weighting by a rarity that knows none of it leaves zeros, not errors."""
    _, values = weighted(spell("zzqy"), rarity([spell("red cat")]))
    assert not values.any()
