"""workers.personal.name_tagger: people in sentences that nobody drilled it on."""

import re
import tomllib
from pathlib import Path

import pytest

from workers.personal.name_tagger import tagged

SENTENCES = tomllib.loads(Path(__file__).with_name("people.toml").read_text(encoding="utf-8"))
MARKED = re.compile(r"\[\[(.+?)\]\]")
TITLE = re.compile(r"^(?:Mr|Mrs|Dr\.|Frau) ")


def found(text):
    return [text[start:end] for _, start, end in tagged(text)]


def test_most_people_and_hardly_anything_else():
    """At least 85 of 100 people are found whole in sentences of other styles, and little where nobody is named."""
    named = hit = 0
    missed = []
    for sentence in SENTENCES["people"]:
        people = [TITLE.sub("", name) for name in MARKED.findall(sentence)]
        seen = found(MARKED.sub(r"\1", sentence))
        named += len(people)
        hit += sum(any(person in one for one in seen) for person in people)
        missed += [person for person in people if not any(person in one for one in seen)]
    wrong = [one for sentence in SENTENCES["nobody"] for one in found(sentence)]
    print(f"{hit} of {named} people, missed {missed}; taken for people: {wrong}")
    assert hit / named >= 0.85
    assert len(wrong) <= 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Please ask Tomasz Nowak about it", "Tomasz Nowak"),
        ("The account of Anna van der Berg is locked", "Anna van der Berg"),
        ("I met Susan K. Miller there", "Susan K. Miller"),
    ],
)
def test_a_name_is_found_whole(text, name):
    """Particles and initials between the parts of a name belong to it."""
    assert found(text) == [name]


def test_a_letter_behind_a_name_is_no_part_of_it():
    """A single letter ends a name only with its dot."""
    assert found("Contact Kenneth Whiteley A please") == ["Kenneth Whiteley"]
