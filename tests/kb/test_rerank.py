"""Reranking: off by default, a clear error where the model or PyTorch is missing, one number a passage."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from kb.embed import EmbedError
from kb.rerank import load_reranker


class Overlap:
    """Stands in for a cross-encoder: counts shared words, and fails where its folder is not there."""

    def __init__(self, model: str, *, device: str, trust_remote_code: bool) -> None:
        assert (device, trust_remote_code) == ("cpu", False)
        if model == "nowhere":
            raise OSError("no such folder")

    def predict(self, pairs: list[tuple[str, str]], *, show_progress_bar: bool) -> np.ndarray:
        assert not show_progress_bar
        return np.array([[len(set(one.split()) & set(other.split()))] for one, other in pairs])


@pytest.fixture
def torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(CrossEncoder=Overlap))  # type: ignore[arg-type]


def test_without_a_name_there_is_none() -> None:
    """Nothing is loaded, and PyTorch is not asked for."""
    assert load_reranker("") is None


@pytest.mark.usefixtures("torch_is_there")
def test_each_passage_gets_a_number() -> None:
    """A model with a column a label is read by its first one."""
    reranker = load_reranker("overlap")
    assert reranker is not None
    assert reranker.scores("swap a shift", ["swap a shift", "export pay", "a shift"]).tolist() == [3.0, 0.0, 2.0]


@pytest.mark.usefixtures("torch_is_there")
def test_a_missing_model_is_named() -> None:
    """The error says which and why."""
    with pytest.raises(EmbedError, match="'nowhere' cannot be loaded: no such folder"):
        load_reranker("nowhere")


def test_it_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyTorch the error says what to do."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EmbedError, match="pip install torch"):
        load_reranker("some/model")
