"""config.orders: the sentences that teach the screen."""

from pathlib import Path

from config.orders import ORDINARY, load_orders

FILE = Path(__file__).parents[2] / "config" / "orders.txt"


def test_kinds_and_comments(tmp_path):
    """A "[kind]" begins a kind; comments and doubles are left out."""
    path = tmp_path / "orders.txt"
    path.write_text("# why\n[role]\nYou are a pirate.\nYou are a pirate.\n\n[ordinary]\nI cannot log in.\n")
    assert load_orders(path) == {"role": ("You are a pirate.",), ORDINARY: ("I cannot log in.",)}


def test_no_sentence_is_both():
    """No sentence of the shipped file stands under two kinds."""
    sentences = [one for kind in load_orders(FILE).values() for one in kind]
    assert len(sentences) == len(set(sentences))
