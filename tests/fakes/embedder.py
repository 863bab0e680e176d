"""An embedder without a model: texts that share words are near each other, always the same way."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from kb.lexical import tokenise


class HashEmbedder:
    """Puts each word at a place given by its hash. `texts` counts what was embedded."""

    def __init__(self, dimension: int = 256, name: str = "hash-1") -> None:
        self.name = name
        self.dimension = dimension
        self.texts = 0

    def embed(self, texts: list[str], tokens: int = 256) -> NDArray[np.float32]:
        del tokens
        self.texts += len(texts)
        return np.stack([self._one(text) for text in texts]) if texts else np.empty((0, self.dimension), np.float32)

    def _one(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-6, np.float32)
        for word in tokenise(text).words:
            digest = hashlib.sha256(f"{self.name}:{word}".encode()).digest()
            vector[int.from_bytes(digest[:4], "big") % self.dimension] += 1.0 if digest[4] & 1 else -1.0
        return vector / np.linalg.norm(vector)
