"""The comparison of a sentence with texts, below the tables of the checks."""

import time

import pytest

from scripts.world.load import load_world
from workers.reading.visible import visible
from workers.stages.evidence import Evidence
from workers.stages.words import sentences

TEXT = "Open Reports, choose Payroll export and pick a period. The file has one row for each employee and day."


def test_nothing_supports_anything_without_texts() -> None:
    """An empty shelf is no evidence."""
    verdict = Evidence([]).judge("Exports are free.")
    assert verdict.support < 0.1


def test_known_words_may_be_named_but_support_nothing() -> None:
    """The requester's own words excuse a name, not a statement."""
    evidence = Evidence([TEXT], "We use Quickroll and it costs 12 dollars.")
    assert evidence.judge("Quickroll costs 12 dollars.").support < 0.5
    assert not evidence.unknown("You wrote that Quickroll costs 12 dollars.")


def test_words_are_known_only_next_to_each_other() -> None:
    """A label is a phrase, not a bag of words."""
    evidence = Evidence([TEXT])
    assert evidence.knows("Payroll export")
    assert not evidence.knows("export Payroll")


@pytest.mark.parametrize("text", ["", "?!", "…", "a" * 5000, "1 " * 2000, "مرحبا بالعالم", "🙂🙂", "not not not"])
def test_odd_text_does_no_harm(text: str) -> None:
    """Whatever a model writes gets a verdict."""
    assert 0.0 <= Evidence([TEXT, text]).judge(text).support <= 1.0


def test_a_draft_takes_milliseconds() -> None:
    """Ten sentences against three long passages cost far less than the model's answer did."""
    passages = [f"{TEXT} Section {n} explains the setting number {n} of the planner. " * 12 for n in range(3)]
    began = time.process_time()
    evidence = Evidence(passages)
    for place in range(10):
        evidence.judge(f"Open Reports and choose the setting number {place} of the planner for each employee.")
    assert time.process_time() - began < 0.5


RULES = "If your period is locked, you can ask an Owner to reopen it. Only Owners can delete a workspace."


def test_a_condition_left_out_is_a_fault() -> None:
    """Unless it is named in the sentences around it, or by who asks."""
    said = "You can ask an Owner to reopen it."
    assert [fault.code for fault in Evidence([RULES]).judge(said).faults] == ["dropped_condition"]
    assert not Evidence([RULES]).judge(said, "Your period is locked.").faults
    assert not Evidence([RULES], "My period is locked!").judge(said).faults


def test_only_is_a_condition_too() -> None:
    """What only some may do is not for everyone."""
    assert [fault.words for fault in Evidence([RULES]).judge("Owners can delete a workspace.").faults] == ["only"]
    assert not Evidence([RULES]).judge("You can delete a workspace only as one of its Owners.").faults


def test_where_a_step_stands() -> None:
    """The place of what nearly equals a line, None of what equals none."""
    evidence = Evidence([TEXT, RULES])
    assert evidence.place_of("Only Owners can delete a workspace.") == (1, 3)
    assert evidence.place_of("Bananas are yellow fruit.") is None


def test_a_label_of_another_place_is_a_fault() -> None:
    """A button that the texts have, but not where the rest of the sentence stands."""
    text = "Tick the rows and click Approve. Employees see their hours under My hours."
    assert [fault.code for fault in Evidence([text]).judge("Tick the rows and press My hours.").faults]
    assert not Evidence([text]).judge("Tick the rows and press Approve.").faults


def test_an_own_opinion_is_less_than_support() -> None:
    """The same words weigh less where somebody speaks of themselves or only asks."""
    plain = Evidence([TEXT]).judge("The file has one row for each employee.").support
    assert plain > 0.9
    assert Evidence([TEXT]).judge("I love that my file has one row for each employee.").support < plain
    assert Evidence([TEXT]).judge("Do you know if the file has one row for each employee?").support < 0.5


def test_an_entry_stands_under_its_menu():
    """Where the texts show what a menu holds, an entry of another one is not under it; other menus may hold any."""
    evidence = Evidence(["Open View -> Folders. Under Tools > Add-ons press Check Mail."])
    assert evidence.leads("View", "Folders")
    assert not evidence.leads("View", "Check Mail")
    assert evidence.leads("Help", "Check Mail")


def test_a_sentence_of_the_text_itself_has_no_fault() -> None:
    """Every sentence of every sample article stands, whatever "no", "if" or "never" it holds."""
    faults = []
    for article in load_world().articles:
        text = visible(article.body).text
        evidence = Evidence([text])
        faults += [(one, found) for one in sentences(text) if (found := evidence.judge(one).faults)]
    assert faults == []


def test_no_before_a_noun_is_no_opener() -> None:
    """ "No card is needed" is not an answer that begins with "No", and the opposite of it is a fault."""
    evidence = Evidence(["No card is needed for the trial, and nothing is charged when it ends."])
    assert evidence.judge("No card is needed for the trial.").faults == ()
    assert evidence.judge("A card is needed for the trial.").faults != ()
