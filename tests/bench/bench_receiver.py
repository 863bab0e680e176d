"""Durable 2xx per second of the receiver, against a bare Flask route that only enqueues in RQ, in one run.

`python -m tests.bench.bench_receiver [--seconds 5] [--connections 32] [--processes 1] [--rounds 3]`. The servers have
one core, the load the other. Both sides have the same gunicorn settings and the same Redis. Afterwards ours alone:
`--spike-seconds` of 200 requests a second of which nine in ten are repetitions, and the same rate beside 500 sockets
that never finish their request.
"""

import argparse
import asyncio
import atexit
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, func, select

from config.settings import load_settings
from integrations.zendesk.webhook import sign
from scripts.processes import free_port, redis_child, wait_for_port
from scripts.receiver import THREADS, Receiver
from workers.store.migrate import migrate
from workers.store.tables import delivery, open_engine

SECRET = "bench-signing-secret-0123456789-0123456789"


def bare_app() -> Flask:
    app = Flask("bare")
    settings = load_settings()
    jobs = Queue("bare", connection=Redis.from_url(settings.redis_url), serializer=JSONSerializer)

    @app.post("/webhooks/<vendor>")
    def receive(vendor: str) -> dict[str, str]:
        jobs.enqueue_call("workers.jobs.handle_delivery", args=(1,), result_ttl=0)
        return {"status": "stored", "vendor": vendor}

    return app


class Bare(Receiver):
    def load(self) -> Flask:
        return bare_app()


def requests(count: int, start: int) -> list[bytes]:
    """Make signed requests as Zendesk sends them, each a delivery of its own."""
    made, stamp = [], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in range(start, start + count):
        fields = {"source": "trigger", "rule": "new-or-reply", "ticket_id": str(number % 5000), "via": "Mail"}
        fields |= {"latest_comment_id": str(number), "updated_at": stamp, "current_user_id": "77", "status": "Open"}
        body = json.dumps(fields).encode()
        head = (
            f"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"User-Agent: Zendesk Webhook\r\nX-Zendesk-Account-Id: 12345678\r\n"
            f"X-Zendesk-Webhook-Id: 01J8ZK3V4M9Q2R7T5W6X8Y0ABC\r\nX-Zendesk-Webhook-Invocation-Id: I{number}\r\n"
            f"X-Zendesk-Webhook-Signature: {sign(SECRET, stamp, body)}\r\n"
            f"X-Zendesk-Webhook-Signature-Timestamp: {stamp}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def load(
    port: int, waiting: list[bytes], connections: int, seconds: float, per_second: float = 0.0
) -> list[float]:
    """Send over kept-alive connections until the time is over; return the latencies of answers that were 200."""
    took: list[float] = []
    began = time.perf_counter()

    async def one(lane: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = 0
        while waiting and time.perf_counter() - began < seconds:
            request = waiting.pop()
            if per_second:
                due = began + (lane + sent * connections) / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            at = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            sent += 1
            if head.startswith(b"HTTP/1.1 200"):
                took.append(time.perf_counter() - at)
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(one(lane) for lane in range(connections)))
    return took


async def load_beside_slow_sockets(port: int, waiting: list[bytes], sockets: int, seconds: float) -> list[float]:
    """Return the latencies of good requests while so many others send a byte a second and come to no end."""

    async def slow() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\nX-Slow: ")
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while not reader.at_eof():
                writer.write(b"s")
                await asyncio.sleep(1)
        writer.close()

    held = [asyncio.create_task(slow()) for _ in range(sockets)]
    await asyncio.sleep(2)
    took = await load(port, waiting, 16, seconds, per_second=200)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    return took


