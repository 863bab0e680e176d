"""A trained stage one at work and on disk."""

import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from workers.intent_model import Blend, IntentModel, IntentModelError, Intents, Judge, Limits, Spelling
from workers.ngrams import PLACES, rarity, spell, weighted

WORDS = ("invoice", "roster", "login")
INSIDE = Judge(np.zeros(17, np.float32), np.ones(17, np.float32), np.zeros(17, np.float32), -3.0)
SURE = Judge(np.zeros(18, np.float32), np.ones(18, np.float32), np.zeros(18, np.float32), 3.0)


def vector(*values: float) -> np.ndarray:
    array = np.array(values, np.float32)
    return array / np.linalg.norm(array)


def spelling() -> Spelling:
    """A spelling that knows one word for each of three labels."""
    spelt = [spell(word) for word in WORDS]
    says, weights = rarity(spelt), np.zeros((PLACES, 3), np.float16)
    for label, one in enumerate(spelt):
        places, values = weighted(one, says)
        weights[places, label] = values * 2
    return Spelling(weights, np.full(3, -1, np.float32), says)


@pytest.fixture
def model():
    """Three intents along three axes. Sure of everything (0.95), nothing out of scope (0.05)."""
    axes = np.eye(3, dtype=np.float32)
    centres = np.concatenate([axes, np.ones((1, 3), np.float32) / np.sqrt(np.float32(3))])
    intents = Intents(
        ("a", "b", "c"),
        axes * 5,
        np.zeros(3, np.float32),
        spelling(),
        axes,
        np.arange(3),
        centres,
        False,
        Blend(0.2, 0.3),
    )
    return IntentModel(intents, INSIDE, SURE, Limits(0.5, 0.9, 0.9), "embedder-1", "t1", {"examples": 3.0})


def test_the_nearest_intent_comes_first(model):
    """Candidates are ordered, and their probabilities sum to one."""
    verdict = model.predict("", vector(0.9, 0.4, 0.1))
    assert [one.intent for one in verdict.candidates] == ["a", "b", "c"]
    assert sum(one.probability for one in verdict.candidates) == pytest.approx(1, abs=1e-3)
    assert (verdict.is_decided, verdict.is_out_of_scope) == (True, False)
    assert verdict.confidence == pytest.approx(0.9526, abs=1e-3)


@pytest.mark.parametrize(
    ("limits", "is_out", "is_decided"),
    [
        (Limits(0.5, 0.9, 0.9), False, True),
        (Limits(0.5, 0.96, 0.9), False, False),
        (Limits(0.01, 0.9, 0.9), True, False),
        (Limits(0.01, 0.9, 0.02), True, True),
    ],
)
def test_limits_decide(model, limits, is_out, is_decided):
    """Each verdict is decided by its own limit."""
    changed = IntentModel(model.intents, model.scope, model.surety, limits, "embedder-1", "t1")
    verdict = changed.predict("", vector(1, 0, 0))
    assert (verdict.is_out_of_scope, verdict.is_decided) == (is_out, is_decided)


def test_one_by_one_is_the_same_as_together(model):
    """A message's verdict does not depend on its neighbours in the batch."""
    vectors = np.stack([vector(0.9, 0.4, 0.1), vector(0.1, 0.2, 0.9), vector(1, 1, 1)])
    texts = ["my invoice", "", "a login"]
    assert model.predict_many(texts, vectors) == [model.predict(*one) for one in zip(texts, vectors, strict=True)]


def test_a_vector_of_another_length_is_refused(model):
    """A vector that cannot belong to this model is an error, not a guess."""
    with pytest.raises(ValueError, match="do not fit"):
        model.predict("", vector(1, 0))


def test_it_is_the_same_after_saving(model, tmp_path):
    """A loaded model says what the saved one said, and leaves no half-written file."""
    path = tmp_path / "intents.npz"
    model.save(path)
    loaded = IntentModel.load(path, embedder="embedder-1")
    one = vector(0.3, 0.7, 0.2)
    assert loaded.predict("the roster", one) == model.predict("the roster", one)
    assert (loaded.figures, loaded.taxonomy, loaded.limits) == (model.figures, model.taxonomy, model.limits)
    assert [file.name for file in tmp_path.iterdir()] == ["intents.npz"]


def test_another_embedder_is_refused(model, tmp_path):
    """Vectors of another embedder mean something else."""
    model.save(tmp_path / "m.npz")
    with pytest.raises(IntentModelError, match=r"embedder-1.*embedder-2.*deskhand train"):
        IntentModel.load(tmp_path / "m.npz", embedder="embedder-2")


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "text", "no head"])
def test_a_damaged_file_says_how_to_mend_it(model, tmp_path, damage):
    """Whatever is wrong with the file, the message is one line that names the way out."""
    path = tmp_path / "m.npz"
    model.save(path)
    if damage == "missing":
        path.unlink()
    elif damage == "no head":
        np.savez(path, weights=np.zeros(3))
    else:
        path.write_bytes({"cut": path.read_bytes()[:200], "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(IntentModelError, match="deskhand train"):
        IntentModel.load(path, embedder="embedder-1")


def test_a_pickle_inside_is_never_opened(model, tmp_path):
    """Loading a file that somebody prepared runs none of its code."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "m.npz"
    model.save(path)
    with zipfile.ZipFile(path, "a") as file:
        head = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n"
        file.writestr("bias2.npy", head + pickle.dumps(np.array([Trap()], object)))
    bad = tmp_path / "bad.npz"
    np.savez(bad, head=np.array([Trap()], object))
    with pytest.raises(IntentModelError):
        IntentModel.load(bad, embedder="embedder-1")
    IntentModel.load(path, embedder="embedder-1")
    assert not (tmp_path / "sprung").exists()


def test_predicting_loads_no_training_library():
    """A worker that only predicts never pays for scikit-learn."""
    code = "import sys, workers.intent_model; print([m for m in ('sklearn', 'scipy', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_spelling_breaks_a_tie(model):
    """Where the meaning says nothing, a known word decides, in any case and with a typing error."""
    nowhere = vector(1, 1, 1)
    for word, intent in zip(("Invoice", "ROSTERS", "logim"), "abc", strict=True):
        assert model.predict(f"{word} ?", nowhere).candidates[0].intent == intent


def test_what_is_spelt_as_nothing_known_is_unknown(model):
    """The share of a text that no example has is 0 for a known word and 1 for signs and other scripts."""
    assert model.intents.spelling.unknown(spell("invoice")) == 0
    assert model.intents.spelling.unknown(spell("日本語")) == 1
    assert model.intents.spelling.unknown(spell("?!")) == 1


def test_familiar_words_are_those_of_the_examples(model):
    """By whole words; a text without any has nothing strange."""
    assert model.familiar("") == 1.0
    assert model.familiar("qwertzuiop asdfghjkl") == 0.0
