"""Comment text between its plain and its HTML form, and HTML made safe to show."""

import pytest

from scripts.sandbox.richtext import article_html, cut, is_markup, safe, to_html, to_text


def test_plain_text_becomes_paragraphs_and_comes_back():
    """Empty lines part paragraphs, single ones break lines, and markup in plain text is only text."""
    text = "Hello <b>you</b> & me\nsecond line\n\nNext"
    assert to_html(text) == (
        '<div class="zd-comment" dir="auto"><p dir="auto">Hello &lt;b&gt;you&lt;/b&gt; &amp; me<br>second line</p>'
        '<p dir="auto">Next</p></div>'
    )
    assert to_text(to_html(text)) == "Hello <b>you</b> & me\nsecond line\nNext"


def test_html_is_read_as_people_see_it():
    """Items get a dash, blocks a line, and what is not shown is left out."""
    markup = "<style>p{}</style><p>Do&nbsp;this:</p><ul><li>one</li><li>two</li></ul><script>alert(1)</script>"
    assert to_text(markup) == "Do this:\n- one\n- two"


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 70_000])
def test_long_text_is_cut_at_64_kb_and_never_inside_a_letter(length):
    """Bytes count, not letters; an accented letter at the border goes as a whole."""
    text = "é" * (length // 2) + "x" * (length % 2)
    done = cut(text)
    assert len(done.encode()) == min(length, 65_536)
    assert text.startswith(done)


@pytest.mark.parametrize(
    "markup",
    [
        "<img src='http://elsewhere.example/seen.png'>",
        "<script>alert(1)</script>",
        "<a href='javascript:alert(1)'>x</a>",
        "<p onclick='alert(1)'>x</p>",
        "<form action='http://elsewhere.example'><input name='password'></form>",
    ],
)
def test_nothing_shown_can_act_or_fetch(markup):
    """Scripts, handlers, forms and pictures are gone; what is left is text."""
    cleaned = safe(markup)
    for words in ("elsewhere.example", "alert", "<form", "<input", "<img"):
        assert words not in cleaned


def test_articles_in_plain_text_get_their_structure():
    """Headings, lists and strong words become HTML; an article that is HTML already stays as it is."""
    done = article_html("# Title\nIntro **bold** <x>\n\n1. One\n2. Two\n\n- a\n- b").replace("\n", "")
    assert done == (
        "<h1>Title</h1><p>Intro <strong>bold</strong> &lt;x&gt;</p><ol><li>One</li><li>Two</li></ol>"
        "<ul><li>a</li><li>b</li></ul>"
    )
    assert article_html("<p>As it <i>is</i></p>") == "<p>As it <i>is</i></p>"


def test_mark_up_is_told_from_pointed_brackets():
    """Tags of messages, with or without attributes; addresses and comparisons are words."""
    assert all(map(is_markup, ("<p>x</p>", "a<br/>b", '<a href="https://x.example">x</a>', "<H2 class='y'>")))
    assert not any(map(is_markup, ("Ann <ann@acme.example> wrote", "1 < 2 > 0", "<a@b.example>", "")))
