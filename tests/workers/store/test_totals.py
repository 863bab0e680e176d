"""Totals add up to the whole record, and after the first look read only what is new."""

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from tests.fakes.record import add_call, add_case, add_delivery
from workers.store.tables import reading
from workers.store.totals import Totals, code_of, deliveries_by_state, open_by_intent


def fill(engine, now, count):
    for number in range(count):
        case_id = add_case(
            engine,
            now=now,
            message_id=f"{now.timestamp()}-{number}",
            action="assist" if number % 2 else "send",
            reasons=["frustrated", f"low_confidence:0.{number}"],
        )
        add_call(engine, case_id, now=now)


def counted(sums):
    by_action = {}
    for (action, _), count in sums.cases.items():
        by_action[action] = by_action.get(action, 0) + count
    return by_action, sums.reasons["frustrated"], sum(sums.calls.values())


def test_old_and_new_add_up(engine, now):
    """Whatever was taken in before, a look says what a fresh one says."""
    totals = Totals(engine)
    assert counted(totals.sums(now=now)) == ({}, 0, 0)
    for minutes in range(0, 6, 2):
        fill(engine, now + timedelta(minutes=minutes), 4)
        then = now + timedelta(minutes=minutes + 1, seconds=minutes * 15)
        assert counted(totals.sums(now=then)) == counted(Totals(engine).sums(now=then))
    by_action, frustrated, calls = counted(totals.sums(now=now + timedelta(hours=1)))
    assert (by_action, frustrated, calls) == ({"send": 6, "assist": 6}, 12, 12)


def test_the_second_look_scans_no_table(sqlite, now):
    """Each statement of it finds its rows by an index: a million old ones cost nothing."""
    totals, seen = Totals(sqlite), []
    fill(sqlite, now - timedelta(minutes=5), 6)
    add_delivery(sqlite, "d1", now=now, state="done")
    totals.sums(now=now)
    event.listen(sqlite, "before_cursor_execute", lambda *args: seen.append((args[2], args[3])))
    totals.sums(now=now + timedelta(seconds=5))
    with reading(sqlite) as connection:
        deliveries_by_state(connection)
        open_by_intent(connection)
    asked = [one for one in seen if one[0].lstrip().startswith("SELECT")]
    assert len(asked) >= 6
    with reading(sqlite) as connection:
        for statement, values in asked:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            scans = [step for step in plan if step.startswith("SCAN") and "COVERING INDEX" not in step]
            assert scans == [], statement
        assert connection.execute(text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize(("reason", "code"), [("gave_up:5", "gave_up"), ({"code": "rule"}, "rule"), ("x", "x")])
def test_a_reason_is_counted_by_its_code(reason, code):
    """Details are left out, in whatever form a release wrote it."""
    assert code_of(reason) == code
