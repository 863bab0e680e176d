"""Training stage one: what it learns, what it refuses to decide, and that it repeats itself exactly."""

import random

import numpy as np
import pytest

from tests.fakes.embedder import HashEmbedder
from workers.intent_model import OOS
from workers.intent_training import Rows, TrainingError, _folds_apart, fingerprint, train

TOPICS = {
    "invoice": ["invoice", "receipt", "vat", "billing", "card", "paid"],
    "schedule": ["shift", "roster", "schedule", "week", "publish", "swap"],
    "login": ["password", "login", "reset", "locked", "account", "code"],
    "export": ["payroll", "export", "file", "columns", "csv", "format"],
    "leave": ["holiday", "vacation", "sick", "day", "approve", "balance"],
    "clock": ["clock", "terminal", "break", "late", "punch", "device"],
}
FILLER = ["please", "how", "can", "i", "my", "the", "we", "need", "today", "help", "with", "it", "for", "our", "team"]
FOREIGN = ["weather", "recipe", "football", "planet", "guitar", "poem", "river", "castle", "dragon", "violin"]


def rows(count: int, *, seed: int, topics: dict[str, list[str]] = TOPICS) -> tuple[list[str], list[str]]:
    """Write `count` messages for each topic: a few of its words among words that mean nothing."""
    dice = random.Random(seed)
    made = [
        (" ".join(dice.sample(words, 2) + dice.sample(FILLER, 3)), label)
        for label, words in topics.items()
        for _ in range(count)
    ]
    return [text for text, _ in made], [label for _, label in made]


EMBEDDER = HashEmbedder()


def learn(texts, labels, **options):
    return train(texts, labels, EMBEDDER.embed, embedder=EMBEDDER.name, **options)


def judge(model, texts):
    return model.predict_many(texts, EMBEDDER.embed(texts))


@pytest.fixture(scope="module")
def model():
    return learn(*rows(30, seed=1))


@pytest.fixture(scope="module")
def with_oos():
    texts, labels = rows(30, seed=1)
    strange, marks = rows(40, seed=2, topics={OOS: FOREIGN})
    return learn(texts + strange, labels + marks)


def test_unseen_messages_are_understood(model):
    """Messages it never saw get their intent, and most are decided without a second opinion."""
    texts, labels = rows(20, seed=3)
    verdicts = judge(model, texts)
    assert np.mean([v.candidates[0].intent == label for v, label in zip(verdicts, labels, strict=True)]) > 0.95
    assert np.mean([v.is_decided for v in verdicts]) > 0.8


def test_what_it_decides_is_as_right_as_asked():
    """With noisy labels it decides fewer, and those it decides reach the accuracy asked on unseen rows."""
    texts, labels = rows(60, seed=4)
    dice = random.Random(5)
    noisy = [dice.choice(list(TOPICS)) if dice.random() < 0.15 else label for label in labels]
    model = learn(texts, noisy, accuracy=0.9)
    assert 0 < model.figures["held_back_coverage"] < 1
    assert model.figures["held_back_accuracy_decided"] >= 0.9


def test_hopeless_labels_decide_nothing():
    """Labels at random leave every message to somebody else."""
    texts, labels = rows(20, seed=6)
    random.Random(7).shuffle(labels)
    verdicts = judge(learn(texts, labels), rows(10, seed=8)[0])
    assert np.mean([v.is_decided for v in verdicts]) < 0.05


@pytest.mark.parametrize("name", ["model", "with_oos"])
def test_foreign_messages_are_out_of_scope(name, request):
    """Messages about something else are told from known ones, with labelled examples of such and without."""
    model = request.getfixturevalue(name)
    strange = judge(model, rows(50, seed=9, topics={OOS: FOREIGN})[0])
    known = judge(model, rows(10, seed=10)[0])
    assert np.mean([v.is_out_of_scope for v in strange]) > 0.8
    assert np.mean([v.is_out_of_scope for v in known]) < 0.1


def test_what_it_turns_away_alone_is_foreign(model):
    """Without labelled examples, intents it had not heard of show how often that verdict is right when it is sure."""
    strange = judge(model, rows(20, seed=9, topics={OOS: FOREIGN})[0])
    known = judge(model, rows(40, seed=14)[0])
    assert any(v.is_decided and v.is_out_of_scope for v in strange)
    assert np.mean([v.is_decided and v.is_out_of_scope for v in known]) < 0.03


