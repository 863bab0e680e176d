"""One running machine in a storm: a stream of messages, a stream of seeded faults, and afterwards the books.

By default a minute each. `pytest tests/chaos -m chaos --soak 60` goes on for that many minutes, `--seed N` brings the
same deck of faults again.
"""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.chaos.tally import TALLY
from tests.chaos.traffic import Traffic
from tests.chaos.verdict import judge
from tests.chaos.weather import Weather, why_waiting
from tests.fakes.postgres import new_schema
from tests.fakes.stack import Stack, wait_until

pytestmark = [pytest.mark.xdist_group("storm"), pytest.mark.timeout(0)]

TIMING = {"reconcile_seconds": 4.0}
WEBHOOK_LIMIT_SECONDS = 10.0
SAY_EVERY_SECONDS = 60.0
SOAK_SECONDS = 300.0  # from here on calm hours come between the blows: what is looked for then is rare, among many


class WebhookBook:
    """Reads the sandbox's book of webhooks as it grows, for the book forgets."""

    def __init__(self, stack: Stack) -> None:
        self._books = stack.twin.books
        self._place = self._books.since(0, 0)[1]
        self._answered: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        self.seconds: list[float] = []

    def read(self) -> None:
        while True:
            entries, _ = self._books.since(self._place, 5000)
            if not entries:
                return
            self._place = entries[-1]["seq"]
            for entry in entries:
                if entry["kind"] == "webhook":
                    self._take(entry)

    def _take(self, entry: dict) -> None:
        if entry["outcome"] == "dropped by switch":
            self.count["lost on the way"] += 1
            return
        self.count[f"{entry['outcome']} {entry['status']}"] += 1
        if entry["outcome"] == "answered":
            self.seconds.append(entry["latency_ms"] / 1000)
            self.count["repeated"] += self._answered[entry["invocation_id"]] > 0
            self._answered[entry["invocation_id"]] += 1

    def __str__(self) -> str:
        ordered = sorted(self.seconds) or [0.0]
        cuts = ", ".join(f"p{p} {ordered[min(len(ordered) - 1, len(ordered) * p // 100)]:.3f}" for p in (50, 95, 99))
        return f"webhooks: {dict(self.count)}; answered in seconds: {cuts}, most {ordered[-1]:.3f}"


def storm(stack: Stack, seconds: float, seed: int, **more) -> None:
    """Let it rage for this long, wait until all is settled, and hold the books to the promise."""
    stack.twin.switch({"limits_factor": 100})  # a vendor's usual budget would be all that is measured
    print(f"\nstorm of {seconds:.0f} s, seed {seed}")
    is_soak = seconds > SOAK_SECONDS
    traffic, book = Traffic(stack, seed, most_open=100 if is_soak else 40), WebhookBook(stack)
    weather = Weather(stack, traffic, seed, calm_seconds=(4.0, 12.0) if is_soak else (0.5, 2.0), **more)
    began = time.monotonic()
    traffic.start()
    weather.start()
    said = began
    while time.monotonic() - began < seconds and not (traffic.error or weather.error):
        time.sleep(1)
        book.read()
        if time.monotonic() - said > SAY_EVERY_SECONDS:
            said = time.monotonic()
            print(f"{said - began:.0f} s: {traffic.messages} messages, {sum(weather.injected.values())} faults")
    weather.stop()
    traffic.stop()
    stack.wait_ready(60)

    def settled() -> bool:
        traffic.follow()
        return not traffic.waiting(at_least_seconds=0.0)

    calm = time.monotonic()
    try:
        wait_until(settled, 120, what="an outcome of every message")
        stack.rest()
    finally:
        book.read()
        verdict = judge(stack)
        TALLY.add(faults=sum(weather.injected.values()), **verdict.figures)
        rate = traffic.messages / (calm - began)
        print(f"{weather.table()}\n{book}\nstaff: {traffic.acts_of_staff}")
        print(f"{rate:.1f} messages/s; all settled {time.monotonic() - calm:.1f} s after the storm")
        print(verdict, *verdict.faults[:20], sep="\n")
        print(*why_waiting(stack, (written.ticket_id for written in traffic.waiting())), sep="\n")
    assert verdict.faults == []
    assert verdict.messages > seconds / 10, "hardly anybody wrote: nothing was shown"
    assert not [took for took in book.seconds if took > WEBHOOK_LIMIT_SECONDS]


@pytest.fixture
def on_sqlite(tmp_path) -> Iterator[Stack]:
    running = Stack(tmp_path, env={"DESKHAND_THREADS": "24"}, timing=TIMING)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def on_postgres(tmp_path, postgres_url) -> Iterator[Stack]:
    with new_schema(postgres_url, "storm") as url:
        running = Stack(tmp_path, env={"DATABASE_URL": url, "DESKHAND_THREADS": "24"}, timing=TIMING)
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.mark.real
def test_a_minute_of_storm(on_sqlite, seed):
    """A stream of messages and faults: each message gets one outcome and at most one reply, nobody is overridden."""
    storm(on_sqlite, 60, seed)


@pytest.mark.chaos
def test_a_storm_on_sqlite(on_sqlite, seed, soak_minutes):
    """The same for longer, with a disk that is full at times."""
    storm(on_sqlite, 60 * (soak_minutes or 1.0), seed)


@pytest.mark.chaos
@pytest.mark.postgres
def test_a_storm_on_postgresql(on_postgres, postgres_server, seed, soak_minutes):
    """The same with PostgreSQL as the record, which is killed at times."""
    storm(on_postgres, 60 * (soak_minutes or 1.0), seed + 1, cluster=postgres_server)
