"""Models on disk: noticed when they change, kept when the new one is bad, and moved without a gap."""

import os
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.embedder import HashEmbedder
from workers import intent_shelf
from workers.intent_model import IntentModelError
from workers.intent_shelf import IntentShelf
from workers.intent_training import train

EMBEDDER = HashEmbedder(dimension=32)


@pytest.fixture(scope="module")
def model():
    texts = [f"{word} number {n}" for word in ("invoice", "roster", "login") for n in range(10)]
    return train(texts, [text.split()[0] for text in texts], EMBEDDER.embed, embedder=EMBEDDER.name)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "intents.npz"


def write(model, path, name, *, seconds=0):
    """Store a model that says `name` as its taxonomy, and its twin, with a time stamp of their own."""
    for one in (path, intent_shelf.twin_path(path)):
        replace(model, taxonomy=name).save(one)
        os.utime(one, (1_000_000 + seconds,) * 2)


def names(models):
    return [one.taxonomy for one in models]


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def shelf_of(path, clock):
    return IntentShelf(path, EMBEDDER.name, look_seconds=5, clock=clock)


def test_a_new_model_needs_no_restart(model, path):
    """It is looked for every few seconds; without any there is none."""
    clock = Clock()
    shelf = shelf_of(path, clock)
    assert shelf.models("t", 0) == ()
    write(model, path, "one")
    assert shelf.models("t", 0) == ()
    clock.now += 5
    assert names(shelf.models("t", 0)) == ["one"]
    write(model, path, "two", seconds=1)
    clock.now += 5
    assert names(shelf.models("t", 0)) == ["two"]


def test_a_bad_file_leaves_the_old_model_in_use(model, path):
    """At the start it is an error; later it is one in the log, and work goes on."""
    path.write_bytes(b"no model")
    clock = Clock()
    shelf = shelf_of(path, clock)
    with pytest.raises(IntentModelError, match="damaged"):
        shelf.load()
    write(model, path, "one")
    clock.now += 5
    before = shelf.models("t", 0)
    path.write_bytes(b"no model")
    clock.now += 5
    assert shelf.models("t", 0) == before
    assert names(before) == ["one"]


def test_a_version_names_the_content(model, path):
    """The same model has the same version wherever it lies; another one has another."""
    write(model, path, "one")
    again = path.with_name("other.npz")
    write(model, again, "one", seconds=7)
    version = intent_shelf.load(path, EMBEDDER.name).version
    assert version == intent_shelf.version_of(again) != ""
    write(model, again, "two")
    assert intent_shelf.version_of(again) != version
    assert intent_shelf.version_of(path.with_name("none.npz")) == ""


def test_a_trial_runs_on_its_share(model, path):
    """Always the same tickets, both models on each, and either first on about half of them."""
    write(model, path, "old")
    write(model, intent_shelf.candidate_path(path), "new")
    shelf = shelf_of(path, Clock())
    seen = [names(shelf.models(f"zendesk:{n}", 0.4)) for n in range(2000)]
    assert seen == [names(shelf.models(f"zendesk:{n}", 0.4)) for n in range(2000)]
    both = [one for one in seen if len(one) == 2]
    assert 0.36 < len(both) / 2000 < 0.44
    assert 0.42 < np.mean([one == ["new", "old"] for one in both]) < 0.58
    assert {tuple(one) for one in seen if len(one) == 1} == {("old",)}
    assert names(shelf.models("zendesk:1", 0.0)) == ["old"]


def test_a_candidate_alone_decides_nothing(model, path):
    """On trial is beside another one, or not at all."""
    write(model, intent_shelf.candidate_path(path), "new")
    assert shelf_of(path, Clock()).models("t", 1.0) == ()


def test_what_is_replaced_stays_at_hand(model, path):
    """A model is put to use with its twin, the one before can be had back, and back again."""
    fresh = path.with_name("fresh.npz")
    assert not intent_shelf.swap(path)
    for name in ("one", "two"):
        write(model, fresh, name)
        intent_shelf.put(fresh, path)
    found = [path, intent_shelf.twin_path(path)]

    def taxonomies():
        return {intent_shelf.load(one, EMBEDDER.name).taxonomy for one in found}

    assert taxonomies() == {"two"}
    assert intent_shelf.swap(path)
    assert taxonomies() == {"one"}
    assert intent_shelf.swap(path)
    assert taxonomies() == {"two"}
    intent_shelf.drop(path)
    assert not any(one.exists() for one in found)