def test_everyday_chatter_is_learned_as_foreign():
    """Chatter given beside the examples is told from them; a line that is an example in other words is not used."""
    texts, labels = rows(12, seed=15)
    chatter = rows(30, seed=16, topics={OOS: FOREIGN})[0]
    taught = learn(texts, labels, everyday=[*chatter, *texts])
    fresh = rows(30, seed=17, topics={OOS: FOREIGN})[0]
    assert np.mean([v.is_out_of_scope for v in judge(taught, fresh)]) > 0.8
    assert np.mean([v.is_out_of_scope for v in judge(taught, rows(10, seed=18)[0])]) < 0.2


def test_out_of_scope_is_no_intent(with_oos):
    """The label `oos` never stands among the candidates."""
    assert with_oos.intents.labels == tuple(sorted(TOPICS))


def test_two_intents_are_enough():
    """The smallest taxonomy trains, and nothing is out of its scope."""
    small = {name: TOPICS[name] for name in ("invoice", "login")}
    model = learn(*rows(10, seed=11, topics=small))
    texts, labels = rows(10, seed=12, topics=small)
    verdicts = judge(model, texts)
    assert [v.candidates[0].intent for v in verdicts] == labels
    assert not any(v.is_out_of_scope for v in verdicts)


@pytest.mark.parametrize("labels", [["a"] * 4, ["a", "b"], [OOS] * 4])
def test_too_little_to_learn_from_is_an_error(labels):
    """One intent, or one example in each, is no taxonomy to train on."""
    with pytest.raises(TrainingError, match="two intents"):
        learn([f"text {n}" for n in range(len(labels))], labels)


def test_an_intent_with_one_example_does_not_stop_the_others():
    """A new intent with a single example trains along."""
    texts, labels = rows(10, seed=13)
    model = learn([*texts, "where is the printer manual"], [*labels, "printer"])
    assert "printer" in model.intents.labels
    assert model.figures["held_back_accuracy"] > 0.9


def test_training_twice_gives_the_same_model(model):
    """The same rows and seed give the same numbers."""
    again = learn(*rows(30, seed=1))
    assert np.array_equal(again.intents.weights, model.intents.weights)
    assert again.limits == model.limits
    assert again.figures == model.figures


def test_the_fingerprint_follows_content_and_not_order():
    """Another order of the same examples is the same set; a changed label is another."""
    texts, labels = ["one", "two"], ["a", "b"]
    assert fingerprint(texts, labels) == fingerprint(texts[::-1], labels[::-1])
    assert fingerprint(texts, labels) != fingerprint(texts, labels[::-1])


def test_a_row_counts_as_much_as_it_is_given():
    """Where rows contradict each other, the weightier ones have it; equal weights are no weights."""
    texts = [f"{word} thing number {n}" for n in range(30) for word in ("invoice", "roster")]
    labels = [text.split()[0] for text in texts]
    doubted = [f"gizmo problem {n}" for n in range(10)] * 2
    both = ["invoice"] * 10 + ["roster"] * 10
    heavy = [1.0] * 60 + [0.2] * 10 + [3.0] * 10

    def best(weights):
        model = learn(texts + doubted, labels + both, weights=weights)
        return judge(model, ["a gizmo problem"])[0].candidates[0].intent

    assert best(heavy) == "roster"
    assert best([1.0] * 60 + [3.0] * 10 + [0.2] * 10) == "invoice"


def test_one_wording_many_times_over_is_seen_apart():
    """Rows of a label that say the same in other words fall into one fold, and the folds stay even."""
    dice = np.random.default_rng(3)
    base = dice.normal(size=(10, 64)).astype(np.float32)
    vectors = np.repeat(base, 4, axis=0) + dice.normal(scale=0.1, size=(40, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = np.repeat([0, 1], 20)
    fold = _folds_apart(Rows([""] * 40, [], vectors, truth, np.ones(40)), seed=1)
    assert (fold.reshape(10, 4) == fold[::4, np.newaxis]).all()
    assert np.bincount(fold).tolist() == [8] * 5


def test_labels_of_one_wording_are_known_all_the_same():
    """Where all rows of a label say the same, half of them stay to know the other half by."""
    texts, labels = (
        [f"{topic} {topic}s {n}" for topic in TOPICS for n in range(12)],
        [t for t in TOPICS for _ in range(12)],
    )
    verdicts = judge(learn(texts, labels), [f"{topic} {topic}s" for topic in TOPICS])
    assert [v.candidates[0].intent for v in verdicts] == list(TOPICS)
    assert not any(v.is_out_of_scope for v in verdicts)
