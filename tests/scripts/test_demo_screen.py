"""The demo's figures and its screen: the fields of the contract, and nothing lost on the way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from scripts.demo_screen import Screen, summarise
from scripts.rehearsal import Played, ScenePlay, Written
from scripts.world.load import Customer, Expectation, Scene, Ticket

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIELDS = {
    "tickets", "settled", "sent", "drafted", "assisted", "handed_off", "ignored", "failed", "learned", "duplicates",
    "seconds", "latency_ms", "cost_usd", "input_tokens", "input_tokens_per_answer", "results",
}  # fmt: skip


def figures(cost=Decimal(0), tokens_in=0, tokens_out=0):
    """What the record says of a demo, as far as its summary shows it."""
    return SimpleNamespace(cost_usd=cost, input_tokens=tokens_in, output_tokens=tokens_out, tokens_per_answer=None)


def outcome(action, seconds):
    return {
        "action": action,
        "tier": 0,
        "intent": "leave",
        "team": "support",
        "reasons": ["confident"],
        "passages": [{"title": "Leave", "url": "http://x.example/leave", "source": "lesson"}],
        "draft": None,
        "asked_at": NOON,
        "opened_at": NOON,
        "settled_at": NOON + timedelta(seconds=seconds),
    }


def played(key, action, seconds=2, expect=("send",)):
    ticket = Ticket(key, Customer("Ada", "ada@example.com"), f"[{key}] of mine", "?", kind="plain")
    ticket = Ticket(**{name: getattr(ticket, name) for name in ticket.__slots__} | {"expect": Expectation(expect)})
    written = Written(key, ticket.expect, outcome(action, seconds) if action else None)
    return Played(ticket, {}, written=[written])


@pytest.fixture
def rehearsal():
    tickets = [played("a", "send", 1), played("b", "draft", 3), played("c", "send", 5), played("d", "")]
    scene = ScenePlay(Scene("s", tickets[0].ticket, "So.", tickets[2].ticket), tickets[0], tickets[2], is_solved=True)
    return SimpleNamespace(played=tickets, scenes=[scene], total=4)


def test_the_summary_has_the_fields_of_the_contract(rehearsal):
    """Counts, waits and money, with one row a ticket; what got no outcome counts as failed."""
    summary = summarise(rehearsal, 1, figures(Decimal("0.0123"), 900, 80), 12.34)
    assert summary.keys() >= FIELDS
    counted = {name: summary[name] for name in ("tickets", "settled", "sent", "drafted", "failed", "duplicates")}
    assert counted == {"tickets": 4, "settled": 3, "sent": 2, "drafted": 1, "failed": 1, "duplicates": 1}
    assert summary["latency_ms"] == {"p50": 3000, "p95": 4800}
    assert (summary["cost_usd"], summary["input_tokens"], summary["seconds"]) == (0.0123, 900, 12.3)
    assert (summary["expected"], summary["matched"]) == (4, 2)
    assert (summary["learned"], summary["lessons_used"]) == (1, 1)
    first = summary["results"][0]
    assert (first["ticket"], first["sources"], first["seconds"]) == ("a", ["http://x.example/leave"], 1.0)


def test_without_a_ticket_there_are_no_waits():
    """Nothing played is a summary of noughts."""
    summary = summarise(SimpleNamespace(played=[], scenes=[]), 0, figures(), 0.0)
    assert (summary["tickets"], summary["latency_ms"]) == (0, {"p50": 0, "p95": 0})


def test_the_screen_tells_each_ticket_and_the_token(rehearsal, capsys):
    """One line a settled ticket, subjects as they are, and where to look with which token."""
    screen = Screen(is_quiet=False)
    screen.welcome(8080, "a-token", "honest", seconds=3)
    with screen.live():
        screen.show(rehearsal.played[:2], rehearsal)
    screen.finish(rehearsal, summarise(rehearsal, 0, figures(), 1.0))
    shown = capsys.readouterr().out
    for words in ("http://127.0.0.1:8081/inbox", "a-token", "simulated", "[a] of mine", "drafted", "3 of 4 settled"):
        assert words in shown


def test_a_quiet_screen_leaves_standard_output_to_the_json(rehearsal, capsys):
    """With --json - everything for people goes to standard error."""
    screen = Screen(is_quiet=True)
    screen.say("hello")
    screen.finish(rehearsal, summarise(rehearsal, 0, figures(), 1.0))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "hello" in shown.err
