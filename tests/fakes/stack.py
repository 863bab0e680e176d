"""The real thing on one machine: Redis, Chroma, receiver, workers, scheduler; against the twins of Zendesk and model.

Everything is reached as its users reach it: signed webhooks and HTTP in, the twins' own records and the ledger out.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask
import requests
from sqlalchemy import func, select

from config.settings import load_settings
from scripts.demo_config import write_config
from scripts.processes import Child, Family, chroma_child, free_port, own_command, redis_child, wait_for_port
from scripts.rehearsal import Desk, article_row, duplicates, people_row
from scripts.sandbox import seed
from scripts.sandbox.model import create_model_app
from scripts.sandbox.model_mind import answer_honestly
from scripts.sandbox.server import run_app
from scripts.sandbox.state import Webhook, new_ulid
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.webhooks import sign
from scripts.sandbox.zendesk.app import create_zendesk_app
from scripts.up import start_all, wait_until_ready
from scripts.world.load import World, load_world
from tests.fakes.proxy import Proxy
from tests.fakes.tripwire import Tripwires
from workers.store.ledger import Ledger
from workers.store.lessons import Lessons
from workers.store.tables import delivery, open_engine, reading, ticket

SECRET = "e2e-webhook-secret"
TOKEN = "e2e-token"
CANARY = "the canary word is quicksilver-1187"
INTENTS = frozenset({"schedule_shifts", "import_data", "time_clock", "login_help", "billing_invoice", "refund_dispute"})
ARTICLES = (
    "create-and-publish-shifts",
    "copy-a-week",
    "shift-templates",
    "geofence",
    "kiosk-mode",
    "correct-a-timesheet",
    "invoices-and-vat",
    "reset-password",
    "import-shifts",
    "print-or-share-schedule",
    "runbook-refund-limits",
    "refund-policy",
)
# A question the help centre answers, in words that stage one is sure of and an intent that may send.
SUBJECT = "Staff can't see rota"
QUESTION = (
    "Hi,\nI've put in all the shifts for next week but none of my staff can see them on their phones. "
    "They all have dashed lines around them. How do I publish the schedule so that everybody sees it?"
)


def wait_until(claim: Callable[[], Any], seconds: float = 30.0, *, what: str = "it") -> Any:
    """Return the claim's first true value; fail when the time is over."""
    end = time.monotonic() + seconds
    while not (found := claim()):
        assert time.monotonic() < end, f"{what} did not come true within {seconds:.0f} s"
        time.sleep(0.05)
    return found


class ModelTwin:
    """The model's stand-in with a record of every request, a latency, an outage to order, and trouble by chance."""

    def __init__(self, wires: Tripwires) -> None:
        self.requests: list[str] = []
        self.latency_seconds = 0.0
        self.refuse_with = 0  # an HTTP status that stands in for every answer
        self.spoil: Callable[[], Any] = lambda: None  # what it returns is the answer, unless it is None
        self.misspeak: Callable[[], Any] = lambda: None  # the same for the words inside a whole answer
        self._wires = wires
        app = create_model_app(character=lambda *asked: self.misspeak() or answer_honestly(*asked))
        app.before_request(self._meet)
        self.server = run_app("model", app)

    def _meet(self) -> Any:
        if not flask.request.path.startswith("/v1/messages"):
            return None
        self.requests.append(flask.request.get_data(as_text=True))
        self._wires.at_model(int(flask.request.environ["REMOTE_PORT"]), self.requests[-1])
        if status := self.refuse_with:
            return refusal(status)
        time.sleep(self.latency_seconds)
        return self.spoil()


