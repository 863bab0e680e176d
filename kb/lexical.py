"""The only module that knows bm25s: a keyword index over chunks that keeps codes such as ERR-1042 in one piece."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import bm25s
import numpy as np
from numpy.typing import NDArray

from kb.domain import ShelvedChunk

TITLE_WEIGHT = 2  # a title's words count this often, a heading's once
SUBJECT_WEIGHT = 2
CODE_MAX_DOCUMENTS = 3  # a code in more documents than this names a topic, not a case

Scores = NDArray[np.float32]

_TOKEN = re.compile(r"[^\W_]+(?:[-_./:#@+'’][^\W_]+)*", re.UNICODE)
_PARTS = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DOTTED = re.compile(r"[a-z][\w-]*(?:[.:_][a-z][\w-]*)+")
_HAS_DIGIT = re.compile(r"\d")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_STOP = set(
    """
    a an and are as at be been but by can could did do does for from had has have he her him his how i if in into is
    it its me my no not of on or our out she so some than that the their them then there these they this to up us
    was we were what when where which who why will with would you your am just any all also after before please
    hi hello hey thanks thank regards dear
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a question and, apart, those that look like a code, a setting or an article number."""

    words: tuple[str, ...]
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeywordScores:
    """One row per chunk of the index: BM25, and whether the chunk holds a rare code of the question."""

    bm25: Scores
    has_code: NDArray[np.bool_]


class LexicalIndex:
    """An immutable index over chunks, in their order.

    Reading words is most of the work of building one, so an older index hands on those of unchanged chunks.
    """

    def __init__(self, chunks: Sequence[ShelvedChunk], older: "LexicalIndex | None" = None) -> None:
        known = older._bags if older else {}
        self._bags: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for item in chunks:
            key = (item.chunk.hash, item.document.labels)
            self._bags[key] = known.get(key) or _bag(item)
        bags = [self._bags[item.chunk.hash, item.document.labels] for item in chunks]
        self._size = len(bags)
        self._documents = [item.document.id for item in chunks]
        self._words = {word for bag in bags for word in bag}
        self._index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        if self._words:
            self._index.index(bags, show_progress=False)
        self._holders: dict[str, list[int]] = {}
        for row, bag in enumerate(bags):
            for token in filter(is_code, set(bag)):
                self._holders.setdefault(token, []).append(row)

    def score(self, subject: str, text: str) -> KeywordScores:
        """Score every chunk for a question; its subject counts more than a word of its text."""
        asked, body = tokenise(subject), tokenise(text)
        words = [word for word in asked.words * SUBJECT_WEIGHT if word in self._words]
        words += [word for word in dict.fromkeys(body.words) if word in self._words]
        bm25 = np.zeros(self._size, np.float32)
        if words:
            bm25 = np.asarray(self._index.get_scores(words), np.float32)
        has_code = np.zeros(self._size, np.bool_)
        for code in asked.codes | body.codes:
            rows = self._holders.get(code, [])
            if len({self._documents[row] for row in rows}) <= CODE_MAX_DOCUMENTS:
                has_code[rows] = True
        return KeywordScores(bm25, has_code)


def tokenise(text: str) -> Tokens:
    """Return stemmed words without stop words. A joined token is kept whole, and its parts beside it."""
    words: list[str] = []
    codes: set[str] = set()
    for found in _TOKEN.finditer(unicodedata.normalize("NFKC", text).lower()):
        whole = found[0].replace("’", "'").removesuffix("'s")
        if is_code(whole):
            codes.add(whole)
            words.append(whole)
        parts = _PARTS.findall(whole)
        for part in parts:
            if _CJK.search(part):
                words += [part[at : at + 2] for at in range(max(1, len(part) - 1))]
            elif part not in _STOP and (len(part) > 1 or part.isdigit()) and not (part == whole and is_code(whole)):
                words.append(stem(part))
    return Tokens(tuple(words), frozenset(codes))


def is_code(token: str) -> bool:
    """Say whether a lower-case token is an identifier rather than a word: err-1042, e42, sku-9, mail.server.port."""
    if token.isalpha():
        return False
    return bool(_HAS_DIGIT.search(token) and _HAS_LETTER.search(token)) or bool(_DOTTED.fullmatch(token))


@lru_cache(50_000)
def stem(word: str) -> str:
    """Take the commonest English endings off: enough to join "payments" and "payment", and never a code."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zes")) else word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and re.search("[aeiouy]", root):
            if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
                root = root[:-1]
            word = root
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _bag(item: ShelvedChunk) -> list[str]:
    title = tokenise(item.document.title).words * TITLE_WEIGHT
    heading = tokenise(" ".join(item.chunk.heading)).words
    labels = tokenise(" ".join(item.document.labels)).words
    return [*title, *heading, *labels, *tokenise(item.chunk.text).words]
