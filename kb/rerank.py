"""A second reading of the best passages by a cross-encoder: off unless policy names one. It runs on PyTorch."""

import importlib.util
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kb.embed import EmbedError

Floats = NDArray[np.float32]

_LETTERS = 4000  # of a question or passage; the model cuts by its own limit as well


class Reranker(Protocol):
    """Judges how well passages answer a question. Safe to share between threads."""

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """Return a number a passage: higher is better, and only the order counts."""


def load_reranker(model: str) -> Reranker | None:
    """Load a sentence-transformers cross-encoder by name or folder; None for "". Raise EmbedError.

    Code that comes with a model is never run.
    """
    return CrossEncoderReranker(model) if model else None


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers. Its time is on top of a search's: tens of milliseconds a passage."""

    def __init__(self, model: str) -> None:
        if importlib.util.find_spec("torch") is None:
            raise EmbedError(f"reranker {model!r} needs PyTorch: pip install torch, or clear knowledge.reranker")
        from sentence_transformers import CrossEncoder

        try:
            self._model: Any = CrossEncoder(model, device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise EmbedError(f"reranker {model!r} cannot be loaded: {error}") from None

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        pairs = [(question[:_LETTERS], passage[:_LETTERS]) for passage in passages]
        return np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float32).reshape(len(pairs), -1)[:, 0]