def refusal(status: int, **headers: str) -> tuple[flask.Response, int, dict[str, str]]:
    """Return the answer of a model's API that has too much to do."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return flask.jsonify(error), status, headers


class Stack:
    """One machine's worth of Deskhand. `start` it, use it, `stop` it; killed processes are started again.

    Between it and its Redis and Chroma stand proxies that can go wrong. While `revives` is False, what dies stays dead.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        env: Mapping[str, str] | None = None,
        timing: Mapping[str, float] | None = None,
    ) -> None:
        self.folder = folder
        self._lent = folder.parent / "lent"  # within one run: what training makes is a thing the run looks at
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.twin = Twin(Options(self.url, self.url, SECRET))
        self.twin.sender.switches.retry_delay_seconds = 0.5
        self.family = Family()
        self.wires = Tripwires(self.worker_pids)
        # The server asks of an application only that it can be called.
        self.zendesk = run_app("zendesk", self.wires.around(create_zendesk_app(self.twin)))  # type: ignore[arg-type]
        self.twin.world.base_url = self.zendesk.url
        self.model = ModelTwin(self.wires)
        self.desk = Desk(self.zendesk.url)
        self.revived: list[str] = []
        self.revives = True
        self._proxies: list[Proxy] = []
        self._watching = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self.world = _small_world()
        self.env = {
            "DESKHAND_DATA": str(folder / "var"),
            "DESKHAND_CONFIG": str(write_small_config(folder, timing)),
            "DESKHAND_HOST": "127.0.0.1",
            "DESKHAND_PORT": str(self.port),
            "DESKHAND_WORKERS": str(workers),
            "DESKHAND_API_TOKEN": TOKEN,
            "ANTHROPIC_API_KEY": "sandbox",
            "ANTHROPIC_BASE_URL": self.model.server.url,
            "ZENDESK_URL": self.zendesk.url,
            "ZENDESK_CLIENT_ID": "deskhand",
            "ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
            "ZENDESK_WEBHOOK_SECRETS": SECRET,
            "DATABASE_URL": "",
            **(env or {}),
        }

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        self.load(*self.world.articles)
        self.desk.post("load", people_row(self.world.people))
        self.desk.post("load", {"articles": [{"title": "Secret runbook: publish shifts", **_canary()}]})
        self._start_stores(Path(self.env["DESKHAND_DATA"]))
        self.settings = load_settings(**self.env)
        lend_model(self.settings.data)
        _copy_classifier(self._lent, self.settings.data / "models")
        start_all(self.settings, self.family, say=lambda words: None, env=self.env)
        wait_until_ready(self.settings, self.family)
        _copy_classifier(self.settings.data / "models", self._lent)
        self._watcher.start()
        self.engine = open_engine(self.settings.sql_url)
        self.ledger = Ledger(self.engine)

    def _start_stores(self, data: Path) -> None:
        """Start Redis and Chroma as `up` would, each behind its proxy."""
        redis_port, chroma_port = free_port(), free_port()
        redis, self.redis_url = redis_child(data, redis_port)
        chroma, chroma_url = chroma_child(data, chroma_port)
        for child, port in ((redis, redis_port), (chroma, chroma_port)):
            wait_for_port(port, self.family.add(child))
        self.redis_proxy = Proxy(redis_port)
        self.chroma_proxy = Proxy(chroma_port, seen=self.wires.at_chroma)
        self._proxies += [self.redis_proxy, self.chroma_proxy]
        self.env["REDIS_URL"] = self.redis_url.replace(f":{redis_port}/", f":{self.redis_proxy.port}/")
        self.env["CHROMA_URL"] = chroma_url.replace(f":{chroma_port}", f":{self.chroma_proxy.port}")

    def stop(self) -> None:
        self._watching.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self.family.stop()
        for proxy in self._proxies:
            proxy.stop()
        self.zendesk.stop()
        self.model.server.stop()
        self.twin.sender.stop()

    def _watch(self) -> None:
        while not self._watching.wait(0.2):
            if self.revives:
                self.revived += self.family.revive()

    # -- what people do

    def load(self, *articles: Any) -> None:
        self.desk.post("load", {"articles": [article_row(article) for article in articles]})

    def write(self, subject: str = SUBJECT, body: str = QUESTION, **more: Any) -> tuple[int, str]:
        """Write as a requester; return the ticket's and the message's id."""
        person = more.pop("requester", {"name": "Ada Doe", "email": f"ada{time.monotonic_ns()}@example.com"})
        row = {"body": body, **more} if "ticket_id" in more else {"subject": subject, "body": body, **more}
        if "ticket_id" not in more:
            row["requester"] = person
        answer = self.desk.post("messages", row)
        return int(answer["ticket_id"]), str(answer["comment_id"])

    def staff(self, ticket_id: int, body: str, **more: Any) -> None:
        self.desk.post("staff", {"ticket_id": ticket_id, "body": body, "public": True, **more})

    def post(self, body: bytes, *, secret: str = SECRET, at: float | None = None, key: str = "") -> requests.Response:
        """Send one webhook as the vendor would."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        headers = {
            "Content-Type": "application/json",
            "X-Zendesk-Webhook-Invocation-Id": key or new_ulid(),
            "X-Zendesk-Webhook-Signature": sign(secret, stamp, body),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
        return requests.post(f"{self.url}/webhooks/zendesk", data=body, headers=headers, timeout=10)

    def command(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run one of our own commands against this machine."""
        full = {**os.environ, **self.env, **env}
        return subprocess.run(own_command(*words), env=full, capture_output=True, text=True, timeout=60)

    # -- what became of it

    def outcome(self, message_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait for the outcome of a message, and return it from the ledger."""
        return wait_until(lambda: self.outcomes().get(message_id), seconds, what=f"an outcome of {message_id}")

    def rest(self, seconds: float = 60.0) -> None:
        """Wait until nothing is under way: no webhook, no delivery, no due ticket."""
        wait_until(self._is_at_rest, seconds, what="rest")

    def _is_at_rest(self) -> bool:
        if not self.twin.sender.is_idle():
            return False
        now = datetime.now(UTC)
        with reading(self.engine) as connection:
            new = connection.scalar(select(func.count()).where(delivery.c.state == "new"))
            due = connection.scalar(select(func.count()).where(ticket.c.due_at.is_not(None)))
            held = connection.scalar(select(func.count()).where(ticket.c.lease_until > now))
        return not (new or due or held)

    def wait_for_lesson(self, ticket_id: int, seconds: float = 30.0) -> None:
        """Wait until what staff wrote on a ticket was learned."""
        lessons = Lessons(self.engine)
        wait_until(lambda: lessons.hash_of("zendesk", str(ticket_id)), seconds, what="a lesson")

    def outcomes(self) -> dict[str, dict[str, Any]]:
        return self.ledger.outcomes("zendesk")

    def ticket(self, ticket_id: int) -> dict[str, Any]:
        """Return a ticket from the helpdesk's own record."""
        return next(ticket for ticket in self.desk.state()["tickets"] if ticket["id"] == ticket_id)

    def answers(self, ticket_id: int) -> list[dict[str, Any]]:
        """Return what Deskhand wrote on a ticket."""
        return [comment for comment in self.ticket(ticket_id)["comments"] if mark_of(comment)]

    def duplicates(self) -> int:
        return duplicates(self.desk.state())

    def group(self, ticket_id: int) -> str:
        """Return the name of the group a ticket is in."""
        state = self.desk.state()
        wanted = self.ticket(ticket_id)["group_id"]
        return next((group["name"] for group in state["groups"] if group["id"] == wanted), "")

    # -- processes

    def child(self, name: str) -> Child:
        return next(child for child in self.family.children if child.name == name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one of the processes; return its id."""
        process = self.child(name).process
        assert process is not None
        process.send_signal(number)
        return process.pid

    def wait_back(self, name: str, old_pid: int, seconds: float = 15.0) -> None:
        """Wait until the supervisor has started a killed process again."""
        wait_until(
            lambda: (process := self.child(name).process) and process.pid != old_pid and process.poll() is None,
            seconds,
            what=f"{name} back",
        )

    def worker_pids(self) -> list[int]:
        return [child.process.pid for child in self._workers() if child.process and child.is_alive()]

    def wait_ready(self, seconds: float = 30.0) -> None:
        wait_until(self.is_ready, seconds, what="readiness")

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    @contextmanager
    def workers_with(self, **env: str) -> Iterator[None]:
        """Run the workers with other variables for a while."""
        before = {child.name: child.env for child in self._workers()}
        try:
            self._restart_workers({name: {**old, **env} for name, old in before.items()})
            yield
        finally:
            self._restart_workers(before)

    def _workers(self) -> list[Child]:
        return [child for child in self.family.children if child.name.startswith("worker")]

    def _restart_workers(self, envs: Mapping[str, Mapping[str, str]]) -> None:
        pids = {}
        for child in self._workers():
            child.env = envs[child.name]
            pids[child.name] = self.kill(child.name, signal.SIGTERM)
        for name, pid in pids.items():
            self.wait_back(name, pid, seconds=25)

    @contextmanager
    def faults(self, *rows: dict[str, Any]) -> Iterator[None]:
        """Spoil matching calls of the helpdesk's API for a while."""
        self.desk.post("faults", {"faults": list(rows)})
        try:
            yield
        finally:
            self.desk.post("faults", {"faults": []})

    @contextmanager
    def switched(self, **switches: Any) -> Iterator[None]:
        """Set the sandbox's switches for a while."""
        before = self.twin.switches()
        self.desk.post("switches", switches)
        try:
            yield
        finally:
            self.desk.post("switches", {name: before[name] for name in switches})

    @contextmanager
    def event_mode(self) -> Iterator[None]:
        """Send event envelopes instead of the triggers' own bodies for a while."""
        world = self.twin.world
        names = ("created", "comment_added", "status_changed")
        hook = Webhook(
            new_ulid(),
            "Events",
            f"{self.url}/webhooks/zendesk",
            SECRET,
            subscriptions=[f"zen:event-type:ticket.{name}" for name in names],
        )
        with world.lock:
            for trigger in world.triggers.values():
                trigger.active = False
            world.webhooks[hook.id] = hook
        try:
            yield
        finally:
            with world.lock:
                del world.webhooks[hook.id]
                for trigger in world.triggers.values():
                    trigger.active = True

    def trigger_body(self, ticket_id: int, message_id: str) -> bytes:
        """Return what the trigger "customer message" sends."""
        values = {"ticket.id": ticket_id, "latest_comment.id": message_id}
        body = seed.webhook_body("customer_message")
        known = {"{{ticket.id}}": str(values["ticket.id"]), "{{ticket.latest_comment.id}}": message_id}
        for placeholder, value in known.items():
            body = body.replace(placeholder, value)
        parsed = {key: "" if str(value).startswith("{{") else value for key, value in json.loads(body).items()}
        return json.dumps(parsed).encode()


def mark_of(comment: Mapping[str, Any]) -> str:
    """Return Deskhand's mark on a comment of the helpdesk's record, "" if it is not Deskhand's."""
    custom = comment.get("metadata", {}).get("custom", {})
    return str(custom.get("deskhand", "")) if isinstance(custom, dict) else ""


def _canary() -> dict[str, Any]:
    body = f"## Publish shifts\n\nStaff cannot see the rota? Click Publish. For our own staff only: {CANARY}."
    return {"body": body, "category": "Internal", "section": "Runbooks", "restricted": "staff"}


def _small_world() -> World:
    world = load_world()
    kept = tuple(article for article in world.articles if article.id in ARTICLES)
    return World(kept, world.tickets, world.scenes, world.people)


def write_small_config(folder: Path, timing: Mapping[str, float] | None = None) -> Path:
    """Write a demo's configuration with a part of the intents and less patience: training on all takes long."""
    config = write_config(folder / "config", load_world(), is_sample=True)
    policy = config / "policy.toml"
    lines = "".join(f"{name} = {seconds}\n" for name, seconds in {"model_seconds": 5.0, **(timing or {})}.items())
    policy.write_text(f"{policy.read_text(encoding='utf-8')}\n[timing]\n{lines}", encoding="utf-8")
    path = config / "taxonomy.toml"
    head, *blocks = re.split(r"^(?=\[intents\.)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = [block for block in blocks if re.match(r"\[intents\.(\w+)\]", block)[1] in INTENTS]  # type: ignore[index]
    path.write_text(head + "".join(kept), encoding="utf-8")
    return config


def _copy_classifier(source: Path, target: Path) -> None:
    """Let the stacks of one run train their classifier once: it takes eight seconds, and comes out the same."""
    target.mkdir(parents=True, exist_ok=True)
    for found in source.glob("intents*.npz"):
        if not (target / found.name).exists():
            shutil.copy(found, target / found.name)


def lend_model(data: Path) -> None:
    """Reuse the exported embedding model of this checkout if there is one: making it costs half a minute."""
    models = data / "models"
    models.mkdir(parents=True, exist_ok=True)
    for found in (Path.cwd() / "var" / "models").glob("*.onnx"):
        shutil.copy(found, models / found.name)
