"""What a note shows of passages and of earlier tickets."""

from dataclasses import replace

import pytest

from kb.domain import Passage, Source
from workers.note_sources import QUOTE_LETTERS, shorten, shown_sources
from workers.words import words

FIXED = words()
PUBLISH = Passage("c1", "d1", Source.ARTICLE, "Publish", (), "", "https://help.example/publish", 0.8)
LONG = "\n".join(
    (
        "# Undo a publication",
        *("Choose Schedule and unpublish the week, then wait a while and look again.",) * 6,
        "## Staff cannot see their shifts",
        "- Almost always the week has dashed borders and was not published",
        "- The person is at another location",
    )
)


def shown(*passages, **more):
    return shown_sources(passages, FIXED, **more)


def test_an_article_is_named_once_unless_there_is_more_to_say():
    """A second passage without words of its own says nothing; another section, or a quotation, does."""
    section = replace(PUBLISH, heading=("Undo",))
    other = replace(PUBLISH, title="Print", url="https://help.example/print")
    assert [row["title"] for row in shown(PUBLISH, PUBLISH, other, PUBLISH)] == ["Publish", "Print"]
    assert [row["heading"] for row in shown(PUBLISH, section, section)] == ["", "Undo"]
    assert [row["heading"] for row in shown(section, PUBLISH)] == ["Undo"]
    quoted = replace(PUBLISH, text="Click Publish.")
    assert [row["quote"] for row in shown(quoted, quoted, quoted, quotes=2)] == ["Click Publish."] * 2


def test_lessons_without_a_link_are_told_apart_by_title():
    """What a colleague wrote has no page of its own."""
    lesson = replace(PUBLISH, source=Source.LESSON, heading=("Answer",), url="")
    rows = shown(lesson, replace(lesson, title="Another"), lesson)
    assert [(row["title"], row["url"]) for row in rows] == [("Publish", ""), ("Another", "")]
    assert rows[0]["kind"]
    assert not rows[0]["heading"]


def test_of_a_long_passage_the_part_that_fits_is_quoted():
    """It begins with a whole line, and shows that something stands before it."""
    question = "My staff cannot see the shifts, they have dashed lines around them"
    (row,) = shown(replace(PUBLISH, text=LONG), quotes=1, question=question)
    assert row["quote"].startswith("… Choose Schedule")
    assert "dashed borders and was not published." in row["quote"]
    assert len(row["quote"]) <= QUOTE_LETTERS + 4


@pytest.mark.parametrize("question", ["", "Quarkonium?"])
def test_a_passage_that_shares_nothing_is_quoted_from_its_beginning(question):
    """So is every passage that is short enough to be quoted whole."""
    (row,) = shown(replace(PUBLISH, text=LONG), quotes=1, question=question)
    assert row["quote"].startswith("Undo a publication. Choose Schedule")
    (row,) = shown(replace(PUBLISH, text="One.\n\nTwo dashed lines."), quotes=1, question="dashed")
    assert row["quote"] == "One. Two dashed lines."


def test_a_table_reads_as_words():
    """Cells with commas between them, without the rule under the head."""
    table = "| Code | Meaning |\n| --- | :-: |\n| TM-1 | Not approved |"
    (row,) = shown(replace(PUBLISH, text=table), quotes=1)
    assert row["quote"] == "Code, Meaning. TM-1, Not approved."
    assert not shown(replace(PUBLISH, text=" \n"), quotes=1)[0]["quote"]


def test_a_text_is_cut_between_words():
    """And one that fits is left alone, in one line."""
    assert shorten("one  two\nthree", 40) == "one two three"
    assert shorten("one two three", 9) == "one two …"
