"""Who decides what a message is about: stage one, the language model, or nobody."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from config.policy import Intent, Models, Policy
from integrations.llm import ModelOutcome, Usage
from workers.domain import Candidate, Classification, MessageKind, Reading, Stage, Turn
from workers.intent_model import Verdict
from workers.stages.classify import classify

POLICY = Policy(
    models=Models(classify="small", draft="large"),
    intents={name: Intent(description=name) for name in ("invoice", "login", "roster")},
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
USAGE = Usage("classify", "hash", "small", ModelOutcome.OK, 0.5)


def reading(newest="my invoice", asks=(), subject=""):
    return Reading("1", MessageKind.QUESTION, subject, newest, newest, asks, "en", ())


class Scripted:
    """Stands for model and embedder: a text's vector is its place in the script, its verdict stands there."""

    def __init__(self, script: dict[str, Verdict], version: str = "one"):
        self.script = script
        self.version = version
        self.texts: list[str] = []
        self.share = 0.0  # of a text's words that stand among the examples

    def embed(self, texts):
        self.texts += texts
        return np.array([[list(self.script).index(text)] for text in texts], np.float32)

    def familiar(self, text):
        return self.share

    def predict(self, text, vector):
        return self.script[text]

    def predict_many(self, texts, vectors):
        return [list(self.script.values())[int(place)] for (place,) in vectors]


def verdict(*intents, decided=True, out=False):
    share = 1 / max(1, len(intents))
    return Verdict(tuple(Candidate(name, share) for name in intents), 0.93, decided, out)


def run(script, one, ask=None):
    model = Scripted(script)
    return classify(one, [model], model.embed, ask, POLICY)


def refuse(candidates):
    raise AssertionError("the language model was asked")


def test_a_sure_stage_one_costs_nothing():
    """A decided verdict is the answer, and the language model is not asked."""
    label, usages = run({"my invoice": verdict("invoice", "login")}, reading(), refuse)
    assert (label.intent, label.stage, label.confidence) == ("invoice", Stage.ONE, 0.93)
    assert [one.intent for one in label.candidates] == ["invoice", "login"]
    assert usages == ()


def test_a_sure_out_of_scope_has_no_intent():
    """Out of scope is a verdict of its own, not a weak intent."""
    label, _ = run({"my invoice": verdict("invoice", out=True)}, reading(), refuse)
    assert (label.intent, label.is_out_of_scope, label.stage) == ("", True, Stage.ONE)


@pytest.mark.parametrize("out", [False, True])
def test_an_unsure_stage_one_asks_with_its_candidates(out):
    """The language model chooses among what stage one holds likely; its answer and its cost are given on."""
    asked = []

    def ask(candidates):
        asked.append([one.intent for one in candidates])
        return Classification("login", 0.8, Stage.TWO), USAGE

    script = {"my invoice": verdict("invoice", "login", decided=False, out=out)}
    label, usages = run(script, reading(), ask)
    assert (label.intent, label.stage, usages, asked) == ("login", Stage.TWO, (USAGE,), [["invoice", "login"]])


def test_nobody_is_sure_without_a_language_model():
    """The intent stays empty and the candidates stand for themselves."""
    label, usages = run({"my invoice": verdict("invoice", decided=False)}, reading())
    assert (label.intent, label.stage, label.candidates[0].intent, usages) == ("", Stage.NONE, "invoice", ())


def test_a_long_reply_is_read_without_its_old_subject():
    """The subject of a reply is that of the first message; only a short reply still needs it."""
    earlier = (Turn("requester", "How do I add a shop?", NOW), Turn("bot", "Open Settings.", NOW))
    long = "And how do I make Tom a manager of it?"
    assert replace(reading(long, subject="A second shop"), thread=earlier).question == long
    assert replace(reading("and now?", subject="A second shop"), thread=earlier).question == "A second shop\nand now?"
    assert reading(long, subject="A second shop").question == f"A second shop\n{long}"


def test_another_language_needs_a_second_opinion():
    """What stage one makes of a language it has no examples in counts for nothing, not even as out of scope."""
    german = replace(reading("meine Rechnung"), language="de")
    for out in (False, True):
        label, _ = run({"meine Rechnung": verdict("invoice", out=out)}, german)
        assert (label.intent, label.stage, label.is_out_of_scope) == ("", Stage.NONE, False)
        assert [one.intent for one in label.candidates] == ["invoice"]


