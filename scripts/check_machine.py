"""The checks of this machine: data folder, database, queue, vector store, models, library, receiver."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from config.policy import Policy
from config.settings import Settings
from kb.embed import EmbedError, load_embedder
from kb.rerank import load_reranker
from scripts.checkup import Check, fail, ok, skipped, warn
from workers.intent_model import IntentModel
from workers.job_queue import Bell
from workers.services import intents_path
from workers.store.dead import LISTED, DeadLetters
from workers.store.inbox import Inbox
from workers.store.library import Library
from workers.store.migrate import SchemaError, require_head
from workers.store.schedule import Schedule
from workers.store.tables import open_engine, reading

LEAST_FREE_BYTES = 1 << 30
GOOD_FREE_BYTES = 5 << 30
LATE_SECONDS = 60.0
STALE_SYNC = timedelta(hours=2)
HEARD_WITHIN = timedelta(days=1)
FEW_MESSAGES = 3  # so many may come by chance, or begin, without a delivery
_UP = "`deskhand up`, or the process by name, and its log under $DESKHAND_DATA/logs"


def disk(settings: Settings) -> Iterator[Check]:
    folder = settings.data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_text("x", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        yield fail(
            "data folder",
            f"{folder} cannot be written to ({error.strerror})",
            why="webhooks are refused when they cannot be stored",
            mend="give it to the user Deskhand runs as, or set DESKHAND_DATA",
        )
        return
    free = shutil.disk_usage(folder).free
    said = f"{free / (1 << 30):.1f} GiB free"
    if free < GOOD_FREE_BYTES:
        level = fail if free < LEAST_FREE_BYTES else warn
        mend = "free some space, or move DESKHAND_DATA"
        yield level("data folder", said, why="a full disk stops everything", mend=mend)
    else:
        yield ok("data folder", said)


def database(settings: Settings, now: datetime) -> Iterator[Check]:
    """Look whether the database answers at this release's schema, and whether the scheduled runs come in time."""
    engine = open_engine(settings.sql_url)
    try:
        with reading(engine):
            pass
        require_head(engine)
    except SchemaError as error:
        mend = "`deskhand migrate`"
        yield fail(
            "database", str(error), why="a process of another release would write what it does not know", mend=mend
        )
        return
    yield ok("database", "SQLite" if settings.sql_url.startswith("sqlite") else "PostgreSQL")
    schedule = Schedule(engine)
    if schedule.value("paused"):
        yield warn("pause", "Deskhand is paused", why="no ticket is touched", mend="`deskhand resume`")
    yield from _runs(schedule.runs(200), now)
    yield _dead_letters(DeadLetters(engine).counts(since=now - LISTED))


def _dead_letters(counts: dict[str, int]) -> Check:
    said = ", ".join(f"{count} of kind {kind}" for kind, count in counts.items() if count)
    if not said:
        return ok("dead letters", "none")
    mend = "`deskhand replay` says which and why; once the cause is mended, `deskhand replay --all`"
    return warn("dead letters", said, why="people have what Deskhand should have done", mend=mend)


def _runs(runs: list[dict[str, Any]], now: datetime) -> Iterator[Check]:
    """Hold the newest run of each kind against when it should have been."""
    newest: dict[str, dict[str, Any]] = {}
    for one in runs:
        newest.setdefault(one["name"].partition(":")[0], one)
    for name in ("reindex", "reconcile"):
        if (run := newest.get(name)) is None:
            yield skipped(name, "has not run yet")
            continue
        age = now - run["started_at"]
        if run["is_ok"] is False:
            mend = f"`deskhand {name}` says why; then look at the credentials below"
            yield fail(name, "the newest run failed", why="what it should have brought is missing", mend=mend)
        elif age > STALE_SYNC:
            said = f"last run {age.total_seconds() / 3600:.0f} hours ago"
            mend = "is a scheduler or a worker running?"
            yield warn(name, said, why="the library, or lost webhooks, fall behind", mend=mend)
        else:
            yield ok(name, f"last run {age.total_seconds() / 60:.0f} minutes ago")


def queue(settings: Settings) -> Iterator[Check]:
    if not settings.redis_url:
        yield skipped("redis", "started by `deskhand up`; see the receiver below")
        return
    if Bell(settings.redis_url, timeout_seconds=2).is_up():
        yield ok("redis")
        return
    mend = "start it, or mend REDIS_URL (address, password)"
    yield fail("redis", "does not answer", why="tickets wait for the sweep instead of the bell", mend=mend)


