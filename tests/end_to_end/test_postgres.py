"""Many machines: the same promises with PostgreSQL as the record, two receiver processes and two workers."""

import pytest

from tests.fakes.postgres import new_schema
from tests.fakes.stack import Stack, wait_until

pytestmark = [pytest.mark.real, pytest.mark.postgres, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def on_postgres(postgres_url, tmp_path_factory):
    """A machine of its own whose record is in PostgreSQL."""
    with new_schema(postgres_url, "end_to_end") as url:
        running = Stack(tmp_path_factory.mktemp("postgres"), env={"DATABASE_URL": url})
        try:
            running.start()
            yield running
        finally:
            running.stop()


def test_copies_through_two_receivers_bring_one_reply(on_postgres):
    """Two processes take the same delivery ten times; one row, one case, one public reply."""
    ticket_id, message_id = on_postgres.write()
    body = on_postgres.trigger_body(ticket_id, message_id)
    answers = [on_postgres.post(body, key="copied").json()["status"] for _ in range(10)]
    assert sorted(answers) == ["duplicate"] * 9 + ["stored"]
    assert on_postgres.outcome(message_id)["action"] == "send"
    on_postgres.rest()
    assert [answer["public"] for answer in on_postgres.answers(ticket_id)] == [True]


def test_a_killed_worker_is_taken_over(on_postgres):
    """kill -9 in mid-ticket, with leases in PostgreSQL: soon, and once."""
    asked = len(on_postgres.model.requests)
    on_postgres.model.latency_seconds = 1.0
    try:
        written = [on_postgres.write() for _ in range(6)]
        wait_until(lambda: len(on_postgres.model.requests) > asked + 1, what="tickets in work")
        on_postgres.kill("worker-1")
        assert {on_postgres.outcome(message_id)["action"] for _, message_id in written} == {"send"}
    finally:
        on_postgres.model.latency_seconds = 0.0
    on_postgres.rest()
    assert [len(on_postgres.answers(ticket_id)) for ticket_id, _ in written] == [1] * 6


def test_commands_and_pages_work_on_it(on_postgres):
    """Reindex, reconcile and the dashboard read and write the same record."""
    import requests

    assert on_postgres.command("reindex", "--full").returncode == 0
    assert on_postgres.command("reconcile").returncode == 0
    ticket_id, message_id = on_postgres.write()
    on_postgres.outcome(message_id)
    headers = {"Authorization": "Bearer e2e-token"}
    for page in (f"/dashboard/tickets/zendesk/{ticket_id}", "/dashboard", "/metrics", "/readyz"):
        shown = requests.get(f"{on_postgres.url}{page}", headers=headers, timeout=10)
        assert shown.status_code == 200, page
