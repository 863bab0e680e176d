"""The doorbell: it never blocks, and nothing but our own functions can be called through it."""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from pathlib import Path

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import DefaultSerializer, JSONSerializer

from scripts.processes import free_port, redis_child, wait_for_port
from workers import jobs
from workers.job_queue import ALLOWED, DELIVERY, QUEUE, SCHEDULED, TICKET, Bell, ForbiddenJobError, OurJob

ROOT = Path(__file__).parents[2]

# A worker process with our queue, whose three functions write down what they are called with.
WORKER = """
    import sys
    from workers import jobs, job_queue
    out = sys.argv[2]
    def write(*args):
        with open(out, "a") as file:
            print(*args, file=file)
    jobs.handle_delivery = jobs.work_on_ticket = jobs.run_scheduled = write
    sys.exit(0 if job_queue.serve(sys.argv[1], "test", lambda: True) else 3)
"""


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """A Redis of our own and its URL."""
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    child, url = redis_child(folder, port)
    child.start()
    wait_for_port(port, child)
    yield url
    child.process.terminate()
    child.process.wait(10)


@pytest.fixture
def connection(redis):
    with Redis.from_url(redis) as connection:
        yield connection


class Worker:
    """A worker process of our queue, and what its functions were called with."""

    def __init__(self, url, out):
        self._out = out
        self._read = 0
        out.touch()
        self.process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WORKER), url, str(out)], cwd=ROOT)

    def calls(self, expected):
        """Return the calls since the last time that was asked, once there are as many as expected."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and len(self._lines()) < expected:
            assert self.process.poll() is None, "the worker died"
            time.sleep(0.02)
        new = self._lines()
        self._read += len(new)
        return new

    def _lines(self):
        return self._out.read_text().splitlines()[self._read :]


@pytest.fixture(scope="module")
def worker(redis, tmp_path_factory):
    made = Worker(redis, tmp_path_factory.mktemp("worker") / "calls")
    yield made
    made.process.kill()
    made.process.wait(10)


def plant(connection, job_id, data, **fields):
    """Put a job into the queue as somebody would who can write to Redis and does not use our code."""
    values = {"data": data, "created_at": "2026-11-20T09:00:00.000000Z", "origin": QUEUE, "timeout": "60"}
    connection.hset(f"rq:job:{job_id}", mapping=values | {"status": "queued"} | fields)
    connection.sadd("rq:queues", f"rq:queue:{QUEUE}")
    connection.rpush(f"rq:queue:{QUEUE}", job_id)


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.real
def test_rings_reach_the_functions_they_name(redis, worker):
    """Ids come through as they went in; the queue is empty afterwards, and nothing of the jobs is kept."""
    bell = Bell(redis)
    assert bell.is_up()
    assert bell.ring_delivery(7)
    assert bell.ring_ticket("zendesk", "5")
    assert bell.ring_scheduled("reconcile", 3)
    assert worker.calls(3) == ["7", "zendesk 5", "reconcile 3"]
    assert bell.length() == 0


@pytest.mark.real
@pytest.mark.parametrize(
    "job",
    [
        ["os.system", None, ["touch {file}"], {}],
        ["subprocess.getoutput", None, ["touch {file}"], {}],
        ["workers.jobs.install", None, [None, None], {}],
        ["workers.jobs._here", None, [], {}],
        ["builtins.eval", None, ["open('{file}', 'w')"], {}],
        ["workers.jobs.handle_delivery", "os", [], {}],
        [7, None, [], {}],
        ["nothing"],
    ],
)
def test_a_foreign_function_is_not_called(redis, connection, worker, tmp_path, job):
    """Whoever can write to Redis cannot make a worker run anything else; the next ring is answered as ever."""
    file = tmp_path / "planted"
    plant(connection, "evil", JSONSerializer.dumps([_with(part, file) for part in job]))
    Bell(redis).ring_ticket("zendesk", "5")
    assert worker.calls(1) == ["zendesk 5"]
    assert not file.exists()


@pytest.mark.real
def test_what_failed_is_taken_out_of_rq(redis, connection, worker):
    """Each failed ring is told once, by what it was for, also a planted one and one of nonsense."""
    connection.flushall()
    bell = Bell(redis)
    plant(connection, "evil", JSONSerializer.dumps(["os.system", None, ["true"], {}]))
    plant(connection, "odd", b"nonsense")
    bell.ring_ticket("zendesk", "5")
    worker.calls(1)
    taken = {ring.job_id: ring.function for ring in bell.take_failed()}
    assert taken["evil"] == "not ours"
    assert bell.take_failed() == []
    assert connection.keys("rq:job:evil") == []


@pytest.mark.real
def test_without_redis_nothing_failed():
    """A Redis that is away is no news of rings."""
    assert Bell("redis://127.0.0.1:1/0").take_failed() == []


def _with(part, file):
    return [str(one).format(file=file) for one in part] if isinstance(part, list) else part


@pytest.mark.real
@pytest.mark.parametrize("fields", ["data", "meta", "success_callback"])
def test_pickled_data_is_not_loaded(redis, connection, worker, tmp_path, fields):
    """Data that runs a command when it is unpickled stays data, wherever in the job it stands."""
    file = tmp_path / "planted"
    bomb = pickle.dumps(Bomb(f"touch {file}"))
    good = JSONSerializer.dumps([TICKET, None, ["zendesk", "9"], {}])
    if fields == "data":
        plant(connection, "evil", DefaultSerializer.dumps(("os.system", None, (f"touch {file}",), {})))
        plant(connection, "evil2", bomb)
    elif fields == "meta":
        plant(connection, "evil", good, meta=bomb)
    else:
        plant(connection, "evil", good, success_callback_name="os.system", failure_callback_name="os.system")
    Bell(redis).ring_ticket("zendesk", "5")
    assert "zendesk 5" in worker.calls(1 if fields == "data" else 2)
    assert not file.exists()


@pytest.mark.real
def test_our_jobs_are_json_with_ids_alone(redis):
    """What stands in Redis is readable, and holds nothing of a ticket but its number."""
    unattended = redis.removesuffix("/0") + "/1"
    Bell(unattended).ring_ticket("zendesk", "5")
    with Redis.from_url(unattended) as connection:
        (job_id,) = connection.lrange(f"rq:queue:{QUEUE}", 0, -1)
        kept = connection.hgetall(b"rq:job:" + job_id)
    assert json.loads(zlib.decompress(kept[b"data"])) == [TICKET, None, ["zendesk", "5"], {}]
    assert kept[b"description"] == TICKET.encode()


@pytest.mark.real
def test_a_worker_takes_no_commands(redis, connection, worker):
    """It listens to none of RQ's channels, so no thread does: RQ leaves that one behind whenever it loses Redis."""
    Bell(redis).ring_ticket("zendesk", "5")
    assert worker.calls(1) == ["zendesk 5"]
    assert connection.pubsub_channels("rq:pubsub:*") == []
    assert connection.client_list(_type="pubsub") == []


