"""Latency, memory and index time of a search over a real Chroma: `python -m tests.bench.bench_search 1000 10000`.

Real embedding is timed on a few hundred chunks; the large libraries get random vectors.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from kb.domain import Audience, Chunk, Document, Filter, Query, Source
from kb.embed import MAX_TOKENS, Embedder, Vectors, load_embedder, minilm_folder
from kb.knowledge_base import KnowledgeBase, Mode
from kb.lexical import LexicalIndex
from tests.fakes.shelf import MemoryShelf

ROUNDS = 200
PER_DOCUMENT = 5
QUESTION_WORDS = 60
EMBEDDED = 400  # chunks that are really embedded, 10,000 being reckoned from them


class Timed:
    """An embedder that adds up the time it took."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.name, self.dimension, self.seconds, self.cpu_seconds = inner.name, inner.dimension, 0.0, 0.0

    def embed(self, texts: list[str], tokens: int = MAX_TOKENS) -> Vectors:
        started, began = time.perf_counter(), time.thread_time()
        vectors = self.inner.embed(texts, tokens)
        self.seconds += time.perf_counter() - started
        self.cpu_seconds += time.thread_time() - began
        return vectors


def fill(shelf: MemoryShelf, chunks: int, model: str, words: list[str], random: np.random.Generator) -> None:
    """Shelve texts of common and rare words with vectors in clusters, as those of real articles lie."""
    centres = random.normal(size=(max(1, chunks // 50), 384))
    for number in range(chunks // PER_DOCUMENT):
        id_ = f"bench:{number}"
        audience = Audience.STAFF if number % 10 == 0 else Audience.PUBLIC
        document = Document(id_, Source.ARTICLE, text(words, 5, random), "", audience, locale="en-us")
        pieces = [
            Chunk(f"{id_}#{at}", id_, at, (), text(words, 120, random), f"{number}:{at}") for at in range(PER_DOCUMENT)
        ]
        rows = centres[number % len(centres)] + 0.8 * random.normal(size=(PER_DOCUMENT, 384))
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        shelf.replace(document, str(number), pieces, [row.tobytes() for row in rows], model)


def text(words: list[str], count: int, random: np.random.Generator) -> str:
    return " ".join(words[min(int(at), len(words) - 1)] for at in random.zipf(1.3, count))


def measure_embedding(embedder: Embedder, words: list[str], random: np.random.Generator) -> None:
    """Print how long embedding takes: by the clock, and by the time that all cores together spent on it."""
    texts = [text(words, 120, random) for _ in range(EMBEDDED)]
    started, began = time.perf_counter(), time.process_time()
    embedder.embed(texts)
    seconds, spent = time.perf_counter() - started, time.process_time() - began
    per = 10_000 / EMBEDDED
    print(f"embedding 10,000 chunks: {per * seconds:.0f} s, {per * spent:.0f} s of CPU", flush=True)


def measure(library: KnowledgeBase, embedder: Timed, questions: list[Query], label: str, mode: Mode) -> None:
    """Print milliseconds a search. Those of the CPU say what it costs on a machine that others keep busy as well."""
    wanted = Filter(locale="en")
    times, embedding, cpu, embedding_cpu = [], [], [], []
    for question in questions:
        before, cpu_before = embedder.seconds, embedder.cpu_seconds
        started, began = time.perf_counter(), time.thread_time()
        library.search(question, wanted, 3, mode)
        times.append((time.perf_counter() - started) * 1000)
        cpu.append((time.thread_time() - began) * 1000)
        embedding.append((embedder.seconds - before) * 1000)
        embedding_cpu.append((embedder.cpu_seconds - cpu_before) * 1000)
    shown = {
        "whole": np.array(times),
        "without embedding": np.array(times) - np.array(embedding),
        "CPU": np.array(cpu),
        "CPU without embedding": np.array(cpu) - np.array(embedding_cpu),
    }
    figures = [
        f"{name} p50 {np.percentile(v, 50):5.1f} p95 {np.percentile(v, 95):5.1f} ms" for name, v in shown.items()
    ]
    print(f"  {label:24} {' | '.join(figures)}", flush=True)


def main(sizes: list[int], url: str) -> None:
    random = np.random.default_rng(7)
    vocabulary = (minilm_folder() / "vocab.txt").read_text(encoding="utf-8").split()
    words = [word for word in vocabulary if word.isalpha() and len(word) > 2]
    with tempfile.TemporaryDirectory() as folder:
        embedder = Timed(load_embedder("minilm", Path(folder)))
    measure_embedding(embedder, words, random)
    for size in sizes:
        shelf = MemoryShelf()
        fill(shelf, size, embedder.name, words, random)
        questions = [Query(text(words, 6, random), text(words, QUESTION_WORDS, random)) for _ in range(ROUNDS)]
        library = KnowledgeBase(shelf, embedder, url, timeout_seconds=5, check_seconds=3600)
        started = time.perf_counter()
        library.search(questions[0], Filter(), 1, Mode.KEYWORD)
        took = time.perf_counter() - started
        started = time.perf_counter()
        LexicalIndex(shelf.chunks(), library._snapshots.current().lexical)
        again = time.perf_counter() - started
        print(f"{size} chunks: snapshot and keyword index {took:.1f} s, again after a change {again:.1f} s", flush=True)
        if url:
            started = time.perf_counter()
            library.repair()
            print(f"  Chroma filled in {time.perf_counter() - started:.1f} s", flush=True)
            measure(library, embedder, questions, "hybrid, Chroma", Mode.HYBRID)
        library.close()
        alone = KnowledgeBase(shelf, embedder, "", check_seconds=3600)
        alone.search(questions[0], Filter(), 1)
        measure(alone, embedder, questions, "hybrid, vectors in memory", Mode.HYBRID)
        measure(alone, embedder, questions, "keyword", Mode.KEYWORD)
        alone.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  peak memory {peak:.0f} MB, the shelf's copy included", flush=True)


if __name__ == "__main__":
    address = [part for part in sys.argv[1:] if part.startswith("http")]
    main([int(part) for part in sys.argv[1:] if part.isdigit()] or [1000, 10_000], address[0] if address else "")
