"""A made-up record for tests and for looking at the dashboard: every kind of row once, and many ordinary ones."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from workers.store.tables import action, case, command, delivery, job_run, lesson, model_call, ticket

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TOKEN = "a-long-token-of-the-tests-0123456789"

INTENTS = ("shift_swap", "export_payroll", "login_problem", "billing_refund", "time_clock_offline", "")
SUBJECTS = {
    "shift_swap": ("Swap a shift with a colleague", "Can two people trade Saturday's shift without the manager?"),
    "export_payroll": ("Payroll export misses overtime", "Our export for March leaves out the overtime of [name 1]."),
    "login_problem": ("Cannot log in on the new phone", "The code never arrives at [phone 1]. What now?"),
    "billing_refund": ("Charged twice", "You charged the card [card 1] twice. I want one payment back!"),
    "time_clock_offline": ("Clock app offline", "Does the app keep times while the tablet has no network?"),
    "": ("Hello", "Do you also sell coffee machines?"),
}
OUTCOMES: dict[str, tuple[int | None, tuple[str, ...]]] = {
    "send": (0, ("confident",)),
    "draft": (1, ("autonomy_draft", "review_band:0.71")),
    "assist": (2, ("weak_passages:0.41", "model_escalated")),
    "hand_off": (3, ("rule:chargeback", "frustrated")),
    "ignore": (None, ("thanks_only",)),
}


def add_case(engine: Engine, *, now: datetime, **columns: Any) -> int:
    """Write one case; what is not said is that of a sent reply two minutes after the question."""
    values: dict[str, Any] = {
        "vendor": "zendesk",
        "ticket_id": "4711",
        "message_id": "m1",
        "state": "settled",
        "channel": "email",
        "language": "en",
        "asked_at": now - timedelta(minutes=2),
        "opened_at": now - timedelta(minutes=1),
        "settled_at": now,
        "subject": "Swap a shift",
        "question": "How do I swap a shift?",
        "action": "send",
        "tier": 0,
        "intent": "shift_swap",
        "team": "support",
        "urgency": "normal",
        "confidence": 0.91,
        "stage": "one",
        "reasons": ["confident"],
        "policy_hash": "a1b2c3d4e5f60718",
        "attempts": 1,
    }
    with engine.begin() as connection:
        row = connection.execute(case.insert().values(**{**values, **columns}).returning(case.c.id))
        return int(row.scalar_one())


def add_call(engine: Engine, case_id: int, *, now: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "case_id": case_id,
        "prompt": "draft",
        "prompt_hash": "9f8e7d6c5b4a",
        "model": "claude-sonnet-5-5",
        "outcome": "ok",
        "latency_seconds": 2.31,
        "input_tokens": 1810,
        "output_tokens": 164,
        "cache_read_tokens": 1203,
        "cache_write_tokens": 0,
        "cost_usd": "0.004642",
        "attempts": 1,
        "called_at": now,
    }
    with engine.begin() as connection:
        connection.execute(model_call.insert().values(**{**values, **columns}))


def add_act(engine: Engine, case_id: int, *, now: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "case_id": case_id,
        "kind": "outcome",
        "mark": f"mark-{case_id}",
        "state": "done",
        "write": {"letters": 412},
        "stamp": "2026-11-20T09:00:00Z",
        "fence": 3,
        "message_id": "90017",
        "begun_at": now - timedelta(seconds=2),
        "finished_at": now,
    }
    with engine.begin() as connection:
        connection.execute(action.insert().values(**{**values, **columns}))


def add_delivery(engine: Engine, key: str, *, now: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "vendor": "zendesk",
        "key": key,
        "headers": {},
        "body": b'{"secret words": "of the requester"}',
        "received_at": now,
        "state": "done",
        "note": "message 4711 trigger new-or-reply",
        "ticket_id": "4711",
        "handled_at": now,
    }
    with engine.begin() as connection:
        connection.execute(delivery.insert().values(**{**values, **columns}))


def add_ticket(engine: Engine, *, ticket_id: str = "4711", **columns: Any) -> None:
    with engine.begin() as connection:
        connection.execute(ticket.insert().values(vendor="zendesk", ticket_id=ticket_id, **columns))


def add_run(engine: Engine, name: str, slot: int, *, now: datetime, is_ok: bool, report: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(
            job_run.insert().values(
                name=name,
                slot=slot,
                started_at=now,
                finished_at=now + timedelta(seconds=4),
                is_ok=is_ok,
                report=report,
            )
        )


def add_command(engine: Engine, *, now: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "vendor": "zendesk",
        "ticket_id": "4711",
        "key": "c9",
        "name": "redo",
        "words": "make it friendlier",
        "asked_by": "801",
        "asked_name": "Grace Hill",
        "asked_at": now,
        "state": "settled",
        "result": "done",
        "replaced": {"draft": {"sentences": [{"text": "The first draft."}]}},
        "opened_at": now,
        "settled_at": now,
    }
    with engine.begin() as connection:
        connection.execute(command.insert().values(**values | columns))


def add_lesson(engine: Engine, *, now: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "vendor": "zendesk",
        "ticket_id": "4711",
        "state": "live",
        "intent": "shift_swap",
        "question": "How do two people swap a shift?",
        "answer": "Open the shift, choose Swap, and pick a colleague. A manager confirms it.",
        "learned_at": now,
    }
    with engine.begin() as connection:
        connection.execute(lesson.insert().values(**{**values, **columns}))


FULL_STORY: dict[str, Any] = {
    "subject": "Swap a shift with a colleague",
    "question": "Hi, can [name 1] and I trade Saturday's shift without asking the manager?\nWe use the mobile app.",
    "action": "draft",
    "tier": 1,
    "confidence": 0.71,
    "reasons": ["autonomy_draft", "review_band:0.71"],
    "classification": {
        "intent": "shift_swap",
        "confidence": 0.71,
        "stage": "two",
        "summary": "Wants to trade a shift with a colleague in the app.",
        "reasoning": "Names a shift and a trade.",
        "second_intents": ["permissions"],
        "urgency": "normal",
        "sentiment": "calm",
        "needs_action": False,
        "wants_person": False,
        "is_out_of_scope": False,
        "model_outcome": "ok",
        "candidates": [
            {"intent": "shift_swap", "probability": 0.62},
            {"intent": "permissions", "probability": 0.21},
            {"intent": "time_off", "probability": 0.08},
        ],
    },
    "passages": [
        {
            "chunk_id": "zendesk:article:42:en-us#1",
            "title": "Swap or offer a shift",
            "heading": ["Swap or offer a shift", "From the mobile app"],
            "url": "https://help.tidemark.example/articles/42",
            "source": "article",
            "score": 0.8123,
        },
        {
            "chunk_id": "lesson:17#0",
            "title": "Swap needs approval",
            "heading": [],
            "url": "javascript:alert(1)",
            "source": "lesson",
            "score": 0.5521,
        },
    ],
    "draft": {
        "sentences": [
            {"text": "Yes, you can offer the swap yourselves:", "passages": [], "block": "paragraph"},
            {"text": "Open the shift in the app and tap Swap.", "passages": ["P1"], "block": "step"},
            {"text": "Pick your colleague and confirm.", "passages": ["P1"], "block": "step"},
            {"text": "A manager approves it within 24 hours.", "passages": ["P2"], "block": "paragraph"},
        ],
        "escalate": "",
        "asks_covered": [0],
        "model_outcome": "ok",
    },
    "findings": {"findings": [{"code": "unsupported_number", "words": "24 hours", "sentence": 3}], "score": 0.75},
    "facts": {
        "route": {"intent": "shift_swap", "confidence": 0.71, "passages": 2, "best_score": 0.81, "is_verified": True},
        "admit": {"status": "open", "message_kind": "question", "tags": ["mobile", "trial"], "bot_replies": 0},
        "triage": {"intent": "shift_swap", "rules": [], "ceiling": "send", "autonomy": "draft"},
    },
}


def fill(engine: Engine, *, now: datetime, cases: int = 160) -> None:
    """Write a week of a small company: ordinary cases of all outcomes, and one of everything that needs attention."""
    dice = random.Random(7)
    for number in range(cases):
        intent = dice.choices(INTENTS, (30, 20, 25, 8, 14, 3))[0]
        weights = (0, 1, 2, 9, 0) if intent == "billing_refund" else (50, 22, 12, 4, 12)
        outcome = dice.choices(list(OUTCOMES), weights)[0]
        tier, reasons = OUTCOMES[outcome]
        settled = now - timedelta(hours=dice.random() ** 2 * 150)
        subject, question = SUBJECTS[intent]
        case_id = add_case(
            engine,
            now=settled,
            ticket_id=str(5000 + number),
            asked_at=settled - timedelta(seconds=9 + dice.expovariate(0.05)),
            subject=subject,
            question=question,
            intent=intent,
            action=outcome,
            tier=tier,
            reasons=list(reasons),
            confidence=round(0.5 + dice.random() / 2, 2),
        )
        if outcome not in ("ignore", "hand_off"):
            add_call(engine, case_id, now=settled, latency_seconds=1 + dice.random() * 3)
            add_act(engine, case_id, now=settled)
    story = add_case(engine, now=now - timedelta(minutes=4), **FULL_STORY)
    classify = {"prompt": "classify", "model": "claude-haiku-5-5", "latency_seconds": 0.82, "cost_usd": "0.000871"}
    add_call(engine, story, now=now - timedelta(minutes=4), **classify)
    add_call(engine, story, now=now - timedelta(minutes=4), outcome="overloaded", attempts=2, detail="529 overloaded")
    add_call(engine, story, now=now - timedelta(minutes=4))
    add_act(engine, story, now=now - timedelta(minutes=4))
    add_lesson(engine, now=now)
    add_ticket(engine)
    for number in range(3):
        add_delivery(engine, f"invocation:{number}", now=now - timedelta(minutes=4, seconds=number))
    add_attention(engine, now=now)


def add_attention(engine: Engine, *, now: datetime) -> None:
    """Write one of everything that a person should look at."""
    add_delivery(engine, "event:broken", now=now, state="failed", note="not readable: a key stands twice")
    add_delivery(engine, "event:new", now=now - timedelta(seconds=3), state="new", note="", handled_at=None)
    nothing: dict[str, Any] = {"action": "", "tier": None, "reasons": [], "settled_at": None, "confidence": None}
    late = now - timedelta(minutes=42)
    add_case(engine, now=now, ticket_id="6001", state="open", opened_at=late, asked_at=late, attempts=3, **nothing)
    lost = add_case(
        engine,
        now=now,
        ticket_id="6002",
        state="given_up",
        action="assist",
        tier=2,
        reasons=["gave_up:helpdesk timeout, 5 times"],
    )
    refused = "422 the ticket's form asks for a field"
    add_act(engine, lost, now=now, state="refused", finished_at=None, tries=5, message_id="", error=refused)
    add_ticket(
        engine,
        ticket_id="6001",
        due_at=now + timedelta(seconds=30),
        waiting_since=late,
        attempts=3,
        error="zendesk read: timed out (request 4f2a)",
    )
    add_ticket(engine, ticket_id="6003", due_at=now - timedelta(seconds=12), waiting_since=now - timedelta(seconds=20))
    add_run(engine, "reconcile", 1, now=now - timedelta(minutes=2), is_ok=True, report={"zendesk": {"changed": 12}})
    add_run(engine, "reindex", 2, now=now - timedelta(minutes=9), is_ok=False, report={"error": "a drop of 41 %"})
