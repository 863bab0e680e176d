"""Keywords: codes stay whole and are found, endings do not matter, other scripts work."""

import pytest

from kb.chunk import chunk
from kb.domain import Audience, Document, ShelvedChunk, Source
from kb.lexical import LexicalIndex, is_code, stem, tokenise


def doc(id_: str, text: str) -> Document:
    return Document(id_, Source.ARTICLE, "T", text, Audience.PUBLIC)


def shelved(documents: list[Document]) -> list[ShelvedChunk]:
    return [ShelvedChunk(piece, document, b"") for document in documents for piece in chunk(document)]


@pytest.mark.parametrize(
    "code", ["err-1042", "e42", "sku-9", "0x800ccc0e", "mail.server.default", "about:config", "v2"]
)
def test_codes_are_seen(code: str) -> None:
    """Identifiers are kept whole, whatever the case and the punctuation after them."""
    assert is_code(code)
    assert code in tokenise(f"I get ({code.upper()}), why?").codes


@pytest.mark.parametrize("word", ["payroll", "don't", "well-known", "2026", "e-mail"])
def test_words_are_not_codes(word: str) -> None:
    """Plain words, hyphenated ones and bare numbers are not codes."""
    assert not is_code(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("payments", "payment"),
        ("exporting", "export"),
        ("invited", "invite"),
        ("companies", "company"),
        ("stopped", "stop"),
    ],
)
def test_endings_are_taken_off(one: str, other: str) -> None:
    """Forms of a word meet."""
    assert stem(one) == stem(other)


def test_parts_are_found_too(help_centre: list[Document]) -> None:
    """Half of a joined token still counts as a word."""
    assert {"err-1042", "err", "1042"} <= set(tokenise("ERR-1042").words)


def test_the_document_with_the_code_stands_out(help_centre: list[Document]) -> None:
    """A code marks the chunks that hold it and no others."""
    items = shelved(help_centre)
    scores = LexicalIndex(items).score("Export broken", "we see err-1042 every time")
    marked = [items[row].document.title for row in scores.has_code.nonzero()[0]]
    assert marked == ["Export fails"]


def test_a_common_code_is_a_word() -> None:
    """A code in many documents names a topic and marks nothing."""
    items = shelved([doc(str(n), f"with API2 {n}") for n in range(10)])
    assert not LexicalIndex(items).score("", "API2").has_code.any()


def test_scripts_without_spaces_are_matched() -> None:
    """Japanese meets by pairs of characters."""
    items = shelved([doc("a", "給与の書き出し"), doc("b", "シフトの公開")])
    scores = LexicalIndex(items).score("", "給与について").bm25
    assert scores[0] > 0 == scores[1]


@pytest.mark.parametrize("text", ["", "the and of", "zzz qqq"])
def test_a_question_without_known_words_scores_nothing(help_centre: list[Document], text: str) -> None:
    """No words, only stop words, or only unknown ones: nought for every chunk."""
    assert not LexicalIndex(shelved(help_centre)).score("", text).bm25.any()


def test_an_older_index_changes_nothing(help_centre: list[Document]) -> None:
    """Built with the help of an older index, a new one scores as if it had been built alone."""
    items = shelved(help_centre)
    helped = LexicalIndex(items[1:], LexicalIndex(items[:4]))
    assert (helped.score("", "export payroll").bm25 == LexicalIndex(items[1:]).score("", "export payroll").bm25).all()


def test_an_empty_library_can_be_asked() -> None:
    """No chunks, no scores, no crash."""
    assert LexicalIndex([]).score("payroll", "ERR-1").bm25.shape == (0,)
