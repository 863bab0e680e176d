"""HTML to text, our HTML in Intercom's tags, and the name of a text's words."""

import pytest

from integrations.intercom.markup import allowed, fingerprint, plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("no mark-up", "no mark-up"),
        (
            "no mark-up\nfrom Ann <ann@acme.example> & co:\n\n\n> 1 < 2",
            "no mark-up\nfrom Ann <ann@acme.example> & co:\n\n> 1 < 2",
        ),
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<p>a &amp; b &lt;c&gt;</p>", "a & b <c>"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ('<p>See <a href="https://h.example/1">the guide</a>.</p>', "See the guide (https://h.example/1)."),
        ('<p><a href="https://h.example/">https://h.example</a></p>', "https://h.example"),
        ('<p>Look</p><div><img src="https://x.example/1.png"></div>', "Look\n\n[Image]"),
        ("<style>p {}</style><p>Text</p><script>x()</script>", "Text"),
        ("<p>not closed <b>at all", "not closed at all"),
    ],
)
def test_plain_text_is_what_a_reader_sees(html, text):
    """Blocks become lines, items and links stay recognisable, what is not shown is left out."""
    assert plain(html) == text


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("<p>One <strong>two</strong> <em>three</em></p>", "<p>One <b>two</b> <i>three</i></p>"),
        ("loose words", "<p>loose words</p>"),
        ("<h3>Head</h3><div>Body</div>", "<h2>Head</h2><p>Body</p>"),
        ("<ol><li>a</li><li>b</li></ol><ul><li>c</li></ul>", "<ol><li>a</li><li>b</li></ol><ul><li>c</li></ul>"),
        ("<blockquote><p>Hello</p><ul><li>x</li></ul></blockquote>", "<p><i>Hello</i></p><ul><li><i>x</i></li></ul>"),
        ("<p><small>fine <u>print</u></small></p>", "<p>fine <b>print</b></p>"),
        ('<p><a href="javascript:x()">no</a> <a href="https://h.example/?a=1&amp;b=2">yes</a></p>',
         '<p>no <a href="https://h.example/?a=1&amp;b=2">yes</a></p>'),
        ("<pre><code>a\nb</code></pre>", "<p>a<br>b</p>"),
        ("<ul><li><a href='https://h.example'>T</a><br>quote</li></ul>",
         '<ul><li><a href="https://h.example">T</a><br>quote</li></ul>'),
        ("<p></p>\n<p> <br> </p><p>x</p>", "<p>x</p>"),
        ("<p>1 &lt; 2 <script>no()</script></p>", "<p>1 &lt; 2 </p>".replace(" </p>", "</p>")),
        ("<p>{{ first_name }} {% x %}</p>", "<p>&#123;{ first_name }} &#123;% x %}</p>"),
    ],
)  # fmt: skip
def test_our_html_is_written_in_intercoms_tags(ours, theirs):
    """All text stands in blocks, unknown mark-up goes and its words stay, no placeholder can be expanded."""
    assert allowed(ours) == theirs
    assert allowed(theirs).replace("<p><i>", "<p>") == theirs.replace("<p><i>", "<p>")


def test_a_text_keeps_its_name_whatever_becomes_of_its_mark_up():
    """Tags, spaces, quotation marks and rewritten links do not count; another letter does."""
    said = '<p>Open <b>Schedule</b>, then <a href="https://a.example">Swap</a>.</p><ul><li>It\'s done</li></ul>'
    kept = '<div class="x">Open Schedule,&nbsp;then <a href="https://track.example/x">Swap</a>. - It’s DONE</div>'
    assert fingerprint(said) == fingerprint(kept)
    assert len(fingerprint(said)) == 10
    assert fingerprint(said) != fingerprint(said.replace("Swap", "Swop"))
