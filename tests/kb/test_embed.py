"""Embedding: the model without PyTorch says what it says with PyTorch, and is exported once."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kb import embed
from kb.embed import Embedder, EmbedError, export_minilm, load_embedder

TEXTS = [
    "How do I publish the schedule for next week?",
    "export to payroll fails with ERR-1042",
    "Hi, our new manager cannot approve timesheets any more. " * 12,
    "Où est ma facture ?",
    "x",
]


def test_vectors_are_unit_rows(minilm: Embedder) -> None:
    """Every text gives one float32 row of length one, the empty text too."""
    vectors = minilm.embed([*TEXTS, ""])
    assert vectors.shape == (6, minilm.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert minilm.embed([]).shape == (0, minilm.dimension)


def test_a_vector_does_not_depend_on_its_neighbours(minilm: Embedder) -> None:
    """A text embedded alone and among others gives the very same numbers."""
    together = minilm.embed(TEXTS)
    for row, text in enumerate(TEXTS):
        assert np.array_equal(minilm.embed([text])[0], together[row])


def test_threads_share_one_session(minilm: Embedder) -> None:
    """Ten threads at once get what one thread gets."""
    expected = minilm.embed(TEXTS)
    with ThreadPoolExecutor(10) as pool:
        for vectors in pool.map(lambda _: minilm.embed(TEXTS), range(20)):
            assert np.array_equal(vectors, expected)


def test_many_texts_are_shared_out(minilm: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """On several cores each text still gets its own row, and the very numbers it has alone."""
    monkeypatch.setattr(minilm, "_cores", 3)
    many = [f"{text} {number}" for number in range(5) for text in TEXTS]
    together = minilm.embed(many)
    assert all(np.array_equal(minilm.embed([text])[0], row) for text, row in zip(many, together, strict=True))


def test_broken_unicode_is_embedded(minilm: Embedder) -> None:
    """Lone surrogates, NUL and a megabyte in one word are text like any other."""
    vectors = minilm.embed(["\ud800 hello \x00", "a" * 1_000_000])
    assert np.isfinite(vectors).all()


def test_agrees_with_the_original(minilm: Embedder) -> None:
    """The int8 graph stays near to sentence-transformers on the packaged model."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    original = load_embedder(str(embed.minilm_folder()), Path())
    cosines = (original.embed(TEXTS) * minilm.embed(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.985
    assert cosines.mean() > 0.99
    assert original.name != minilm.name


def test_export_happens_once(tmp_path: Path) -> None:
    """A second export leaves the file alone, and no temporary file stays behind."""
    path = export_minilm(tmp_path)
    written = path.stat().st_mtime_ns
    assert export_minilm(tmp_path) == path
    assert path.stat().st_mtime_ns == written
    assert list(path.parent.iterdir()) == [path]


def test_foreign_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that are not the pinned ones are named with their hash, and nothing is written."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(embed, "minilm_folder", lambda: tmp_path / "model")
    with pytest.raises(EmbedError, match="sha256"):
        export_minilm(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_other_models_need_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyTorch the error says what to install."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(EmbedError, match="pip install torch"):
        load_embedder("some/model", Path())


def test_everyday_words_are_the_commonest_real_ones() -> None:
    """What stands in every text is set apart from what tells texts from each other."""
    assert {"people", "work", "want", "today"} <= embed.everyday_words() < embed.real_words()
    assert not {"fingerprint", "licence", "kiosk"} & embed.everyday_words()
