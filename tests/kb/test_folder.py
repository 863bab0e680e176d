"""Folders as sources: what becomes of each kind of file, what is left out, and what is said of the rest."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import folder as folders
from kb.domain import Audience
from kb.folder import Folder, Unread, documents

TEXT = b"BT /F1 12 Tf 20 200 Td (Open the printer and) Tj 0 -14 Td (press Reset.) Tj ET"


def pdf(content=TEXT):
    """Return a PDF of one page."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Title(Printer)>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + head + table + tail


def read(root: Path, **more):
    unread = Unread()
    found = list(documents(Folder("handbook", root, **more), unread))
    return found, unread.files


def test_each_kind_of_file_becomes_a_document(tmp_path):
    """Markdown, HTML, text and PDF; others are no documents and no fault."""
    (tmp_path / "a.md").write_text("# Opening hours\n\nMonday to Friday.")
    (tmp_path / "b.html").write_text("<title>Returns &amp; refunds</title><h2>When</h2><p>Within 30 days.</p>")
    (tmp_path / "c_plain-text.txt").write_text("Just words.")
    (tmp_path / "d.pdf").write_bytes(pdf())
    (tmp_path / "e.docx").write_text("not ours")
    found, unread = read(tmp_path)
    assert [(one.title, one.text) for one in found] == [
        ("Opening hours", "# Opening hours\n\nMonday to Friday."),
        ("Returns & refunds", "## When\n\nWithin 30 days."),
        ("c plain text", "Just words."),
        ("Printer", "Open the printer and press Reset."),
    ]
    assert unread == {}


def test_front_matter_wins_over_the_folder(tmp_path):
    """Audience, link, days and labels of one file; the others are as policy says of the folder."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text(
        "---\ntitle: Winter prices\naudience: public\nvalid_from: 2026-12-01\nvalid_until: 2027-03-01\n"
        "reviewed: 2026-11-02\nlabels: [prices]\n---\nFrom 10 EUR."
    )
    (tmp_path / "b.md").write_text("Second.")
    other, one = read(tmp_path, locale="en-us", url="https://hb.example/")[0]
    assert (one.title, one.audience, one.labels, one.section) == (
        "Winter prices", Audience.PUBLIC, ("prices",), ("sub",),
    )  # fmt: skip
    assert one.valid_from == datetime(2026, 12, 1, tzinfo=UTC)
    assert one.valid_until == datetime(2027, 3, 1, tzinfo=UTC)
    assert one.reviewed_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert (other.audience, other.locale, other.url) == (Audience.STAFF, "en-us", "https://hb.example/b.md")
    assert one.id == "folder:handbook:sub/a.md"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.md", b"---\ntitle: [open\n---\nx", "front matter"),
        ("a.md", b"---\naudience: everybody\n---\nx", "everybody"),
        ("a.md", b"---\nvalid_until: soon\n---\nx", "soon"),
        ("a.md", b"  \n", "no text"),
        ("a.pdf", b"%PDF-1.4 broken", ""),
        ("a.pdf", b"", ""),
        ("a.pdf", pdf(b"BT ET"), "a scan"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path, name, content, why):
    """One broken file loses nothing else."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / "z.txt").write_text("Fine.")
    found, unread = read(tmp_path)
    assert [one.text for one in found] == ["Fine."]
    assert list(unread) == [name]
    assert why in unread[name]


def test_a_file_too_large_is_not_opened(tmp_path, monkeypatch):
    """The size is looked at before the content."""
    monkeypatch.setattr(folders, "MAX_BYTES", 10)
    (tmp_path / "a.txt").write_text("x" * 11)
    assert "larger" in read(tmp_path)[1]["a.txt"]


def test_links_do_not_lead_out(tmp_path):
    """What lies elsewhere on the machine is none of the library's business."""
    (tmp_path / "secret.txt").write_text("root:x:0:0")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "innocent.txt").symlink_to(tmp_path / "secret.txt")
    found, unread = read(tmp_path / "docs")
    assert (found, "leads out" in unread["innocent.txt"]) == ([], True)


@pytest.mark.parametrize("name", [".git/a.md", "_drafts/a.md", "~a.md"])
def test_hidden_files_and_drafts_are_left_alone(tmp_path, name):
    """Folders and files that begin with a dot, an underscore or a tilde are work in progress."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("Not yet.")
    assert read(tmp_path) == ([], {})


def test_a_folder_that_is_not_there_is_no_empty_folder(tmp_path):
    """An unmounted disk must not empty the library."""
    with pytest.raises(NotADirectoryError):
        read(tmp_path / "gone")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Straße".encode(), "Straße"),
        ("\ufeffStraße".encode(), "Straße"),
        ("Straße".encode("utf-16"), "Straße"),
        ("Straße".encode("cp1252"), "Straße"),
    ],
)
def test_letters_of_other_encodings_are_read(tmp_path, raw, text):
    """UTF-8 with and without its mark, UTF-16 with its mark, and what old Windows programs write."""
    (tmp_path / "a.txt").write_bytes(raw)
    assert read(tmp_path)[0][0].text == text


@given(st.sampled_from([".md", ".html", ".txt", ".pdf"]), st.binary(max_size=200))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_in_a_file_nothing_breaks(tmp_path, suffix, content):
    """Any bytes are a document or a line in the report."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    found, unread = read(tmp_path)
    assert len(found) + len(unread) == 1
    path.unlink()