@pytest.mark.real
def test_a_worker_ends_when_asked(redis, tmp_path):
    """SIGTERM lets it finish and leave with success."""
    worker = Worker(redis.removesuffix("/0") + "/2", tmp_path / "calls")
    wait_ready(worker.process)
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(20) == 0


def wait_ready(process):
    """A signal before RQ has set its handlers would just end the process."""
    deadline = time.monotonic() + 20
    status = Path(f"/proc/{process.pid}/status")
    while time.monotonic() < deadline:
        caught = int(next(line for line in status.read_text().splitlines() if line.startswith("SigCgt")).split()[1], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.02)


def test_only_three_functions_are_ours():
    """And they exist."""
    assert {DELIVERY, TICKET, SCHEDULED} == ALLOWED
    assert all(callable(getattr(jobs, name.rpartition(".")[2])) for name in ALLOWED)


def test_a_foreign_name_is_refused_before_anything_is_imported():
    """The check comes before the name is looked up."""
    job = OurJob(connection=Redis(), serializer=JSONSerializer)
    job.data = JSONSerializer.dumps(["no_such_module_at_all.run", None, [], {}])
    with pytest.raises(ForbiddenJobError):
        job.func  # noqa: B018 - reading it is what is tested
    assert issubclass(OurJob, Job)


def answers_within(bell, seconds):
    started = time.monotonic()
    assert bell.ring_ticket("zendesk", "5") is False
    assert bell.length() is None
    assert bell.is_up() is False
    assert time.monotonic() - started < 3 * seconds


def test_without_redis_a_ring_says_so_at_once():
    """Nothing listens there: False within half a second, each."""
    answers_within(Bell(f"redis://127.0.0.1:{free_port()}/0"), 0.5)


def test_a_redis_that_hangs_costs_half_a_second_at_most():
    """It takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answers_within(Bell(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), 0.5)


def test_a_redis_that_talks_nonsense_is_away():
    """An answer that is not Redis's counts as none."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=babble, daemon=True).start()
        answers_within(Bell(f"redis://127.0.0.1:{server.getsockname()[1]}/0"), 0.5)
