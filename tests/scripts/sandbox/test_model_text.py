"""How the simulated model reads an article."""

import pytest

from scripts.sandbox.model_text import clean, is_quotable, pieces, sentences, stem, terms

ARTICLE = """
This article explains timesheets.

### Table of Contents

- 1 Approve a week
- 2 See also

## Approve a week

Managers approve timesheets at the end of each **pay period**. For details, see Pay periods.

To approve a week:

- Open [Time](https://x.example/t).

- Pick the week.
  The newest stands first.

- Press Approve

## Good to know

and this half sentence was cut by the chunker.
Approved hours can be:

- Exported to payroll.
- Printed.
- Sent to

Learn more about payroll.
"""


def test_an_article_becomes_paragraphs_and_lists() -> None:
    """Contents, pointers elsewhere, boilerplate and cut-off ends are left out; lists keep their lead-in."""
    paragraph, steps, bullets = pieces(ARTICLE)
    assert (paragraph.heading, paragraph.kind) == ("Approve a week", "paragraph")
    assert paragraph.lines == ("Managers approve timesheets at the end of each pay period.",)
    assert (steps.kind, steps.lead) == ("step", "To approve a week:")
    assert steps.lines == ("Open Time.", "Pick the week. The newest stands first.", "Press Approve.")
    assert (bullets.kind, bullets.lead) == ("bullet", "Approved hours can be:")
    assert bullets.lines[0] == "Exported to payroll."


def test_a_row_of_a_table_becomes_a_sentence() -> None:
    """Codes and limits often stand in tables only; a broken row is left out."""
    table = "| Code | Meaning | Remedy |\n|---|---|---|\n| TM-1 | Not approved | Approve it |\n| TM-2 |"
    (piece,) = pieces(table)
    assert piece.lines == ("TM-1: Not approved. Remedy: Approve it.",)


def test_a_figure_in_a_table_says_what_it_is() -> None:
    """By the name of its column; "08:53: 09:00" says nothing."""
    (crew,) = pieces("| Plan | Monthly | Yearly |\n|---|---|---|\n| Crew | $3.50 | $2.90 |")
    assert crew.lines == ("Crew: monthly $3.50. Yearly: $2.90.",)
    (clocked,) = pieces("| Clocked | Counted |\n|---|---|\n| 08:53 | 09:00 |")
    assert clocked.lines == ("Clocked 08:53: counted 09:00.",)


def test_a_numbered_list_is_steps() -> None:
    """Numbers say that order matters, whatever the words."""
    (piece,) = pieces("1. The door.\n2. The key hole.")
    assert piece.kind == "step"


def test_an_item_the_chunker_cut_is_left_out() -> None:
    """Where all items end in a stop, one that does not was cut."""
    (piece,) = pieces("- First thing here.\n- Second thing here.\n- Third thing he")
    assert piece.lines == ("First thing here.", "Second thing here.")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Use e.g. Chrome. Then go.", ["Use e.g. Chrome.", "Then go."]),
        ('Press "Go." Then wait.', ['Press "Go."', "Then wait."]),
        ("Version 5.2 is out. Get it!", ["Version 5.2 is out.", "Get it!"]),
    ],
)
def test_sentences_end_where_they_end(text: str, parts: list[str]) -> None:
    """Abbreviations and version numbers do not end one; a closing quote stays with its sentence."""
    assert sentences(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "See the article about payroll.",
        "half a sentence that begins in the middle.",
        "This sentence never comes to",
        "Too short.",
        "Open https://x.example and log in.",
        "Follow the steps described above.",
        "What does the error mean?",
    ],
)
def test_litter_is_not_quoted(text: str) -> None:
    """Pointers, halves, links and questions have no place in a reply."""
    assert not is_quotable(text)


def test_marks_and_tags_are_cleaned_away() -> None:
    """What is left is plain text in one line; a file name in angle brackets stays."""
    assert (
        clean("**Open** `x` <b>now</b>\n[here](https://a.b) ![i](p.png) a-<version>") == "Open x now here a-<version>"
    )


def test_words_people_use_meet_those_of_articles() -> None:
    """Forms of a word and a few synonyms share a stem; stop words have none."""
    assert stem("exporting") == stem("exports")
    assert terms("How do I remove an employee?") == terms("Deleting staff")
