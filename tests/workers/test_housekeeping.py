"""The sweep: what waits is rung for again, also when Redis forgot it or is away; and scheduled runs start once."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.llm import ModelOutcome
from tests.fakes.services import ListedBell, take, take_again
from workers import jobs
from workers.housekeeping import Housekeeper
from workers.job_queue import FailedRing


class InlineCrew:
    """Has so many free threads; remembers its tickets and does tasks at once."""

    def __init__(self, threads=2):
        self.free, self.tickets = threads, []

    def is_free(self):
        return self.free > 0

    def submit(self, vendor, ticket_id):
        self.free -= 1
        self.tickets.append(ticket_id)

    def do(self, task):
        task()


@pytest.fixture
def crew(services, monkeypatch):
    monkeypatch.setattr(jobs, "_installed", None)
    made = InlineCrew()
    jobs.install(services, made)
    return made


@pytest.fixture
def keeper(services, crew):
    return Housekeeper(services, "a", is_free=crew.is_free)


@pytest.fixture
def later(services, desk):
    """Only the sweep: scheduled runs have been started already."""
    for name, seconds in (
        ("reconcile", 120),
        ("reindex", 600),
        ("reindex_full", 86_400),
        ("autonomy", 3600),
        ("incidents", 60),
        ("retention", 86_400),
        ("train", 604_800),
    ):
        for slot in range(-1, 3):
            run = services.schedule.begin(name, int(desk.now.timestamp() // seconds) + slot, now=desk.now)
            services.schedule.finish(run, is_ok=True, report={}, now=desk.now)


def store(services, ticket_id):
    body = json.dumps({"ticket_id": ticket_id}).encode()
    return services.inbox.add("zendesk", f"k{ticket_id}", {}, body, now=services.now())


def test_what_waits_is_rung_for_again(services, desk, keeper, later):
    """A delivery nobody has handled for two seconds, and a ticket that is due."""
    number = store(services, "5")
    services.tickets.wake("zendesk", "7", now=desk.now)
    desk.tick(1)
    keeper.tick()
    assert services.bell.rung == [("ticket", "zendesk", "7")]
    desk.tick(1)
    keeper.tick()
    assert services.bell.rung[1:] == [("delivery", number)]


def test_a_ticket_just_rung_for_or_in_work_is_left_alone(services, desk, keeper, later):
    """No second ring within four seconds, none while somebody works on it."""
    services.tickets.wake("zendesk", "7", now=desk.now)
    keeper.tick()
    desk.tick(2)
    keeper.tick()
    assert len(services.bell.rung) == 1
    desk.tick(3)
    keeper.tick()
    assert len(services.bell.rung) == 2
    take(services, "7")
    desk.tick(5)
    keeper.tick()
    assert len(services.bell.rung) == 2


def test_a_helpdesk_that_is_away_is_asked_by_one_ticket_at_a_time(services, desk, keeper, later):
    """None while its breaker is open, one when it may be back, and all once it has answered."""
    for number in range(5):
        services.tickets.wake("zendesk", str(number), now=desk.now)
        desk.tick(1)
    for _ in range(3):
        services.outages.heard("zendesk", ModelOutcome.UNREACHABLE, now=desk.now)
    keeper.tick()
    assert services.bell.rung == []
    desk.tick(3)
    keeper.tick()
    assert services.bell.rung == [("ticket", "zendesk", "0")]
    services.outages.heard("zendesk", ModelOutcome.OK, now=desk.now)
    desk.tick(1)
    keeper.tick()
    assert services.bell.rung[1:] == [("ticket", "zendesk", str(number)) for number in range(1, 5)]


def test_of_tickets_put_off_the_most_urgent_goes_first_and_then_the_oldest(services, desk, keeper, later):
    """However they were put off and whichever is due again first: by urgency, then by how long somebody has waited."""
    due_again = {"old": 20, "new": 5, "newest, critical": 15, "newer": 10}
    for name in due_again:
        services.tickets.wake("zendesk", name, now=desk.now)
        desk.tick(1)
    for name, seconds in due_again.items():
        lease = take_again(services, name)
        if "critical" in name:
            services.tickets.rank(lease, 3)
        next_due = desk.now + timedelta(seconds=seconds)
        services.tickets.release(lease, now=desk.now, next_due=next_due, error="HTTP 503" if seconds > 5 else "")
    keeper.tick()
    assert services.bell.rung == []
    desk.tick(20)
    keeper.tick()
    assert [ring[2] for ring in services.bell.rung] == ["newest, critical", "old", "new", "newer"]


def test_the_queue_is_kept_short(services, desk, keeper, later):
    """With enough rings waiting nothing is added: order is decided in SQL."""
    services.bell.rung = [("ticket", "zendesk", "1")] * 200
    services.tickets.wake("zendesk", "7", now=desk.now)
    keeper.tick()
    assert len(services.bell.rung) == 200


def test_one_leads_at_a_time(services, desk, keeper, later):
    """The second process does nothing until the first has been silent for three rounds."""
    other = Housekeeper(services, "b")
    services.tickets.wake("zendesk", "7", now=desk.now)
    keeper.tick()
    services.bell.rung.clear()
    desk.tick(2)
    other.tick()
    assert services.bell.rung == []
    desk.tick(10)
    other.tick()
    assert services.bell.rung == [("ticket", "zendesk", "7")]


def test_without_redis_a_worker_works_from_sql(services, desk, keeper, crew, later):
    """Deliveries are handled here, and as many tickets taken on as threads are free."""
    services.bell.is_away = True
    for number in range(4):
        store(services, str(number))
    keeper.tick()
    assert crew.tickets == []
    desk.tick(30)
    keeper.tick()
    assert len(crew.tickets) == 2
    crew.free = 9
    desk.tick(1)
    keeper.tick()
    assert sorted(crew.tickets) == ["0", "1", "2", "3"]


def test_without_redis_a_process_without_threads_does_not_lead(services, desk, later):
    """It could do nothing, and would keep workers from leading."""
    services.bell.is_away = True
    Housekeeper(services, "receiver").tick()
    assert services.schedule.lead("sweep", "worker", now=desk.now, seconds=3)


def test_without_redis_scheduled_runs_still_run(services, desk, keeper, crew):
    """What the webhooks lost is found also while the bell is away."""
    services.bell.is_away = True
    desk.open_ticket()
    keeper.tick()
    runs = {run["name"]: run["is_ok"] for run in services.schedule.runs()}
    assert set(runs) == set(jobs.SCHEDULED)
    assert all(runs.values())
    assert services.tickets.backlog(now=desk.now).due == 1


def test_a_scheduled_run_starts_once_in_its_time(services, desk, keeper):
    """Each round asks; the slot is taken once, by whoever leads."""
    keeper.tick()
    first = list(services.bell.rung)
    assert {name for _, name, _ in first} == {"autonomy", "incidents", "reconcile", "reindex", "retention"}
    keeper.tick()
    assert services.bell.rung == first
    for _, _, run_id in first:
        services.schedule.finish(run_id, is_ok=True, report={}, now=desk.now)
    desk.tick(120)
    keeper.tick()
    assert [name for _, name, _ in services.bell.rung[5:]] == ["reconcile", "incidents"]


def test_a_run_whose_ring_is_lost_is_started_again(services, desk, keeper):
    """Within seconds and not in its next slot, which may be a day away; not while somebody carries it out."""
    keeper.tick()
    desk.tick(86_400)
    keeper.tick()
    services.bell.rung.clear()  # Redis forgot everything
    desk.tick(5)
    keeper.tick()
    assert [ring for ring in services.bell.rung if ring[0] == "scheduled"] == []
    desk.tick(6)
    keeper.tick()
    again = {name: run_id for kind, name, run_id in services.bell.rung if kind == "scheduled"}
    assert set(again) == {"autonomy", "incidents", "reconcile", "reindex", "reindex_full", "retention"}
    assert services.schedule.take(again["reindex_full"], now=desk.now, seconds=30) == 1
    services.bell.rung.clear()
    keeper.tick()
    assert services.bell.rung == []
    desk.tick(11)
    keeper.tick()
    assert {name for _, name, _ in services.bell.rung} == {"autonomy", "incidents", "reconcile", "reindex", "retention"}
    desk.tick(20)  # and a process that died with it is replaced
    keeper.tick()
    assert "reindex_full" in {name for _, name, _ in services.bell.rung}


@pytest.mark.parametrize(("name", "seconds"), [("reindex_full", 86_400), ("train", 604_800)])
def test_what_the_start_has_done_is_left_out_at_first(services, desk, keeper, name, seconds):
    """The very first sync is a full one anyway, and a start trains; they are due in their next slot."""
    keeper.tick()
    (left_out,) = [run for run in services.schedule.runs() if run["name"] == name]
    assert left_out["report"] == {"first": "left out"}
    desk.tick(seconds)
    keeper.tick()
    assert name in {name for _, name, _ in services.bell.rung}


def test_a_failed_ring_is_put_on_record(services, desk, keeper, later):
    """Nothing hides in RQ: it is a failed run on the dashboard, once."""
    for _ in range(2):
        services.bell.failed = [FailedRing("job-1", "workers.jobs.handle_delivery")]
        keeper.tick()
        desk.tick(31)
    (run,) = [run for run in services.schedule.runs() if run["name"] == "ring"]
    assert run["is_ok"] is False
    assert "workers.jobs.handle_delivery failed" in run["report"]["error"]


def test_a_round_that_fails_is_not_the_last(services, monkeypatch, logs):
    """The sweep goes on after an error, and stops when told."""
    timing = services.policy.timing.model_copy(update={"sweep_seconds": 0.01})
    rounds = []

    class Bell(ListedBell):
        def length(self):
            rounds.append(1)
            raise RuntimeError("no database")

    keeper = Housekeeper(
        replace(services, bell=Bell(), policy=services.policy.model_copy(update={"timing": timing})), "a"
    )
    keeper.start()
    deadline = time.monotonic() + 5
    while len(rounds) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    keeper.stop()
    assert len(rounds) >= 3
    assert logs[0]["event"] == "sweep_failed"