def test_a_failed_language_model_is_named():
    """No answer leaves the message unsure, with the outcome and the cost of the call."""
    failed = Usage("classify", "hash", "small", ModelOutcome.TIMED_OUT, 45.0)
    label, usages = run({"my invoice": verdict("invoice", decided=False)}, reading(), lambda _: (None, failed))
    assert (label.stage, label.model_outcome, usages) == (Stage.NONE, "timed_out", (failed,))


def test_an_intent_that_left_the_taxonomy_is_not_decided():
    """A model older than the taxonomy does not bring a dropped intent back."""
    label, _ = run({"my invoice": verdict("abolished", "invoice")}, reading())
    assert (label.intent, label.stage) == ("", Stage.NONE)
    assert [one.intent for one in label.candidates] == ["invoice"]


def test_further_asks_are_second_intents():
    """Each ask that stage one is sure of stands beside the main intent, once."""
    script = {
        "both": verdict("invoice"),
        "an invoice": verdict("invoice"),
        "my login": verdict("login"),
        "again login": verdict("login"),
        "hm": verdict("roster", decided=False),
        "poem": verdict("roster", out=True),
    }
    label, _ = run(script, reading("both", asks=("an invoice", "my login", "again login", "hm", "poem")))
    assert (label.intent, label.second_intents) == ("invoice", ("login",))


def test_without_a_trained_model_the_language_model_is_asked_alone():
    """No stage one yet: stage two decides from the whole taxonomy, without candidates."""

    def ask(candidates):
        assert candidates == ()
        return Classification("login", 0.9, Stage.TWO), USAGE

    label, _ = classify(reading(), [], Scripted({}).embed, ask, POLICY)
    assert label.stage is Stage.TWO


def test_nothing_to_read_is_not_embedded():
    """An empty message is nobody's to decide."""
    model = Scripted({"": verdict("invoice")})
    label, _ = classify(reading(""), [model], model.embed, None, POLICY)
    assert (label.stage, model.texts) == (Stage.NONE, [])


def test_the_record_says_which_version_thought_what():
    """The first model counts; the opinion of one beside it is kept, also when the language model decides."""
    first = Scripted({"my invoice": verdict("invoice", decided=False)})
    other = Scripted({"my invoice": verdict("login", out=True)}, "two")
    label, _ = classify(reading(), [first, other], first.embed, None, POLICY)
    assert [(one.model, one.intent, one.is_decided) for one in label.opinions] == [
        ("one", "invoice", False),
        ("two", "", True),
    ]
    assert label.candidates[0].intent == "invoice"
    asked, _ = classify(
        reading(), [first, other], first.embed, lambda _: (Classification("login", 0.8, Stage.TWO), USAGE), POLICY
    )
    assert asked.opinions == label.opinions
    assert first.texts == ["my invoice"] * 2


@pytest.mark.parametrize("text", ["Rechnung fehlt", "Mot de passe oublié", "Quero o reembolso"])
def test_short_words_of_another_language_are_left_to_stage_two(text):
    """Too short to name the language; a sure verdict of examples in English says nothing of them."""
    script = {text: verdict("invoice", out=True)}
    one = replace(reading(text), language="")
    label, _ = run(script, one)
    assert (label.intent, label.stage, label.is_out_of_scope) == ("", Stage.NONE, False)


def test_words_of_the_examples_are_no_foreign_ones():
    """ "Export nach Xero" is mostly words of the examples; trigrams alone do not make it a stranger."""
    model = Scripted({"Export Xero nach": verdict("roster")})
    model.share = 0.67
    label, _ = classify(replace(reading("Export Xero nach"), language=""), [model], model.embed, None, POLICY)
    assert label.stage is Stage.ONE


def test_examples_in_two_languages_are_decided_in_both():
    """What language the examples are in is policy's to say."""
    both = POLICY.classifying.model_copy(update={"languages": ("en", "de")})
    policy = POLICY.model_copy(update={"classifying": both})
    model = Scripted({"Wo ist meine Rechnung vom Mai?": verdict("invoice")})
    one = replace(reading("Wo ist meine Rechnung vom Mai?"), language="de")
    label, _ = classify(one, [model], model.embed, None, policy)
    assert label.intent == "invoice"
    assert classify(one, [model], model.embed, None, POLICY)[0].stage is Stage.NONE
