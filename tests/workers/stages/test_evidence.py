"""The comparison of a sentence with texts, below the tables of the checks."""

import time

import pytest

from workers.stages.evidence import ENOUGH_COVERAGE, Evidence, number, sentences, stem, tokens

TEXT = "Open Reports, choose Payroll export and pick a period. The file has one row for each employee and day."


@pytest.mark.parametrize(
    ("one", "other"),
    [("exports", "export"), ("exporting", "exported"), ("companies", "company"), ("stopped", "stop"), ("uses", "use")],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    """Plural, past and -ing share a stem."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("class", "clas"), ("import", "export"), ("news", "new")])
def test_other_words_do_not_meet(one: str, other: str) -> None:
    """What only looks alike stays apart, as far as cheap rules can tell."""
    assert (stem(one) == stem(other)) == (one == "news")


@pytest.mark.parametrize(
    ("text", "plain"),
    [("1,200", "1200"), ("3rd", "3"), ("12.00", "12"), ("12.50", "12.50"), ("5.2", "5.2"), ("02:00", "02:00")],
)
def test_numbers_have_one_way_of_writing(text: str, plain: str) -> None:
    """Separators, ordinals and empty cents go; versions and times stay."""
    assert number(text) == plain


def test_tokens_know_names_numbers_and_codes() -> None:
    """The first word is a name only by its look; codes are one token; contractions are opened."""
    found = {token.raw: token for token in tokens("Open the iPhone app, it can't show TM-4012 on March 3.")}
    assert [raw for raw, token in found.items() if token.is_name] == ["iPhone", "TM-4012", "March"]
    assert found["3"].is_number
    assert "not" in found


def test_sentences_end_at_stops_and_lines() -> None:
    """Abbreviations do not end one, line breaks do."""
    assert sentences("Use e.g. Chrome. Then log in\nPress Go!") == ["Use e.g. Chrome.", "Then log in", "Press Go!"]


def test_nothing_supports_anything_without_texts() -> None:
    """An empty shelf is no evidence."""
    verdict = Evidence([]).judge("Exports are free.")
    assert (verdict.coverage, verdict.is_supported) == (0.0, False)


def test_known_words_may_be_named_but_support_nothing() -> None:
    """The requester's own words excuse a name, not a statement."""
    evidence = Evidence([TEXT], "We use Quickroll and it costs 12 dollars.")
    assert evidence.judge("Quickroll costs 12 dollars.").coverage < ENOUGH_COVERAGE
    assert not evidence.unknown("You wrote that Quickroll costs 12 dollars.")


def test_words_are_known_only_next_to_each_other() -> None:
    """A label is a phrase, not a bag of words."""
    evidence = Evidence([TEXT])
    assert evidence.knows("Payroll export")
    assert not evidence.knows("export Payroll")


@pytest.mark.parametrize("text", ["", "?!", "…", "a" * 5000, "1 " * 2000, "مرحبا بالعالم", "🙂🙂", "not not not"])
def test_odd_text_does_no_harm(text: str) -> None:
    """Whatever a model writes gets a verdict."""
    assert 0.0 <= Evidence([TEXT, text]).judge(text).coverage <= 1.0


def test_a_draft_takes_milliseconds() -> None:
    """Ten sentences against three long passages cost far less than the model's answer did."""
    passages = [f"{TEXT} Section {n} explains the setting number {n} of the planner. " * 12 for n in range(3)]
    began = time.process_time()
    evidence = Evidence(passages)
    for place in range(10):
        evidence.judge(f"Open Reports and choose the setting number {place} of the planner for each employee.")
    assert time.process_time() - began < 0.5
