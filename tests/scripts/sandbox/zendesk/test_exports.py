"""The incremental export and search."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.sandbox.twin import Twin


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    return Twin(now=clock)


def _message(control: Any, number: int) -> int:
    person = {"name": "A", "email": f"a{number}@x.example"}
    made = control("messages", subject=f"S{number}", body="text", requester=person)
    return int(made["ticket_id"])


def test_cursor_pages_in_order_of_change_and_stays_good(api, control, clock):
    """Each ticket comes once per change, latest change last; the end cursor later yields only what is new."""
    ids = []
    for number in range(3):
        ids.append(_message(control, number))
        clock.now += timedelta(seconds=10)
    control("messages", ticket_id=ids[0], body="again")
    first = api.get("/incremental/tickets/cursor.json?start_time=0&per_page=2").json
    assert [row["id"] for row in first["tickets"]] == ids[1:]
    assert first["end_of_stream"] is False
    second = api.get(f"/incremental/tickets/cursor?cursor={first['after_cursor']}").json
    assert [row["id"] for row in second["tickets"]] == [ids[0]]
    assert second["end_of_stream"] is True
    assert api.get(f"/incremental/tickets/cursor?cursor={second['after_cursor']}").json["tickets"] == []
    api.delete(f"/tickets/{ids[1]}")
    (gone,) = api.get(f"/incremental/tickets/cursor?cursor={second['after_cursor']}").json["tickets"]
    assert (gone["id"], gone["status"], gone["subject"]) == (ids[1], "deleted", "SCRUBBED")


def test_cursor_of_an_earlier_account_still_shows_what_is_new(api, control, clock):
    """A client that kept its cursor while the sandbox started afresh gets the changes since that time."""
    for number in range(3):
        _message(control, number)
    cursor = api.get("/incremental/tickets/cursor?start_time=0").json["after_cursor"]
    control("reset")
    clock.now += timedelta(minutes=1)
    ticket = _message(control, 9)
    rows = api.get(f"/incremental/tickets/cursor?cursor={cursor}").json["tickets"]
    assert [row["id"] for row in rows] == [ticket]


def test_start_time_picks_later_changes_and_nonsense_is_refused(api, control, clock):
    """Only changes at or after `start_time` come; without one, or with a made-up cursor, 400."""
    _message(control, 1)
    clock.now += timedelta(minutes=5)
    late = _message(control, 2)
    start = int(clock.now.timestamp())
    assert [row["id"] for row in api.get(f"/incremental/tickets/cursor?start_time={start}").json["tickets"]] == [late]
    assert api.get("/incremental/tickets/cursor").status_code == 400
    assert api.get("/incremental/tickets/cursor?cursor=%ff").status_code == 400
    assert api.get("/incremental/tickets/cursor?cursor=eA==").status_code == 400


def test_newest_minute_is_withheld_when_switched_on(api, control, clock, twin):
    """With the switch on, changes of the last minute wait and a start within it is refused."""
    twin.switch({"withhold_last_minute": True})
    ticket = _message(control, 1)
    early = api.get("/incremental/tickets/cursor?start_time=0").json
    assert early["tickets"] == []
    assert early["end_of_stream"] is True
    recent = int(clock.now.timestamp())
    assert api.get(f"/incremental/tickets/cursor?start_time={recent}").status_code == 400
    clock.now += timedelta(seconds=61)
    later = api.get(f"/incremental/tickets/cursor?cursor={early['after_cursor']}").json
    assert [row["id"] for row in later["tickets"]] == [ticket]


def test_time_based_export_repeats_the_border(api, control, clock):
    """`end_time` is the last row's time, so the next page starts with it again."""
    ticket = _message(control, 1)
    page = api.get("/incremental/tickets?start_time=0").json
    assert [row["id"] for row in api.get(f"/incremental/tickets?start_time={page['end_time']}").json["tickets"]] == [
        ticket
    ]


def test_system_closing_fires_nothing_but_shows_in_the_export(api, control, clock):
    """Closing by age leaves `updated_at` alone and appears as a change."""
    ticket = _message(control, 1)
    control("staff", ticket_id=ticket, status="solved")
    cursor = api.get("/incremental/tickets/cursor?start_time=0").json["after_cursor"]
    before = api.get(f"/tickets/{ticket}").json["ticket"]["updated_at"]
    clock.now += timedelta(days=28)
    control("age", ticket_id=ticket)
    (row,) = api.get(f"/incremental/tickets/cursor?cursor={cursor}").json["tickets"]
    assert (row["status"], row["updated_at"]) == ("closed", before)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type:ticket status:new", [2]),
        ("type:ticket status<solved", [2]),
        ("status>=x", []),
        ("tags:hot", [1]),
        ("requester:a1@x.example", [1]),
        ("updated>2026-01-01", [1, 2]),
        ("created<2026-01-01", []),
        ("-tags:hot S2", [2]),
        ("text", [1, 2]),
        ("group:none-such", []),
    ],
)
def test_search(api, control, query, found):
    """Field filters, comparisons, negation and plain words narrow the result."""
    for number in (1, 2):
        _message(control, number)
    control("staff", ticket_id=1, staff="Priya", status="solved", add_tags="hot")
    answer = api.get("/search.json", query_string={"query": query, "sort_order": "asc"}).json
    assert [row["id"] for row in answer["results"]] == found
    assert answer["count"] == len(found)


def test_search_finds_users_by_type(api, control):
    """`type:user` lists users."""
    _message(control, 1)
    answer = api.get("/search", query_string={"query": "type:user email:a1@x.example"}).json
    assert [row["result_type"] for row in answer["results"]] == ["user"]


def test_search_ends_at_a_thousand(api):
    """Paging deeper than a thousand results is 422."""
    assert api.get("/search?query=type:ticket&page=11&per_page=100").status_code == 422
