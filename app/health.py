"""/healthz: the process is alive. /readyz: every part is reachable, and how long the oldest work waits. /metrics.

Figures are computed from SQL when they are asked for. /metrics is open to this machine itself (a scraper beside the
receiver) and asks for the token otherwise, also when a proxy on this machine passes the request on.
"""

import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from app import access
from config.settings import Settings
from workers.intake import BreakerLine, Figures, Intake, Spread

CHROMA_TIMEOUT_SECONDS = 0.5
READY_FOR_SECONDS = 1.0  # how long one look counts, whoever asks
FIGURES_FOR_SECONDS = 5.0

T = TypeVar("T")


class Remembered(Generic[T]):
    """A value computed at most once in a while, by one thread, however many ask."""

    def __init__(self, compute: Callable[[], T], seconds: float) -> None:
        self._compute = compute
        self._seconds = seconds
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = 0.0

    def get(self) -> T:
        with self._lock:
            if self._value is None or time.monotonic() >= self._until:
                self._value = self._compute()
                self._until = time.monotonic() + self._seconds
            return self._value


def blueprint(settings: Settings, intake: Intake) -> Blueprint:
    """Return the routes for those who watch."""
    routes = Blueprint("health", __name__)
    look = Remembered(lambda: readiness(settings, intake), READY_FOR_SECONDS)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FiguresCollector(intake))

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": "alive"})

    @routes.get("/readyz")
    def readyz() -> Response:
        found = look.get()
        response = jsonify(found)
        response.status_code = 200 if found["status"] == "ready" else 503
        return response

    @routes.get("/metrics")
    def metrics() -> Response:
        if not (access.is_local(request) or access.has_bearer(settings, request)):
            answer = jsonify({"error": "metrics are open to this machine, or with DESKHAND_API_TOKEN as bearer token"})
            answer.status_code = 403
            return answer
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return routes


def readiness(settings: Settings, intake: Intake) -> dict[str, object]:
    """Look at every part; `status` is "ready" only if all of them answer. Names addresses' variables, never values."""
    overview = intake.story.overview
    parts = {
        "database": "ok" if overview.is_up() else "unreachable (DATABASE_URL)",
        "redis": "ok" if intake.bell_is_up() else "unreachable (REDIS_URL)",
        "chroma": "ok" if chroma_is_up(settings.chroma_url) else "unreachable (CHROMA_URL)",
    }
    found: dict[str, object] = {
        "status": "ready" if all(state == "ok" for state in parts.values()) else "not ready",
        "parts": parts,
        "webhooks": list(intake.vendors),
    }
    if parts["database"] == "ok":
        waiting = overview.waiting(now=intake.now())
        found["deliveries_waiting"] = waiting.deliveries
        found["oldest_delivery_seconds"] = round(waiting.oldest_delivery_seconds, 3)
        found["tickets_due"] = waiting.due
        found["tickets_in_work"] = waiting.in_work
        found["oldest_due_seconds"] = round(waiting.oldest_due_seconds, 3)
        found["dead_letters"] = overview.dead_letters(now=intake.now())
        # Neither makes us unready: without a model people get the tickets, and without a helpdesk tickets wait.
        found["brakes"] = [f"{b.code}: {b.detail}" for b in overview.progress.brakes(now=intake.now())]
        found["models_failing"] = {line.model: _trouble(line) for line in overview.breakers(now=intake.now())}
        found["helpdesks_failing"] = {line.model: _trouble(line) for line in overview.outages(now=intake.now())}
    return found


def _trouble(line: BreakerLine) -> str:
    mend = "; a person has to mend it (ANTHROPIC_API_KEY, the bill, or the model's name)" if line.needs_person else ""
    return f"{line.outcome} for {line.seconds:.0f} s, {line.state.replace('_', ' ')}{mend}"


def chroma_is_up(url: str, timeout_seconds: float = CHROMA_TIMEOUT_SECONDS) -> bool:
    """Tell whether a Chroma server answers its heartbeat there."""
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_seconds)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/api/v2/heartbeat")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class FiguresCollector:
    """Hands the record's figures to Prometheus at scrape time."""

    def __init__(self, intake: Intake) -> None:
        self._figures = Remembered(lambda: intake.story.overview.figures(now=intake.now()), FIGURES_FOR_SECONDS)

    def collect(self) -> Iterator[Metric]:
        figures = self._figures.get()
        yield from _totals(figures)
        yield from _backlog(figures)
        yield from _breakers(figures)
        yield from _autonomy(figures)
        yield from _budgets(figures)
        yield _doubtful(figures)
        yield _dead(figures)
        yield _seconds("deskhand_first_response_seconds", "asked to first reply sent, 24 hours", figures.first_response)
        yield _seconds("deskhand_outcome_seconds", "asked to any outcome, 24 hours", figures.outcome)


def _doubtful(figures: Figures) -> Metric:
    words = "writes of the last 7 days that were refused, or of which nobody knows whether they arrive"
    writes = GaugeMetricFamily("deskhand_doubtful_writes", words, labels=["state"])
    for state, count in figures.doubtful_writes.items():
        writes.add_metric([state], count)
    return writes