def models(settings: Settings, policy: Policy) -> Iterator[Check]:
    """Look at the embedding model and the classifier's first stage."""
    embedder = load_embedder(policy.models.embed, settings.data)
    embedder.embed(["a test"])
    yield ok("embedding model", embedder.name)
    yield from _reranker(policy.knowledge.reranker)
    path = intents_path(settings)
    if not path.exists():
        why = "every message costs a model call, and without a key none is understood"
        yield warn("classifier", "not trained yet", why=why, mend="`deskhand train`")
        return
    trained = IntentModel.load(path, embedder=embedder.name)
    unknown = sorted(set(trained.intents.labels) - set(policy.intents) - {"oos"})
    if unknown:
        said = f"knows intents that the taxonomy does not: {', '.join(unknown[:5])}"
        yield warn(
            "classifier", said, why="their messages end with people", mend="`deskhand train`, restart the workers"
        )
    else:
        yield ok("classifier", f"{len(trained.intents.labels)} intents")


def _reranker(model: str) -> Iterator[Check]:
    if not model:
        return
    try:
        load_reranker(model)
    except EmbedError as error:
        mend = "install what is named, mend knowledge.reranker in policy.toml, or clear it"
        yield fail("reranker", str(error), why="searches go on without its second reading", mend=mend)
    else:
        yield ok("reranker", model)


def library(settings: Settings) -> Iterator[Check]:
    counts = Library(open_engine(settings.sql_url), datetime.now).counts()
    documents = counts.get("article", 0)
    if documents:
        yield ok("library", ", ".join(f"{count} of kind {name}" for name, count in sorted(counts.items())))
    else:
        why = "nothing can be answered, only routed"
        yield warn("library", "no article", why=why, mend="`deskhand reindex --full`, then look at what it says")


def receiver(settings: Settings) -> Iterator[Check]:
    """Ask the door how all parts look from there, and how long work waits."""
    url = f"http://{settings.host}:{settings.port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        found = json.loads(error.read() or b"{}")
    except (urllib.error.URLError, OSError, ValueError):
        why = "the helpdesk's deliveries are lost for good after a few tries"
        yield fail("receiver", f"nothing answers on {settings.host}:{settings.port}", why=why, mend=_UP)
        return
    for part, state in found.get("parts", {}).items():
        if state == "ok":
            yield ok(f"receiver: {part}")
        else:
            yield fail(f"receiver: {part}", state, why="the receiver cannot reach it", mend=_UP)
    for vendor, trouble in found.get("helpdesks_failing", {}).items():
        mend = "nothing here if its status page says so; else network, proxy and address (see below)"
        yield warn(f"receiver: {vendor}", trouble, why="its tickets wait, and go on by themselves", mend=mend)
    waits = max(found.get("oldest_delivery_seconds", 0.0), found.get("oldest_due_seconds", 0.0))
    said = f"{found.get('tickets_due', 0)} tickets due, the oldest for {waits:.0f} s"
    if waits > LATE_SECONDS:
        mend = "are workers running and is the helpdesk reachable? More of them: DESKHAND_WORKERS"
        yield fail("queue lag", said, why="requesters wait", mend=mend)
    else:
        yield ok("queue lag", said)


def deliveries(vendor: str, settings: Settings, now: datetime) -> Iterator[Check]:
    """Look whether messages still come by webhook: no API of Intercom's tells that one was paused or deleted."""
    name = f"{vendor}: deliveries"
    unheard, newest = Inbox(open_engine(settings.sql_url)).silence(vendor, since=now - HEARD_WITHIN)
    came = f"the newest came {newest:%Y-%m-%d %H:%M} UTC" if newest else "none has come yet"
    if unheard < FEW_MESSAGES:
        yield ok(name, came) if newest else skipped(name, f"{came}; `deskhand connect {vendor}` has one made")
        return
    said = f"{came}, and {unheard} messages since then were found by asking only"
    mend = (
        f"is the webhook there, switched on, with our address? `deskhand connect {vendor}` tries it; docs/{vendor}.md"
    )
    yield fail(name, said, why="requesters wait minutes longer, and commands of staff too", mend=mend)


def access(settings: Settings) -> Iterator[Check]:
    if settings.api_token.get_secret_value():
        yield ok("dashboard", "has a token")
    else:
        mend = "set DESKHAND_API_TOKEN to a long random text"
        yield warn("dashboard", "no DESKHAND_API_TOKEN", why="dashboard and API stay shut", mend=mend)
