"""The state keeps itself, and text goes safely between plain and HTML."""

from scripts.sandbox import acts, richtext
from scripts.sandbox.state import World, clean_tags, new_signing_secret, new_ulid
from scripts.sandbox.twin import Options, Twin


def test_saved_state_comes_back_the_same(tmp_path, twin):
    """Saving and loading gives equal state, and the export's order with it."""
    acts.load(twin, {"articles": [{"title": "A", "body": "x"}]})
    person = {"name": "A", "email": "a@x.example"}
    for number in range(3):
        acts.message(twin, {"subject": str(number), "body": "x", "requester": person})
    acts.message(twin, {"ticket_id": 1, "body": "again", "attachments": [{"content": "c"}]})
    twin.world.save(tmp_path / "state.json")
    other = World()
    other.load(tmp_path / "state.json")
    mine, theirs = twin.world.to_dict(), other.to_dict()
    for rows in (mine["tickets"], theirs["tickets"]):
        for row in rows:
            del row["change_index"]  # counts superseded changes too, which are not kept
    assert mine == theirs
    assert [t.id for t in other.changed_tickets(0, 10, None)[0]] == [2, 3, 1]
    assert other.user_by_email("A@x.example") is not None


def test_connecting_again_keeps_one_webhook_and_points_it_anew(tmp_path):
    """A loaded state with a webhook to Deskhand gets no second one."""
    first = Twin(Options(deskhand_url="http://127.0.0.1:1"))
    first.world.save(tmp_path / "s.json")
    again = Twin(Options(deskhand_url="http://127.0.0.1:2", webhook_secret="new"))
    again.load(tmp_path / "s.json")
    (hook,) = again.world.webhooks.values()
    assert (hook.endpoint, hook.signing_secret) == ("http://127.0.0.1:2/webhooks/zendesk", "new")
    assert len(again.world.triggers) == 3


def test_ids_look_like_the_vendors():
    """Webhook ids have 26 characters and sort by time; secrets have 44; object ids 13 digits; tickets count from 1."""
    assert len(new_ulid()) == 26
    assert len(new_signing_secret()) == 44
    world = World()
    assert len(str(world.next_id())) == 13
    assert [world.next_ticket_id(), world.next_ticket_id()] == [1, 2]


def test_tags_are_lower_case_without_spaces_each_once():
    """Text is split at spaces; a list's own spaces become underscores."""
    assert clean_tags("B a,b") == ["a", "b"]
    assert clean_tags(["Two Words", "two words", ""]) == ["two_words"]


def test_html_is_made_harmless_before_it_is_shown():
    """Scripts, handlers, pictures and script links are gone; words and structure stay."""
    shown = richtext.safe(
        '<p onclick="x()">Hi<script>alert(1)</script><img src="https://x.example/p.gif"></p>'
        '<a href="javascript:x()">a</a><a href="https://ok.example">b</a><style>p{}</style>'
    )
    assert "<p>Hi</p>" in shown
    for bad in ("script", "onclick", "img", "style"):
        assert bad not in shown
    assert 'href="https://ok.example"' in shown


def test_text_and_html_turn_into_each_other():
    """Paragraphs and breaks survive; markup in plain text is escaped."""
    assert richtext.to_text("<p>One<br>two</p><ul><li>a</li></ul><script>x</script>") == "One\ntwo\n- a"
    assert "&lt;b&gt;" in richtext.to_html("<b>")
    article = richtext.article_html("## T\n- **a**\n- b\n\n1. `c` <b>\n\n| x | y |\n|---|---|\n| 1 | 2 |").replace(
        "\n", ""
    )
    assert article.startswith("<h2>T</h2><ul><li><strong>a</strong></li><li>b</li></ul>")
    assert "<ol><li><code>c</code> &lt;b&gt;</li></ol>" in article
    assert "<td>1</td><td>2</td>" in article
    assert richtext.article_html("<p>as it is</p>") == "<p>as it is</p>"
