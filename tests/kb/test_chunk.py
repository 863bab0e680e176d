"""Chunking: headings become the path, lists, tables and code stay whole, nothing is lost."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.chunk import LIMIT, TARGET, chunk, content_hash, embedded_text
from kb.domain import Audience, Document, Source


def doc(text: str, title: str = "Payroll") -> Document:
    return Document("d", Source.ARTICLE, title, text, Audience.PUBLIC)


def long(word: str) -> str:
    return " ".join(f"{word}{n}." for n in range(160))  # about 800 characters


def test_headings_become_the_path() -> None:
    """A chunk knows all headings above it; a deeper one ends with the next of its level."""
    text = f"{long('i')}\n\n# Export\n\n{long('a')}\n\n## By file\n\n{long('b')}\n\n# Import\n\n{long('c')}"
    paths = [piece.heading for piece in chunk(doc(text))]
    assert paths == [(), ("Export",), ("Export", "By file"), ("Import",)]


def test_short_sections_are_joined() -> None:
    """Neighbours that fit together are one chunk with their headings in the text, under the path they share."""
    [piece] = chunk(doc("# Export\n\n## One\n\nfirst\n\n## Two\n\nsecond"))
    assert piece.heading == ("Export",)
    assert piece.text == "### One\n\nfirst\n\n### Two\n\nsecond"


def test_ids_are_stable_and_count_on() -> None:
    """Ids are the document's with a number, and the same text gives the same chunks."""
    text = "\n\n".join(f"# H{n}\n\n{long('w')}" for n in range(3))
    first = chunk(doc(text))
    assert [piece.id for piece in first] == ["d#0", "d#1", "d#2"]
    assert chunk(doc(text)) == first


def test_the_hash_covers_what_is_embedded() -> None:
    """Title, heading and text change a chunk's hash; a label does not."""
    base = chunk(doc("# H\n\ntext"))[0].hash
    assert chunk(doc("# H\n\ntext", title="Other"))[0].hash != base
    assert chunk(doc("# H2\n\ntext"))[0].hash != base
    assert chunk(replace(doc("# H\n\ntext"), labels=("x",)))[0].hash == base


@pytest.mark.parametrize(
    "block",
    [
        "\n".join(f"{n}. step number {n} of the list" for n in range(1, 30)),
        "\n".join(f"- point {n}\n  with more words" for n in range(20)),
        "| a | b |\n| --- | --- |\n" + "\n".join(f"| row {n} | value {n} |" for n in range(40)),
        "```\n" + "\n\n".join(f"line({n})" for n in range(60)) + "\n```",
    ],
    ids=["numbered", "bullets", "table", "code"],
)
def test_blocks_stay_whole(block: str) -> None:
    """A list, table or piece of code that fits the limit is never cut, whatever stands around it."""
    assert TARGET * 0.6 < len(block) <= LIMIT
    pieces = chunk(doc(f"{long('before')}\n\n{block}\n\n{long('after')}"))
    assert sum(block in piece.text for piece in pieces) == 1


def test_a_list_stays_with_its_introduction() -> None:
    """ "Do this:" goes with the list it leads into, even if that makes a large chunk."""
    steps = "\n".join(f"{n}. press button number {n} and wait" for n in range(1, 20))
    pieces = chunk(doc(f"{long('w')[:500]}. To export:\n\n{steps}"))
    assert any("To export:" in piece.text and steps in piece.text for piece in pieces)


def test_a_long_table_repeats_its_head() -> None:
    """A table over the limit is cut between rows, and every part has the head."""
    rows = "\n".join(f"| code {n} | {'meaning ' * 6} |" for n in range(60))
    pieces = chunk(doc(f"| Code | Meaning |\n| --- | --- |\n{rows}"))
    assert len(pieces) > 2
    assert all(piece.text.startswith("| Code | Meaning |\n| --- | --- |\n| code") for piece in pieces)


def test_headings_inside_code_are_code() -> None:
    """A `#` in a fence is a comment, not a heading."""
    [piece] = chunk(doc("```\n# not a heading\n```"))
    assert piece.heading == ()
    assert "# not a heading" in piece.text


def test_an_empty_document_has_one_chunk() -> None:
    """A title alone can still be found."""
    [piece] = chunk(doc(""))
    assert embedded_text("Payroll", piece.heading, piece.text) == "Payroll"


@given(
    st.lists(st.sampled_from(["word", "# Head", "- item", "| a | b |", "```", "", "x" * 3000, "1. one"]), max_size=40)
)
def test_no_word_is_lost_and_no_chunk_is_huge(lines: list[str]) -> None:
    """Whatever the text, every character of its words is in some chunk, and chunks stay near the limit."""
    text = "\n".join(lines)
    pieces = chunk(doc(text))
    everything = "".join(embedded_text("", piece.heading, piece.text) for piece in pieces)
    for wanted in ("x", "item", "word", "one"):
        assert everything.count(wanted) >= sum(line.lstrip("#-1. ") == wanted for line in lines)
    assert everything.count("x") >= text.count("x")
    assert max(len(re.sub(r"\s", "", piece.text)) for piece in pieces) <= LIMIT + TARGET


def test_the_content_hash_sees_every_field() -> None:
    """Whatever of a document is stored or filtered by changes its hash."""
    base = doc("text")
    others = [
        replace(base, text="t2"),
        replace(base, audience=Audience.STAFF),
        replace(base, brand_id="1"),
        replace(base, locale="fr"),
        replace(base, url="https://x"),
        replace(base, section=("s",)),
        replace(base, labels=("s",)),
    ]
    assert len({content_hash(one) for one in [base, *others]}) == len(others) + 1
