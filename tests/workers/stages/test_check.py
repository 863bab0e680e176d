"""The plain checks, as tables: a draft in, the codes of its findings out."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.policy import Answering, Limits, Models, Policy
from kb.domain import Passage, Source
from workers.domain import Block, Draft, Finding, MessageKind, Reading, Sentence, Turn
from workers.stages.check import check

TABLES = sorted(Path(__file__).with_name("check").glob("*.toml"))


def cases() -> list[Any]:
    found = []
    for table in TABLES:
        content = tomllib.loads(table.read_text(encoding="utf-8"))
        found += [pytest.param(content["facts"], case, id=f"{table.stem}: {case['name']}") for case in content["case"]]
    return found


def reading_of(facts: dict[str, Any]) -> Reading:
    vault = dict.fromkeys(facts.get("vault", ()), "hidden")
    newest = facts["newest"]
    return Reading("m1", MessageKind.QUESTION, facts["subject"], newest, newest, (), "en", (), vault=vault)


def passages_of(facts: dict[str, Any]) -> list[Passage]:
    return [
        Passage(
            chunk_id=f"c{number}",
            document_id=f"d{number}",
            source=Source.ARTICLE,
            title=entry["title"],
            heading=tuple(entry.get("heading", ())),
            text=entry["text"].strip(),
            url=entry.get("url", ""),
            score=0.9,
        )
        for number, entry in enumerate(facts["passages"], 1)
    ]


def policy_of(facts: dict[str, Any]) -> Policy:
    return Policy(
        models=Models(classify="small", draft="large"),
        answering=Answering(allowed_hosts=tuple(facts.get("allowed_hosts", ()))),
        limits=Limits(reply_words=facts.get("reply_words", 150)),
    )


def draft_of(case: dict[str, Any]) -> Draft:
    sentences = (
        Sentence(one["text"], tuple(one["passages"]), Block(one.get("block", "paragraph"))) for one in case["sentences"]
    )
    return Draft(tuple(sentences), escalate=case.get("escalate", ""))


@pytest.mark.parametrize(("facts", "case"), cases())
def test_a_draft_gets_exactly_these_findings(facts: dict[str, Any], case: dict[str, Any]) -> None:
    """Each case names all findings by code; with `exact = false` the named ones are among them."""
    found = check(draft_of(case), passages_of(facts), reading_of(facts), policy_of(facts))
    codes, wanted = {one.code for one in found.findings}, set(case.get("findings", ()))
    if case.get("exact", True):
        assert codes == wanted, found
    else:
        assert wanted <= codes, found
    if "score" in case:
        assert found.score == pytest.approx(case["score"])


def test_a_finding_points_at_its_sentence() -> None:
    """The number of the sentence and the words in it stand in the finding, for the note to staff."""
    facts = {"subject": "", "newest": "How long?", "passages": [{"title": "Time", "text": "It takes 3 days."}]}
    sentences = (Sentence("Thanks for asking."), Sentence("It takes 9 days.", ("P1",)))
    found = check(Draft(sentences), passages_of(facts), reading_of(facts), policy_of(facts))
    assert found.findings == (Finding("unsupported_number", "9", 1),)


@pytest.mark.parametrize(("language", "codes"), [("en", []), ("", []), ("de", ["language"])])
def test_another_language_than_the_requesters_is_found(language: str, codes: list[str]) -> None:
    """The detector is handed in; where it is unsure nothing is said."""
    facts = {"subject": "", "newest": "How long?", "passages": [{"title": "Time", "text": "It takes 3 days."}]}
    proposed = Draft((Sentence("It takes 3 days.", ("P1",)),))
    found = check(proposed, passages_of(facts), reading_of(facts), policy_of(facts), language_of=lambda _: language)
    assert [one.code for one in found.findings] == codes


def test_the_table_is_long_enough_to_mean_something() -> None:
    """At least sixty cases, and every code of a finding stands in one of them."""
    every = [case for table in TABLES for case in tomllib.loads(table.read_text(encoding="utf-8"))["case"]]
    assert len(every) >= 60
    named = {code for case in every for code in case.get("findings", ())}
    assert named >= {
        "bad_citation",
        "claimed_action",
        "contradiction",
        "foreign_link",
        "markup",
        "nothing_said",
        "placeholder",
        "promise",
        "repeated",
        "swapped_name",
        "swapped_word",
        "system_text",
        "too_long",
        "uncited",
        "unsupported",
        "unsupported_email",
        "unsupported_label",
        "unsupported_link",
        "unsupported_name",
        "unsupported_number",
    }


def test_an_answer_that_was_given_before_is_named():
    """Who asks again is not helped by the same sentences, whoever of us wrote them; a new one makes a new answer."""
    text = "Hi Ada,\n1. Open Reports.\n2. Press Export.\nTidemark Support"
    said = Turn("bot", text, datetime(2026, 11, 20, tzinfo=UTC))
    again = Draft((Sentence("Open Reports.", ("P1",)), Sentence("Press Export.", ("P1",)), Sentence("Just reply.")))
    more = Draft((*again.sentences, Sentence("Choose CSV.", ("P1",))))
    source = [Passage("c", "d", Source.ARTICLE, "Exports", (), "Open Reports. Press Export. Choose CSV.", "", 0.9)]

    def codes(draft: Draft, *thread: Turn) -> list[str]:
        asked = Reading("1", MessageKind.QUESTION, "", "How?", "", ("How?",), "en", thread)
        policy = Policy(models=Models(classify="small", draft="large"))
        return [one.code for one in check(draft, source, asked, policy).findings]

    assert codes(again, said) == ["said_before"]
    assert codes(again) == codes(again, replace(said, role="requester")) == []
    assert codes(more, said) == []