def _dead(figures: Figures) -> Metric:
    words = "what stopped and waits for `deskhand replay`, by kind; a ticket is one that fails again and again"
    letters = GaugeMetricFamily("deskhand_dead_letters", words, labels=["kind"])
    for kind, count in figures.dead_letters.items():
        letters.add_metric([kind], count)
    return letters


def _totals(figures: Figures) -> Iterator[Metric]:
    deliveries = GaugeMetricFamily("deskhand_deliveries", "stored deliveries by state", labels=["state"])
    for state, count in figures.deliveries.items():
        deliveries.add_metric([state], count)
    yield deliveries
    cases = GaugeMetricFamily("deskhand_cases", "cases by outcome and intent", labels=["action", "intent"])
    for (action, intent), count in figures.cases.items():
        cases.add_metric([action, intent], count)
    yield cases
    reasons = CounterMetricFamily("deskhand_case_reasons", "settled cases that had this reason", labels=["code"])
    for code, count in figures.reasons.items():
        reasons.add_metric([code], count)
    yield reasons
    calls = CounterMetricFamily("deskhand_model_calls", "model calls by outcome", labels=["model", "outcome"])
    for (model, outcome), count in figures.calls.items():
        calls.add_metric([model, outcome], count)
    yield calls
    tokens = CounterMetricFamily("deskhand_model_tokens", "tokens by kind", labels=["model", "kind"])
    for (model, kind), count in figures.tokens.items():
        tokens.add_metric([model, kind], count)
    yield tokens
    cost = CounterMetricFamily("deskhand_model_cost_usd", "cost by the prices in policy", labels=["model"])
    for model, usd in figures.cost_usd.items():
        cost.add_metric([model], usd)
    yield cost


def _backlog(figures: Figures) -> Iterator[Metric]:
    waiting = figures.waiting
    for name, what, value in (
        ("deskhand_deliveries_waiting", "deliveries nobody has handled", waiting.deliveries),
        ("deskhand_oldest_delivery_seconds", "age of the oldest of them", waiting.oldest_delivery_seconds),
        ("deskhand_tickets_due", "tickets due to be worked on", waiting.due),
        ("deskhand_tickets_in_work", "tickets with a live lease", waiting.in_work),
        ("deskhand_oldest_due_seconds", "age of the oldest due ticket", waiting.oldest_due_seconds),
    ):
        yield GaugeMetricFamily(name, what, value=value)


def _autonomy(figures: Figures) -> Iterator[Metric]:
    step = GaugeMetricFamily("deskhand_autonomy_step", "1 for the step that counts", labels=["intent", "step"])
    bound = GaugeMetricFamily("deskhand_autonomy_bound", "what quality is at least", labels=["intent"])
    doubt = GaugeMetricFamily("deskhand_autonomy_doubt", "0..1; at 1 an intent steps down", labels=["intent"])
    for one in figures.standings:
        step.add_metric([one.intent, one.step], 1)
        bound.add_metric([one.intent], one.bound)
        doubt.add_metric([one.intent], one.suspicion)
    brakes = GaugeMetricFamily("deskhand_brake", "1 while it holds Deskhand back", labels=["code", "intent"])
    for brake in figures.brakes:
        brakes.add_metric([brake.code, brake.intent], 1)
    yield brakes
    uses = CounterMetricFamily("deskhand_drafts_used", "what became of drafts and replies", labels=["intent", "use"])
    for (intent, use), count in figures.draft_uses.items():
        uses.add_metric([intent, use], count)
    yield from (step, bound, doubt, uses)


def _breakers(figures: Figures) -> Iterator[Metric]:
    failing = GaugeMetricFamily("deskhand_model_failing_seconds", "how long a model is left alone", labels=["model"])
    alarm = GaugeMetricFamily("deskhand_model_needs_person", "1 if only a person can mend it", labels=["model"])
    for line in figures.breakers:
        failing.add_metric([line.model], line.seconds)
        alarm.add_metric([line.model], int(line.needs_person))
    yield failing
    yield alarm
    words = "how long a helpdesk has answered nobody"
    outages = GaugeMetricFamily("deskhand_helpdesk_failing_seconds", words, labels=["vendor"])
    for line in figures.outages:
        outages.add_metric([line.model], line.seconds)
    yield outages


def _budgets(figures: Figures) -> Iterator[Metric]:
    left = GaugeMetricFamily(
        "deskhand_helpdesk_budget_left", "calls left of a rate limit that runs short", labels=["vendor", "limit"]
    )
    total = GaugeMetricFamily("deskhand_helpdesk_budget_total", "calls of that limit", labels=["vendor", "limit"])
    for names, (remaining, of) in figures.budgets.items():
        left.add_metric(names, remaining)
        total.add_metric(names, of)
    yield left
    yield total


def _seconds(name: str, what: str, spread: Spread) -> Metric:
    family = GaugeMetricFamily(name, what, labels=["quantile"])
    for quantile, value in (("0.5", spread.p50), ("0.95", spread.p95)):
        if value is not None:
            family.add_metric([quantile], value)
    return family
