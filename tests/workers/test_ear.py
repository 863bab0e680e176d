"""workers.ear: what a message sounds like, and the weights that are in the repository."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from config.policy import Rule
from kb.embed import load_embedder
from workers.domain import Action, MessageKind, Reading, Turn
from workers.ear import Ear, Family, heard, load_ear, spoken, weighed
from workers.rules import is_exception, match

ROOT = Path(__file__).parents[2]
RULES = {
    name: Rule.model_validate(rule)
    for name, rule in tomllib.loads((ROOT / "config/rules.toml").read_text(encoding="utf-8"))["rules"].items()
}
SENTENCES = tomllib.loads((ROOT / "scripts/rule_sentences.toml").read_text(encoding="utf-8"))


def _reading(text: str, subject: str = "") -> Reading:
    return Reading("1", MessageKind.QUESTION, subject, text, text, (), "en", ())


def _embed(texts: list[str]) -> np.ndarray:
    """A vector that looks up for a cry and down for anything else."""
    return np.array([[1.0 if "!" in text else -1.0] for text in texts], np.float32)


EAR = Ear({"cry": Family(np.array([1.0], np.float32), {"wolf": 2.0}, 0.0, 0.9)}, {"wolf": 3.0, "the": 1.0})


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return load_embedder("minilm", tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def listen(embedder):
    ear = load_ear(embedder.name)
    assert ear is not None
    return lambda text: heard(_reading(text), ear, embedder.embed)


def test_the_sentence_that_sounds_most_is_named():
    """A family is heard in a sentence by its vector or by its words, each weighed by how rare it is."""
    text = "It is loud here! There was the wolf at the wolf door! Nothing else happened here."
    assert EAR.hear(_reading(text), _embed) == {"cry": "There was the wolf at the wolf door!"}
    assert EAR.hear(_reading("Nothing else happened here."), _embed) == {}
    assert weighed("The wolf, the fox", EAR.rarity) == pytest.approx({"the": 1 / 10**0.5, "wolf": 3 / 10**0.5})


def test_without_an_ear_nothing_is_heard():
    """An embedder that the weights were not learned with leaves only the words of rules."""
    assert load_ear("another-embedder") is None
    assert heard(_reading("It is loud here!"), None, _embed) == {}


def test_short_lines_are_no_sentences():
    """A name or a title is not listened to, and a subject only while it is new."""
    first = _reading("Thanks.\nWho opens the door today?", "The door is shut again")
    assert spoken(first) == ["The door is shut again", "Who opens the door today?"]
    reply = replace(first, thread=(Turn("staff", "Which door?", datetime(2026, 1, 1, tzinfo=UTC)),))
    assert spoken(reply) == ["Who opens the door today?"]


def test_of_a_long_message_both_ends_are_listened_to():
    """What a message costs is bounded, and what stands at its end is not lost."""
    lines = [f"This is line number {number} of many." for number in range(40)]
    said = spoken(_reading("\n".join(lines)))
    assert (len(said), said[0], said[-1]) == (12, lines[0], lines[-1])


def test_a_rule_holds_by_ear_where_it_asks_for_it():
    """The hit names the sentence; without `reads_like`, or where an exception stands in it, there is none."""
    sentence = "A grown up should come to the phone."
    rule = Rule(reason="x.", action="hand_off", any_of=("human",), reads_like="person")

    def hits(rule: Rule):
        return match(
            _reading(sentence), requester_tags=(), organization_tags=(), rules={"r": rule}, heard={"person": sentence}
        )

    assert [(hit.id, hit.action, hit.words, hit.is_heard) for hit in hits(rule)] == [
        ("r", Action.HAND_OFF, sentence, True)
    ]
    assert hits(rule.model_copy(update={"reads_like": ""})) == ()
    assert hits(rule.model_copy(update={"unless": ("grown up",)})) == ()


def test_rules_ask_for_families_that_were_learned(embedder):
    """Every family of the sentences has weights and a rule; no rule asks for another one."""
    ear = load_ear(embedder.name)
    assert set(ear.families) == set(SENTENCES["families"]) == {rule.reads_like for rule in RULES.values()} - {""}


def test_no_counter_example_of_a_rule_is_heard(listen):
    """Whoever adds a counter-example that is heard learns here that an exception or `deskhand train-ear` is due."""
    known = [(rule, text) for rule in RULES.values() if rule.reads_like for text in rule.counter_examples]
    heard_in = [text for rule, text in known if rule.reads_like in listen(text) and not is_exception(rule, text)]
    assert heard_in == []


def test_other_words_for_what_rules_are_about_are_heard(listen):
    """Wordings that no rule has: of each family some."""
    other = {
        "person": "Would a grown-up in your office please get on the line with me?",
        "anger": "I could hurl this computer out of the window, that is how mad you make me.",
        "leaving": "We'll be saying farewell to you and going with a rival firm.",
        "legal": "A magistrate will get to hear of this, my counsel is preparing the claim.",
        "security": "Some crook has gotten hold of my login and is writing to my friends.",
        "money": "You debited my card for a second time, I expect that sum back.",
        "urgent": "The entire crew sits idle and we lose cash by the minute, hurry!",
    }
    assert {name: name in listen(text) for name, text in other.items()} == dict.fromkeys(other, True)
