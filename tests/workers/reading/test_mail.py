"""workers.reading.mail: a mail's own words, by table."""

import tomllib
from pathlib import Path

import pytest

from workers.reading.mail import QUOTED, own_words, with_reference
from workers.reading.visible import tidy

CASES = tomllib.loads(Path(__file__).with_name("mail.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_own_words(case):
    """What the writer added is found, whatever the client, language and layout."""
    own = own_words(tidy(case["text"]))
    assert own.text == case["own"].strip()
    read = with_reference(own)
    if "reference" in case:
        assert QUOTED in read
        assert case["reference"] in read
    if "without" in case:
        assert case["without"] not in read


def test_long_lines_and_many_headers_take_no_time():
    """Lines made to be slow for the header patterns are passed over."""
    own = own_words("On " + "word " * 5000 + "\n" + "On a day\n" * 2000)
    assert own.text.startswith("On word")
