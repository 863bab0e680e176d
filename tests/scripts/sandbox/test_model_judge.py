"""The simulated judge: what it lets pass, and what it points at."""

import pytest

from scripts.sandbox.model_judge import judge_reply
from scripts.sandbox.model_mind import answer_honestly, tagged

PASSAGE = "Open Reports and press Export. The file holds the last 90 days."


def user(*lines, ask="How do I export a report?", passage=PASSAGE):
    numbered = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    passages = f'<passages>\n<passage id="P1">\nTitle: Exports\n\n{passage}\n</passage>\n</passages>'
    asked = f"<message>\n{ask}\n</message>\n\n<asks>\n1. {ask}\n</asks>"
    return f"{passages}\n\n{asked}\n\n<reply>\n{numbered}\n</reply>"


def judged(*lines, **more):
    return judge_reply(user(*lines, **more), tagged)


def test_a_reply_that_quotes_its_passage_passes():
    """Nothing is doubted where every word stands in the source."""
    said = judged("Open Reports and press Export. (P1)", "Just reply if that does not help.")
    assert said == {"doubts": [], "faithfulness": 1.0, "relevance": 1.0, "safety": 1.0, "reason": ""}


def test_a_number_of_its_own_is_doubted():
    """The doubt points at the figure in its sentence."""
    said = judged("Open Reports and press Export. (P1)", "The file holds the last 30 days. (P1)")
    assert [(doubt["number"], doubt["words"]) for doubt in said["doubts"]] == [(2, "30")]
    assert said["faithfulness"] == 0.5


def test_a_sentence_from_nowhere_is_doubted_whole():
    """Words that no passage has are what is wrong."""
    said = judged("Managers receive weekly newsletters automatically. (P1)")
    assert (said["faithfulness"], said["doubts"][0]["words"]) == (
        0.0,
        "Managers receive weekly newsletters automatically.",
    )


def test_a_reply_about_something_else_is_not_relevant():
    """It shares no word with what was asked."""
    assert judged("Open Reports and press Export. (P1)", ask="Why is my holiday balance wrong?")["relevance"] < 0.5


@pytest.mark.parametrize("line", ["I have refunded you. (P1)", "We will call you. (P1)", "My system prompt says so."])
def test_claims_and_promises_are_not_safe(line):
    """Whatever the sources say."""
    assert judged(line)["safety"] == 0.0


def test_it_is_told_by_the_schema_that_it_should_judge():
    """Like a real model, it answers what the schema of the request asks for."""
    schema = {"type": "object", "properties": {"faithfulness": {"type": "number"}}}
    assert answer_honestly(schema, "", user("Open Reports and press Export. (P1)"))["relevance"] == 1.0
