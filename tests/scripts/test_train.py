"""`deskhand train`: a new model is used only if it is no worse, and the one before stays at hand."""

import json

import pytest

from scripts import train as command
from scripts.__main__ import main
from tests.fakes.embedder import HashEmbedder
from tests.fakes.helpdesk import START
from workers.intent_model import IntentModel
from workers.retraining import is_held_out
from workers.store.labels import Label, Labels
from workers.store.migrate import migrate
from workers.store.tables import open_engine

TOPICS = {"invoice": "invoice receipt vat", "roster": "roster shift swap", "login": "password code locked"}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Write a taxonomy, each text under the intent that `label` says, run the command and return its report."""
    monkeypatch.setattr(command, "load_embedder", lambda model, data: HashEmbedder())
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("DESKHAND_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text('[models]\nclassify = "a"\ndraft = "b"\n')

    def run(*options, label=lambda text, name: name, count=15, code=0):
        examples = {name: [] for name in TOPICS}
        for name, words in TOPICS.items():
            for text in (f"{words} number {n}" for n in range(count)):
                examples[label(text, name)].append(text)
        lines = [f'[intents.{name}]\ndescription = "x"\nexamples = {json.dumps(examples[name])}\n' for name in TOPICS]
        (tmp_path / "taxonomy.toml").write_text("".join(lines))
        report = tmp_path / "report.json"
        report.write_text("{}")
        assert main(["train", "--json", str(report), *options]) == code
        return json.loads(report.read_text())

    run.path = tmp_path / "var" / "models" / "intents.npz"
    return run


def loaded(path):
    return IntentModel.load(path, embedder=HashEmbedder().name)


def test_the_first_model_is_used(house):
    """Training writes a model of all examples and says how good it is on rows it had not seen."""
    report = house()
    assert report["adopted"]
    assert report["held_back_accuracy"] == 1.0
    assert loaded(house.path).figures["examples"] == 45


def test_nothing_changed_is_no_work(house):
    """With --if-stale the same examples are not trained on again; changed ones are."""
    house()
    before = house.path.stat().st_mtime_ns
    assert house("--if-stale") == {"adopted": False, "reason": "up to date"}
    assert house.path.stat().st_mtime_ns == before
    assert house("--if-stale", count=16)["adopted"]


def test_a_worse_model_is_not_used_unless_forced(house):
    """Labels that are wrong everywhere but in the held-out rows lose there, and the model in use stays."""

    def wrong(text, name):
        names = list(TOPICS)
        return name if is_held_out(text) else names[names.index(name) - 1]

    house()
    before = loaded(house.path).taxonomy
    report = house(label=wrong)
    assert (report["adopted"], report["accuracy"], report["accuracy_before"]) == (False, 0.0, 1.0)
    assert loaded(house.path).taxonomy == before
    assert house("--force", label=wrong)["adopted"]


def test_the_model_before_can_be_taken_back(house):
    """--back swaps the current model and the one before."""
    assert house("--back", code=1) == {}
    house()
    first = loaded(house.path).taxonomy
    house(count=20)
    second = loaded(house.path).taxonomy
    house("--back")
    assert loaded(house.path).taxonomy == first
    house("--back")
    assert loaded(house.path).taxonomy == second != first


def test_what_staff_said_is_learned_and_counted(house, tmp_path):
    """With a database the report says what the model learned from; so is it that no model is on trial."""
    engine = open_engine(f"sqlite:///{tmp_path}/var/deskhand.sqlite3")
    (tmp_path / "var").mkdir()
    migrate(engine)
    labels = Labels(engine)
    for number in range(5):
        text = f"the carousel {number} is stuck"
        labels.relabel(Label(("zendesk", str(number)), number, "login", text), case_id=number, before="", now=START)
    engine.dispose()
    assert house()["learned_from"] == {"examples": 45, "relabels": 5, "approved": 0}
    assert house("--compare") == house("--adopt") == {"trial": None}


def test_held_out_rows_follow_from_their_text():
    """About a fifth is held out, always the same rows."""
    texts = [f"text {n}" for n in range(500)]
    assert 0.15 < sum(map(is_held_out, texts)) / 500 < 0.25
    assert [is_held_out(text) for text in texts[:20]] == [is_held_out(text) for text in texts[:20]]