def percentiles(took: list[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return f"p50 {cuts[49] * 1000:.1f} p99 {cuts[98] * 1000:.1f} max {max(took) * 1000:.1f} ms"


def cpu_seconds(pid: int) -> float:
    """Return what a process and its children have used of the processor."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    ticks = sum(sum(map(int, Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:13])) for one in pids)
    return ticks / os.sysconf("SC_CLK_TCK")


def hardships(args: argparse.Namespace, env: dict[str, str], made: int, rows: Callable[[], int]) -> None:
    """Measure ours in a spike of repetitions, and beside slow sockets."""
    at = free_port()
    server = start("ours", env, at, args.processes, args.threads)
    asyncio.run(load(at, requests(300, made), 16, 2.0))
    fresh = requests(int(20 * args.spike_seconds) + 1, made + 300)
    mixed = [fresh[number // 10] for number in range(int(200 * args.spike_seconds))]
    random.Random(1).shuffle(mixed)
    before, memory, cpu = rows(), memory_mb(server.pid), cpu_seconds(server.pid)
    count, unique = len(mixed), len(set(mixed))
    took = asyncio.run(load(at, mixed, 16, args.spike_seconds + 5, per_second=200))
    used = (cpu_seconds(server.pid) - cpu) / args.spike_seconds
    print(f"spike of {args.spike_seconds:.0f} s at 200/s, 90 % repeated: {len(took)} of {count} are 2xx")
    grown = f"{memory:.0f} -> {memory_mb(server.pid):.0f} MB"
    print(f"  {percentiles(took)}; {rows() - before} rows of {unique}, {used:.2f} cores, memory {grown}", flush=True)
    took = asyncio.run(load_beside_slow_sockets(at, requests(1600, made + 100_000), 500, 8.0))
    print(f"beside 500 slow sockets, at {len(took) / 8:.0f}/s: {percentiles(took)}; {memory_mb(server.pid):.0f} MB")
    stop(server)


def start(what: str, env: dict[str, str], port: int, processes: int, threads: int) -> subprocess.Popen[bytes]:
    """Start one server on the first core."""
    words = [sys.executable, "-m", "tests.bench.bench_receiver", "--serve", what, "--processes", str(processes)]
    words += ["--threads", str(threads)]
    process = subprocess.Popen(
        words, env={**env, "DESKHAND_PORT": str(port)}, preexec_fn=lambda: os.sched_setaffinity(0, {0})
    )
    atexit.register(process.terminate)  # also when a measurement breaks off
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            return process
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{what} did not start")


def memory_mb(pid: int) -> float:
    """Return the proportional memory of a process and its children."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    total = 0
    for one in pids:
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def count_rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(delivery)) or 0


def measure(args: argparse.Namespace, folder: Path) -> None:
    port = free_port()
    child, redis_url = redis_child(folder, port)
    child.start()
    wait_for_port(port, child)
    env = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "REDIS_URL": redis_url,
        "ZENDESK_URL": "https://acme.zendesk.com",
        "ZENDESK_WEBHOOK_SECRETS": SECRET,
        "ZENDESK_EMAIL": "x",
        "ZENDESK_API_TOKEN": "x",
    }
    engine = open_engine(env["DATABASE_URL"])
    migrate(engine)
    os.sched_setaffinity(0, {1})
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    made = 0
    try:
        for round_number in range(args.rounds):
            for what in ("bare", "ours") if round_number % 2 else ("ours", "bare"):
                at = free_port()
                server = start(what, env, at, args.processes, args.threads)
                asyncio.run(load(at, requests(300, made), args.connections, 2.0))
                waiting = requests(int(args.seconds * 6000), made + 300)
                made += 300 + len(waiting)
                took = asyncio.run(load(at, waiting, args.connections, args.seconds))
                rates[what].append(len(took) / args.seconds)
                line = f"{what}: {len(took) / args.seconds:.0f} 2xx/s, {memory_mb(server.pid):.0f} MB"
                if what == "ours":
                    calm = asyncio.run(load(at, requests(2400, made), 16, 8.0, per_second=200))
                    made += 2400
                    line += f"; at {len(calm) / 8:.0f}/s {percentiles(calm)}"
                print(line, flush=True)
                stop(server)
        ratio = statistics.median(rates["ours"]) / statistics.median(rates["bare"])
        print(f"ratio {ratio:.2f} (medians of {args.rounds}); rows in the inbox: {count_rows(engine)}", flush=True)
        hardships(args, env, made, lambda: count_rows(engine))
    finally:
        assert child.process is not None
        child.process.terminate()
        child.process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spike-seconds", type=float, default=60.0)
    parser.add_argument("--serve", choices=["ours", "bare"])
    args = parser.parse_args()
    if args.serve:
        kind = Receiver if args.serve == "ours" else Bare
        kind(load_settings(), processes=args.processes, threads=args.threads).run()
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(args, Path(folder))


if __name__ == "__main__":
    main()
