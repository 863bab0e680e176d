"""Stage one learns from what staff did, and a new model has to be no worse to be used."""

import os

import pytest

from config.policy import Classifying, Intent
from tests.fakes.embedder import HashEmbedder
from tests.fakes.helpdesk import START
from tests.fakes.services import POLICY, make_services
from workers import intent_shelf
from workers.intent_shelf import IntentShelf
from workers.retraining import Contest, Example, Taught, chance_of, lessons, retrain, stored, weekly
from workers.store.labels import Judged, Label

WORDS = {"invoice": "invoice receipt vat", "roster": "roster shift swap", "login": "password code locked"}
EMBEDDER = HashEmbedder()


def policy_of(count=15, **classifying):
    intents = {
        name: Intent(description=name, examples=tuple(f"{words} number {n}" for n in range(count)))
        for name, words in WORDS.items()
    }
    return POLICY.model_copy(update={"intents": intents, "classifying": Classifying(**classifying)})


class Said:
    """Stands for the record of what staff said."""

    def __init__(self, relabels=(), approved=(), judged=()):
        self._relabels, self._approved, self._judged = relabels, approved, judged

    def relabels(self, limit):
        return list(self._relabels[:limit])

    def approved(self, limit):
        return list(self._approved[:limit])

    def judged(self, limit):
        return list(self._judged)


def label(number, intent, text):
    return Label(("zendesk", str(number)), number, intent, text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "models" / "intents.npz"


def teach(policy, said, path, **options):
    return retrain(policy, lessons(policy, said), EMBEDDER, (), path, **options)


def best(path, text):
    (verdict,) = stored(path, EMBEDDER).predict_many([text], EMBEDDER.embed([text]))
    return verdict.candidates[0].intent


def test_what_counts_how_much():
    """A correction counts more than an example, an approval less; what the taxonomy dropped counts nothing."""
    said = Said([label(1, "login", "a"), label(2, "gone", "b")], [label(3, "roster", "c")])
    found = lessons(policy_of(2), said)
    assert found.counts() == {"examples": 6, "relabels": 1, "approved": 1}
    assert found.rows[-2:] == (Example("a", "login", 3.0), Example("c", "roster", 0.3))
    assert lessons(policy_of(2), None).counts() == {"examples": 6, "relabels": 0, "approved": 0}


def test_what_is_asked_most_does_not_drown_the_rest():
    """Of approved cases the newest of each intent are enough."""
    said = Said(approved=[label(n, "roster" if n else "login", f"text {n}") for n in range(500)])
    found = lessons(policy_of(2, most_approved=400), said)
    assert [row.label for row in found.approved].count("roster") == 200
    assert [row.label for row in found.approved].count("login") == 1


def test_a_correction_is_learned(path):
    """A word that staff always put elsewhere is understood their way afterwards."""
    policy = policy_of()
    teach(policy, None, path)
    said = Said([label(n, "login", f"carousel broken again {n}") for n in range(12)])
    report = teach(policy, said, path)
    assert report["adopted"]
    assert report["learned_from"] == {"examples": 45, "relabels": 12, "approved": 0}
    assert best(path, "the carousel is broken") == "login"


def test_the_same_lessons_bring_nothing_new(path):
    """The model in use and the one before stay where they are."""
    first = teach(policy_of(), None, path)
    again = teach(policy_of(), None, path)
    assert (again["adopted"], again["reason"]) == (False, "nothing new")
    assert again["version"] == first["version"] == intent_shelf.version_of(path)
    assert not intent_shelf.previous_path(path).exists()
    assert not list(path.parent.glob("*fresh*"))


@pytest.mark.parametrize(
    ("new", "old", "only_new", "only_old", "is_no_worse"),
    [(90, None, 0, 0, True), (90, 90, 4, 4, True), (89, 90, 3, 4, True), (80, 90, 2, 12, False), (87, 90, 0, 3, False)],
)
def test_a_lag_is_forgiven_where_chance_explains_it(new, old, only_new, only_old, is_no_worse):
    """One row more or less says nothing; a dozen lost for two won do."""
    assert Contest(100, new, old, only_new, only_old).is_no_worse is is_no_worse


def test_on_trial_a_new_model_changes_nothing_at_first(path):
    """The model in use stays, the new one lies beside it; the very first one is used at once."""
    tried = policy_of(trial_share=0.5)
    assert teach(tried, None, path)["adopted"]
    before = intent_shelf.version_of(path)
    said = Said([label(n, "login", f"carousel broken again {n}") for n in range(12)])
    report = teach(tried, said, path)
    assert (report["adopted"], report["on_trial"]) == (False, True)
    assert intent_shelf.version_of(path) == before != intent_shelf.version_of(intent_shelf.candidate_path(path))
    assert teach(policy_of(), said, path)["adopted"]
    assert not intent_shelf.candidate_path(path).exists()


def on_trial(engine, desk, path, judged, **others):
    """Services with one model in use, another on trial since now, and what staff said of their opinions."""
    policy = policy_of(trial_share=0.5, **others)
    teach(policy, None, path)
    teach(policy, Said([label(n, "login", f"carousel broken again {n}") for n in range(12)]), path)
    place = intent_shelf.candidate_path(path)
    os.utime(place, (START.timestamp(),) * 2)
    old, new = intent_shelf.version_of(path), intent_shelf.version_of(place)
    cases = []
    for n, (said_old, said_new) in enumerate(judged):
        opinions = [{"model": old, "intent": said_old}, {"model": new, "intent": said_new}]
        cases.append(Judged(label(n, "login", "x"), {"opinions": opinions}))
    shelf = IntentShelf(path, EMBEDDER.name)
    return make_services(engine, desk, policy=policy, labels=Said(judged=cases), intents=shelf), old, new


@pytest.mark.parametrize(
    ("judged", "days", "winner", "is_new"),
    [
        ([("roster", "login")] * 12, 7, "new", True),
        ([("login", "roster")] * 12, 7, "old", False),
        ([("login", "login")] * 12, 7, "open", None),
        ([("login", "login")] * 12, 29, "open", False),
    ],
)
def test_a_trial_ends_on_evidence_or_with_its_time(engine, desk, path, judged, days, winner, is_new):
    """The winner is used; undecided for weeks, the one on trial makes room for a newer one."""
    services, old, new = on_trial(engine, desk, path, judged)
    desk.tick(days * 86_400)
    report = weekly(services)
    assert report["trial"]["winner"] == winner
    if is_new is None:
        assert report["reason"] == "another model is on trial"
        assert intent_shelf.version_of(intent_shelf.candidate_path(path)) == new
    else:
        assert intent_shelf.version_of(path) == (new if is_new else old)


def test_a_week_without_a_trial_trains(engine, desk, path):
    """The scheduled run writes a model that the workers pick up."""
    shelf = IntentShelf(path, EMBEDDER.name)
    services = make_services(engine, desk, policy=policy_of(), intents=shelf)
    report = weekly(services)
    assert (report["adopted"], report["trial"]) == (True, None)
    assert [model.version for model in shelf.models("t", 0.0)] == [report["version"]]


def test_chance_is_that_of_a_coin():
    """The contest of two models is decided by the same count as a trial."""
    assert chance_of(1, 1) == 0.5


def test_the_taxonomy_is_named_by_its_examples_alone():
    """What staff said does not make the model stale: that is the weekly run's to see."""
    examples = (Example("a", "x"), Example("b", "y"))
    assert Taught(examples).taxonomy == Taught(examples, (Example("c", "x", 3.0),)).taxonomy
    assert Taught(examples).taxonomy != Taught(examples[:1]).taxonomy
