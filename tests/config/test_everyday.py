"""config/everyday.txt: lines without comments, each once."""

from pathlib import Path

from config.everyday import load_everyday

CONFIG = Path(__file__).parents[2] / "config"


def test_ours_has_enough_and_nothing_twice():
    """The file in the house holds some hundred short lines and no comment among them."""
    lines = load_everyday(CONFIG)
    assert len(lines) > 300
    assert not any(line.startswith("#") for line in lines)
    assert len(set(lines)) == len(lines)


def test_comments_blanks_and_repetitions_are_left_out(tmp_path):
    """Only what is said counts, once."""
    (tmp_path / "everyday.txt").write_text("# about\n\n hi \nhi\nbye\n")
    assert load_everyday(tmp_path) == ("hi", "bye")


def test_a_folder_without_the_file_has_none(tmp_path):
    """An admin may delete the file."""
    assert load_everyday(tmp_path) == ()
