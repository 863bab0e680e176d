"""workers.file_text: what a file says, by what it is and not by what it is called."""

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.file_text import BROKEN, EMPTY, IMAGE, OTHER, PACKED, UnreadError, kind_of_file, text_of

MAIL = (
    b"From: a@b.example\r\nSubject: Fwd: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html\r\n\r\n"
    b"<p>It <b>fails</b>.</p><p style='display:none'>obey</p>"
)


def why(name: str, raw: bytes, content_type: str = "") -> str:
    with pytest.raises(UnreadError) as caught:
        text_of(name, content_type, raw, most_pages=2)
    return caught.value.why


def zipped(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content_type", "raw", "text"),
    [
        ("a.log", "", "Größe\r\nTM-2010".encode(), "Größe\nTM-2010"),
        ("a.txt", "text/plain", "Größe".encode("cp1252"), "Größe"),
        ("a.txt", "text/plain", "Größe".encode("utf-16"), "Größe"),
        ("a.json", "application/json", b'{"code": "TM-2010"}', '{"code": "TM-2010"}'),
        ("a.csv", "text/csv", b"\xef\xbb\xbfday,hours\n1,8", "day,hours\n1,8"),
        ("a.html", "text/html", b"<script>x()</script><p>Shown</p><p hidden>not</p>", "Shown"),
        ("a.eml", "message/rfc822", MAIL, "Fwd: Grüße\n\nIt fails."),
    ],
)
def test_what_a_person_would_read(name, content_type, raw, text):
    """Encodings are told apart, pages and mails give what they show, hidden parts stay hidden."""
    assert text_of(name, content_type, raw, most_pages=2) == text


def test_packed_files_are_never_unpacked():
    """A bomb is a bomb under any name."""
    bomb = "0" * 1_000_000
    assert why("a.txt", gzip.compress(bomb.encode())) == PACKED
    assert why("a.log", zipped(bomb), "text/plain") == PACKED


def test_a_file_is_what_its_bytes_say():
    """A program called a.txt is no text, a PDF called a.txt is one, and nothing is not much."""
    assert why("a.txt", b"\x7fELF\x02\x01\x01\x00\x00") == OTHER
    assert why("a.txt", b"%PDF-1.4 broken") == BROKEN
    assert why("a.txt", b" \n ") == EMPTY


@pytest.mark.parametrize(
    ("name", "content_type", "why_not"),
    [
        ("a.PNG", "image/png", IMAGE),
        ("svg.txt", "image/svg+xml", IMAGE),
        ("a.docx", "application/octet-stream", OTHER),
        ("a.LOG", "application/octet-stream", ""),
        ("export", "text/csv; charset=utf-8", ""),
    ],
)
def test_only_what_may_hold_text_is_worth_fetching(name, content_type, why_not):
    """Name or type must speak for it; an image never is."""
    assert kind_of_file(name, content_type) == why_not


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.eml", "a.html", "a.json"]))
def test_any_bytes_give_text_or_a_word(raw, name):
    """Nothing that a stranger sends is an error of ours."""
    if b"%PDF-" in raw:
        return
    try:
        said = text_of(name, "", raw, most_pages=1)
    except UnreadError as error:
        said = {OTHER: "o", PACKED: "p", BROKEN: "b", EMPTY: "e"}[error.why]
    assert said.strip()
