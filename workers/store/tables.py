"""The engine and every table. SQL is the truth; queue, Chroma and keyword index can be rebuilt from it.

SQLite needs care (docs/adr/0003): transactions that write begin IMMEDIATE, or a read followed by a write loses updates
without an error; and writers take turns, because most versions in use can corrupt a WAL that two of them write.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
)

_PATIENCE_SECONDS = 10.0


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, in UTC on both sides. SQLite keeps no zone; PostgreSQL answers in the zone of its session."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vendor", String(20), nullable=False),
    Column("key", String(160), nullable=False),  # the vendor's name for it, the same on its repetition
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),  # raw bytes, parsed later: no database refuses them
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", String(12), nullable=False),  # new | done | ignored | failed
    Column("note", String(400), nullable=False, default=""),
    Column("handled_at", UtcDateTime),
    Column("ticket_id", String(64), nullable=False, default="", server_default=""),  # what it named, once it was read
    UniqueConstraint("vendor", "key"),
    Index("ix_delivery_state_received_at", "state", "received_at"),
    Index("ix_delivery_vendor_ticket_id", "vendor", "ticket_id"),
)

# One row a ticket that was ever mentioned: when it is due, and who works on it.
ticket = Table(
    "ticket",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("due_at", UtcDateTime),  # null: nothing to do
    Column("waiting_since", UtcDateTime),  # when it last became due after having nothing to do
    Column("rung_at", UtcDateTime),
    Column("wakes", Integer, nullable=False, default=0),
    Column("lease_owner", String(80), nullable=False, default=""),
    Column("lease_until", UtcDateTime),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("urgency", Integer, nullable=False, default=1),  # 0 low .. 3 critical
    Column("seen_at", UtcDateTime),  # the vendor's time of the last change that we have dealt with
    Column("error", String(400), nullable=False, default=""),
    UniqueConstraint("vendor", "ticket_id"),
    Index("ix_ticket_due_at", "due_at"),
    Index("ix_ticket_lease_until", "lease_until"),
)

case = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # open | settled | given_up: by us, and a person's to answer
    Column("channel", String(40), nullable=False, default=""),
    Column("language", String(8), nullable=False, default=""),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("subject", Text, nullable=False, default=""),  # masked
    Column("question", Text, nullable=False, default=""),  # masked
    Column("action", String(12), nullable=False, default=""),
    Column("tier", Integer),
    Column("intent", String(80), nullable=False, default=""),
    Column("team", String(80), nullable=False, default=""),
    Column("urgency", String(12), nullable=False, default=""),
    Column("confidence", Float),
    Column("stage", String(8), nullable=False, default=""),
    Column("reasons", JSON, nullable=False, default=list),
    Column("facts", JSON, nullable=False, default=dict),  # gate -> facts, so that any decision replays
    Column("policy_hash", String(32), nullable=False, default=""),
    Column("classification", JSON),
    Column("draft", JSON),  # sentences, masked
    Column("findings", JSON),
    Column("passages", JSON),  # ids, titles, urls and scores of what was found
    Column("attempts", Integer, nullable=False, default=0),
    Column("set_aside", JSON, nullable=False, default=list, server_default="[]"),  # our notes from before a replay
    UniqueConstraint("vendor", "ticket_id", "message_id"),
    Index("ix_cases_state", "state"),
    Index("ix_cases_settled_at", "settled_at"),
)

# The outbox: what we are about to do to a ticket, written before it is done. One row a case and kind, for ever.
action = Table(
    "action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # outcome
    Column("mark", String(60), nullable=False),
    Column("state", String(12), nullable=False),  # a State of workers/protocol.py
    Column("write", JSON, nullable=False),
    Column("stamp", String(60), nullable=False, default=""),
    Column("looked_at", UtcDateTime),  # the vendor's time of the look that the write rests on
    Column("fence", Integer, nullable=False),
    Column("tries", Integer, nullable=False, default=1),
    Column("message_id", String(64), nullable=False, default=""),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("error", String(400), nullable=False, default=""),
    UniqueConstraint("case_id", "kind"),
)

model_call = Table(
    "model_call",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("prompt", String(40), nullable=False),
    Column("prompt_hash", String(32), nullable=False),
    Column("model", String(80), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("latency_seconds", Float, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("cache_write_tokens", Integer, nullable=False),
    Column("cost_usd", Numeric(12, 6), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("request_id", String(80), nullable=False, default=""),
    Column("detail", String(400), nullable=False, default=""),
    Column("called_at", UtcDateTime, nullable=False),
)

# What became of a draft, or of a reply that was sent; one row a case that staff or the requester had a word on.
review = Table(
    "review",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, unique=True),
    Column("intent", String(80), nullable=False),
    Column("kind", String(8), nullable=False),  # shadow | draft | send
    Column("is_eligible", Boolean, nullable=False),  # it would have been sent, had the intent been allowed to
    Column(
        "use", String(12), nullable=False
    ),  # unchanged | edited | replaced | ignored | agreed | differed | contested
    Column("kept", Float),
    Column("edits", JSON, nullable=False, default=list),  # kind, before, after; masked
    Column("message_ids", JSON, nullable=False, default=list),  # staff's replies that were compared
    Column("reviewed_at", UtcDateTime, nullable=False),
    Column("solved_at", UtcDateTime),
    Column("is_reopened", Boolean, nullable=False, default=False),
    Column("is_wrong", Boolean, nullable=False, default=False),  # staff said so
    Index("ix_review_intent_reviewed_at", "intent", "reviewed_at"),
)

# Where each intent stands on the ladder, as of the last look at the evidence.
autonomy = Table(
    "autonomy",
    metadata,
    Column("intent", String(80), primary_key=True),
    Column("step", String(8), nullable=False),  # what it has earned
    Column("pin", String(8), nullable=False, default=""),  # what policy says instead; "" if nothing
    Column("since", UtcDateTime, nullable=False),
    Column("climb", Integer, nullable=False),  # how often it has set out from this step
    Column("corrections", Integer, nullable=False, default=0),
    Column("evidence", JSON, nullable=False, default=dict),
    Column("why", String(300), nullable=False, default=""),
    Column("looked_at", UtcDateTime, nullable=False),
)

# Every step ever taken: who, when, why, on what evidence.
autonomy_step = Table(
    "autonomy_step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("intent", String(80), nullable=False),
    Column("number", Integer, nullable=False),
    Column("before", String(8), nullable=False),
    Column("after", String(8), nullable=False),
    Column("by", String(40), nullable=False),  # deskhand, or policy for a pin
    Column("at", UtcDateTime, nullable=False),
    Column("why", String(300), nullable=False),
    Column("evidence", JSON, nullable=False, default=dict),
    UniqueConstraint("intent", "number"),
)

# What staff asked of us on a ticket, by note or tag, and what came of it.
command = Table(
    "command",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("key", String(60), nullable=False),  # what its answer is marked with
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("name", String(12), nullable=False),
    Column("words", Text, nullable=False, default=""),  # what stood behind it, masked
    Column("tag", String(64), nullable=False, default=""),  # that asked for it, "" for a note
    Column("asked_by", String(64), nullable=False, default=""),  # the helpdesk's id of the person
    Column("asked_name", String(120), nullable=False, default=""),
    Column("asked_at", UtcDateTime),
    Column("state", String(12), nullable=False),  # open | settled
    Column("result", String(40), nullable=False, default=""),  # done, or why not
    Column("made", JSON),  # a new draft with all that belongs to it, before it is shown
    Column("replaced", JSON),  # the draft whose place it took
    Column("opened_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("vendor", "ticket_id", "key"),
    Index("ix_command_state", "state"),
)

# The outbox of commands: a note that answers one, or the draft that staff send. One row a mark, for ever.
errand = Table(
    "errand",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command_id", ForeignKey("command.id"), nullable=False, index=True),
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("key", String(60), nullable=False),
    Column("state", String(12), nullable=False),  # a State of workers/protocol.py
    Column("write", JSON, nullable=False),
    Column("stamp", String(60), nullable=False, default=""),
    Column("looked_at", UtcDateTime),
    Column("fence", Integer, nullable=False),
    Column("tries", Integer, nullable=False, default=1),
    Column("message_id", String(64), nullable=False, default=""),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("error", String(400), nullable=False, default=""),
    UniqueConstraint("vendor", "ticket_id", "key"),
)

# Staff's word that an answer was wrong, and what is right: the correction log.
correction = Table(
    "correction",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command_id", ForeignKey("command.id"), nullable=False, unique=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("intent", String(80), nullable=False, default=""),
    Column("was_sent", Boolean, nullable=False),
    Column("words", Text, nullable=False, default=""),  # what is right, masked
    Column("draft", JSON),  # what was wrong
    Column("passages", JSON, nullable=False, default=list),  # what it rested on
    Column("by", String(64), nullable=False, default=""),
    Column("at", UtcDateTime, nullable=False),
)

# Kinds of request that staff have taken the right to send from, until an admin lifts it.
held = Table(
    "held",
    metadata,
    Column("intent", String(80), primary_key=True),
    Column("by", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("ticket_id", String(64), nullable=False, default=""),
)

lesson = Table(
    "lesson",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # live | waiting | refused | replaced | removed | forgotten
    Column("note", String(200), nullable=False, default=""),
    Column("intent", String(80), nullable=False, default=""),
    Column("question", Text, nullable=False, default=""),  # masked
    Column("answer", Text, nullable=False, default=""),  # masked
    Column("message_ids", JSON, nullable=False, default=list),  # staff messages it came from
    Column("hash", String(64), nullable=False, default=""),
    Column("learned_at", UtcDateTime, nullable=False),
    Column("replaced_by", String(90), nullable=False, default="", server_default=""),  # vendor:ticket of a newer one
    UniqueConstraint("vendor", "ticket_id"),
)

# What staff called a ticket that we had called otherwise: an example for the classifier. One row a ticket.
label = Table(
    "label",
    metadata,
    Column("id", Integer, primary_key=True),  # grows with each new word of staff: the oldest go first
    Column("vendor", String(20), nullable=False),
    Column("ticket_id", String(64), nullable=False),
    Column("case_id", Integer, nullable=False),  # our newest case when staff said so
    Column("text_case_id", Integer, nullable=False),  # the case whose message the text is
    Column("intent", String(80), nullable=False),
    Column("before", String(80), nullable=False, default=""),  # what we had called it; "" if nothing
    Column("text", Text, nullable=False),  # masked
    Column("labelled_at", UtcDateTime, nullable=False),
    UniqueConstraint("vendor", "ticket_id"),
)

document = Table(
    "document",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("source", String(12), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("audience", String(12), nullable=False),
    Column("url", Text, nullable=False, default=""),
    Column("locale", String(16), nullable=False, default=""),
    Column("brand_id", String(64), nullable=False, default=""),
    Column("section", JSON, nullable=False, default=list),
    Column("labels", JSON, nullable=False, default=list),
    Column("updated_at", UtcDateTime),
    Column("valid_until", UtcDateTime),
    Column("valid_from", UtcDateTime),
    Column("reviewed_at", UtcDateTime),
    Column("hash", String(64), nullable=False),
    Index("ix_document_source", "source"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", String(220), primary_key=True),
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("heading", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("hash", String(64), nullable=False, index=True),
    Column("model", String(80), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

# What staff did on a ticket with a question like many others: which documents they sent for it, masked.
precedent = Table(
    "precedent",
    metadata,
    Column("id", String(100), primary_key=True),
    Column(
        "change", Integer, nullable=False, index=True
    ),  # grows over all rows, so that a worker reads only what is new
    Column("is_gone", Boolean, nullable=False, default=False),  # forgotten: nothing but the id is left
    Column("subject", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("brand_id", String(64), nullable=False),
    Column("asked_at", UtcDateTime),
    Column("documents", JSON, nullable=False),  # document id -> weight
    Column("model", String(80), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

# Small named values: the live collections, the reconciler's cursor, the library's revision, pause.
pointer = Table(
    "pointer",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("value", Text, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

leader = Table(
    "leader",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# One row a scheduled run: two schedulers cannot start the same one.
job_run = Table(
    "job_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("is_ok", Boolean),
    Column("report", JSON),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("held_until", UtcDateTime),  # somebody carries it out, or it waits for its next try, until then
    UniqueConstraint("name", "slot"),
)


class StoreBusyError(Exception):
    """Another process has kept the SQLite database to itself for too long."""


class _Turns:
    """One writer at a time over all processes that use one SQLite file, by a lock beside it.

    SQLite before 3.51.3 can corrupt its WAL when two connections write or checkpoint at once, and its own waiting is
    unfair: with twenty writers some wait over a second. The lock ends with its process, whatever ends it.
    """

    def __init__(self, database: str) -> None:
        self._path = f"{database}.lock"
        self._inside = threading.Lock()
        self._file: IO[bytes] | None = None
        self._pid = 0

    @contextmanager
    def turn(self, patience_seconds: float) -> Iterator[None]:
        with self._inside:
            if self._file is None or self._pid != os.getpid():
                self._file, self._pid = Path(self._path).open("ab"), os.getpid()  # noqa: SIM115 - kept open
            self._wait(self._file.fileno(), patience_seconds)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _wait(self, descriptor: int, patience_seconds: float) -> None:
        deadline, pause = time.monotonic() + patience_seconds, 0.0002
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusyError(f"{self._path} was taken for {patience_seconds:.0f} s") from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.005)
            else:
                return


_turns: dict[str, _Turns] = {}
_turns_lock = threading.Lock()


def open_engine(url: str, *, pool_size: int = 12, patience_seconds: float = _PATIENCE_SECONDS) -> Engine:
    """Make the engine, with what SQLite needs to be right under many writers. Nothing connects yet.

    `patience_seconds` is for how long a writer waits for its turn on SQLite before StoreBusyError.
    """
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 8, "pool_pre_ping": not url.startswith("sqlite")}
    options["execution_options"] = {"patience_seconds": patience_seconds}
    engine = create_engine(url, hide_parameters=True, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # pysqlite's own BEGIN comes too late
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    is_relaxed, reads_only = options.get("relaxed", False), options.get("reads_only", False)
    if connection.dialect.name == "sqlite":
        wanted = "NORMAL" if is_relaxed else "FULL"
        if not reads_only and connection.info.get("synchronous", "FULL") != wanted:
            connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
            connection.info["synchronous"] = wanted
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
    elif is_relaxed:
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


@contextmanager
def writing(engine: Engine, *, durable: bool = True) -> Iterator[Connection]:
    """A transaction that writes.

    Without `durable` a power cut may lose it together with all that came after it, but never a part of it and never
    something before it; a crash of a process loses nothing. That is enough for leases and notes, which are found again.
    """
    with _turn(engine), engine.connect() as plain:
        connection = plain.execution_options(relaxed=not durable)
        with connection.begin():
            yield connection


def _turn(engine: Engine) -> AbstractContextManager[None]:
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return nullcontext()
    with _turns_lock:
        turns = _turns.setdefault(str(Path(database).resolve()), _Turns(database))
    return turns.turn(engine.get_execution_options()["patience_seconds"])


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and waits for no writer on SQLite."""
    with engine.connect().execution_options(reads_only=True) as connection, connection.begin():
        yield connection
