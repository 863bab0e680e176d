"""Past cases come back whole, newest first, in portions."""

from datetime import timedelta

from tests.workers.store.test_reviews import NOW, settle
from workers.store import history
from workers.store.history import History
from workers.store.tables import case, writing


def test_settled_cases_come_newest_first(engine, monkeypatch):
    """Over several portions, each once, up to the limit; open cases are none."""
    monkeypatch.setattr(history, "_PORTION", 2)
    for number in range(5):
        settle(engine, number, at=NOW + timedelta(minutes=number))
    with writing(engine) as connection:
        connection.execute(
            case.insert().values(vendor="zendesk", ticket_id="9", message_id="m9", state="open", opened_at=NOW)
        )
    found = list(History(engine).settled(limit=100))
    assert [past.ticket_id for past in found] == ["4", "3", "2", "1", "0"]
    assert (found[0].action, found[0].intent, found[0].facts, found[0].classification) == ("draft", "swap", {}, {})
    assert [past.ticket_id for past in History(engine).settled(limit=3)] == ["4", "3", "2"]


def test_only_the_last_days_on_request(engine):
    """Counted back from the newest case, so that an old copy of the record can be looked at too."""
    assert list(History(engine).settled(limit=9, since_days=1)) == []
    settle(engine, 1, at=NOW - timedelta(days=3))
    settle(engine, 2, at=NOW)
    assert [past.ticket_id for past in History(engine).settled(limit=9, since_days=1)] == ["2"]
