"""kb.pdf: a stranger's PDF is read in a process of its own, and what is wrong with it stays there."""

import io

import pytest

from kb.pdf import read_pdf, text_of_strangers_pdf

PAGE = b"BT /F1 12 Tf 20 200 Td (Error TM-2010 at) Tj 0 -14 Td (the entrance.) Tj ET"


def pdf(pages: int = 1, content: bytes = PAGE) -> bytes:
    """Return a PDF whose pages all say the same."""
    kids = b" ".join(b"%d 0 R" % (5 + page) for page in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 3 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate([*objects, *[page] * pages], 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    return (
        made
        + head
        + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(places) + 1,
            len(made),
        )
    )


def test_the_first_pages_are_read():
    """A longer file is cut after so many pages, not refused."""
    text = text_of_strangers_pdf(pdf(pages=3), most_pages=2, seconds=60)
    assert text.count("Error TM-2010 at the entrance.") == 2


def test_what_cannot_be_read_is_one_kind_of_error():
    """A broken file, in whatever way, is a ValueError; so is one that takes longer than allowed."""
    with pytest.raises(ValueError, match="cannot be read"):
        text_of_strangers_pdf(b"%PDF-1.4 broken", most_pages=2, seconds=60)
    with pytest.raises(ValueError, match="too long"):
        text_of_strangers_pdf(pdf(), most_pages=2, seconds=0.001)


def test_our_own_files_are_refused_when_they_are_too_long():
    """An article must not be half an article."""
    with pytest.raises(ValueError, match="more than 2 pages"):
        read_pdf(io.BytesIO(pdf(pages=3)), 2)
