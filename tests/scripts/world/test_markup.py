"""Articles become HTML as a help centre keeps it."""

import pytest

from scripts.world.markup import to_html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("", ""),
        ("One\ntwo", "<p>One<br>two</p>"),
        ("# Top\n## Under", "<h2>Top</h2>\n<h2>Under</h2>"),
        ("### Deep\nText", "<h3>Deep</h3>\n<p>Text</p>"),
        ("1. First\n2. Second", "<ol><li>First</li><li>Second</li></ol>"),
        ("- **Bold** and `code`", "<ul><li><strong>Bold</strong> and <code>code</code></li></ul>"),
        ("- one\nnot a list", "<p>- one<br>not a list</p>"),
        ("a <b> & c", "<p>a &lt;b&gt; &amp; c</p>"),
    ],
)
def test_blocks(markdown: str, html: str) -> None:
    """Headings, lists and paragraphs get their tags, and mark-up in the text is shown as text."""
    assert to_html(markdown) == html


def test_table() -> None:
    """A table has a head and a body; the line between them is not shown."""
    html = to_html("| Code | Meaning |\n|---|---|\n| TM-1042 | **Too** many |\n| TM-1043 | |")
    assert html.startswith("<table><thead><tr><th>Code</th><th>Meaning</th></tr></thead>")
    assert "<tr><td>TM-1042</td><td><strong>Too</strong> many</td></tr><tr><td>TM-1043</td><td></td></tr>" in html
    assert "---" not in html
