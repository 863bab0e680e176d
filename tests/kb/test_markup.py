"""Article bodies: what a reader sees is kept with its shape, what he does not see is gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.markup import html_to_text, plain_to_text, to_text

CASES = {
    "headings": ("<h2>Export</h2><p>Go.</p><h3>By file</h3>", "## Export\n\nGo.\n\n### By file"),
    "numbered": ("<ol><li>One</li><li>Two<ul><li>Deep</li></ul></li></ol>", "1. One\n2. Two\n  - Deep"),
    "start": ('<ol start="4"><li>Four</li></ol>', "4. Four"),
    "paragraphs in items": ("<ul><li><p>A</p><p>B</p></li></ul>", "- A\n  B"),
    "table": (
        "<table><tr><th>Code</th><th>Why</th></tr><tr><td>E1</td><td>a<br>b|c</td></tr></table>",
        "| Code | Why |\n| --- | --- |\n| E1 | a b\\|c |",
    ),
    "code": (
        "<p>Run <code>tide up</code>:</p><pre><code>a = 1\n  b</code></pre>",
        "Run `tide up`:\n\n```\na = 1\n  b\n```",
    ),
    "link": ('<p>See <a href="https://x.test/a">this</a>.</p>', "See this (https://x.test/a)."),
    "bare link": ('<p><a href="https://x.test">https://x.test</a></p>', "https://x.test"),
    "mail": ('<p>Write <a href="mailto:a@x.test">us</a></p>', "Write us (a@x.test)"),
    "script link": ('<p><a href="javascript:alert(1)">press</a></p>', "press"),
    "image": ('<p>Press <img alt="Save" src="data:image/png;base64,AAAA"> now</p>', "Press Save now"),
    "entities": ("<p>a &amp; b&nbsp;c &lt;d&gt;</p>", "a & b c <d>"),
    "break": ("<p>one<br>two</p>", "one\ntwo"),
}


@pytest.mark.parametrize("name", CASES)
def test_shape_is_kept(name: str) -> None:
    """HTML becomes the Markdown-like text of a Document."""
    html, text = CASES[name]
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<!-- SECRET -->",
        "<template>SECRET</template>",
        '<div style="display: none">SECRET</div>',
        '<span style="color:red;visibility:hidden">SECRET</span>',
        '<span style="font-size:0px">SECRET</span>',
        '<p style="opacity:0">SECRET</p>',
        "<p hidden>SECRET</p>",
        '<p aria-hidden="true">SECRET</p>',
        '<div style="display:none"><p><b>SECRET</b></p></div>',
        "<![CDATA[SECRET]]>",
        "<p>" + "".join(chr(0xE0000 + ord(letter)) for letter in "SECRET") + "</p>",
    ],
)
def test_the_unseen_is_gone(html: str) -> None:
    """Nothing that a reader would not see is left, and what stands around it is."""
    text = html_to_text(f"<p>before</p>{html}<p>after</p>")
    assert text.split() == ["before", "after"]


def test_an_open_comment_hides_the_rest() -> None:
    """A comment that is never closed swallows what follows, as it does in a browser."""
    assert html_to_text("<p>before</p><!-- <p>SECRET</p>") == "before"


def test_small_but_visible_text_stays() -> None:
    """A style that only looks like a hiding one hides nothing."""
    assert html_to_text('<p style="opacity:0.5; font-size:0.8em">seen</p>') == "seen"


def test_tables_of_contents_are_dropped() -> None:
    """The list of a page's own headings is not knowledge; a list that follows is."""
    text = "intro\n\n### Table of Contents\n\n- 1 First\n\n- 1.1 Second\n\n## First\n\n- keep"
    assert plain_to_text(text) == "intro\n\n## First\n\n- keep"


def test_plain_text_is_tidied() -> None:
    """Line ends, comments, inline images and zero-width characters go; words and shape stay."""
    text = "a\r\nb\u200b <!-- no -->\n\n\n\n![pic](data:image/png;base64,AA==)\n- c"
    assert to_text(text) == "a\nb\n\npic\n- c"


def test_markdown_with_angle_brackets_is_not_html() -> None:
    """`<name>` in a text is a placeholder, not a tag."""
    assert to_text("# Sign in\n\nUse <your-name> and <password>.") == "# Sign in\n\nUse <your-name> and <password>."


def test_deep_nesting_does_not_crash() -> None:
    """Fifty thousand open tags are read to the end."""
    assert html_to_text("<div>" * 50_000 + "end") == "end"


SOUP = [*'<>/="ab \n!-|&;', "<table>", "<tr>", "<td>", "<li>", "</ul>", "<pre>", "</pre>", "</a>", "<a href=x>", "<!--"]


@given(st.lists(st.sampled_from(SOUP)))
def test_any_soup_is_read(parts: list[str]) -> None:
    """However broken the HTML, some text comes back, and no tag of it."""
    assert "<table>" not in html_to_text("".join(parts))
