"""Services of small real objects: SQLite, a helpdesk in memory, a scripted model, and a clock that tests move."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from config.policy import Answering, Intent, Learning, Limits, Models, Policy, Rule, Team
from config.prompts import load_prompt
from kb.domain import Audience, Document, Source
from kb.knowledge_base import KnowledgeBase
from tests.fakes.embedder import HashEmbedder
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.llm import ScriptedLLM
from tests.fakes.webhook import FakeWebhook
from workers.intent_shelf import IntentShelf
from workers.job_queue import FailedRing
from workers.lookout import Lookout
from workers.services import Services
from workers.store.breakers import HELPDESK, Breakers
from workers.store.budgets import Budgets
from workers.store.erasure import Erasure
from workers.store.inbox import Inbox
from workers.store.labels import Labels
from workers.store.ledger import Ledger
from workers.store.lessons import Lessons
from workers.store.library import Library
from workers.store.orders import Orders
from workers.store.reviews import Reviews
from workers.store.schedule import Schedule
from workers.store.tickets import Lease, Tickets
from workers.store.watch import Watch

PROMPTS = Path(__file__).parents[2] / "config" / "prompts"
SWAP = "Open the schedule, choose the shift and press Offer swap. A manager approves the swap."

POLICY = Policy(
    answering=Answering(company="Tidemark", signature="Tidemark Support", fallback_team="support"),
    limits=Limits(max_attempts=5),
    models=Models(classify="small", draft="large"),
    learning=Learning(),
    teams={"support": Team(group="Support"), "billing": Team(group="Billing"), "legal": Team(group="Legal")},
    intents={
        "swap_shift": Intent(description="Swapping shifts", team="support", autonomy="send"),
        "plan_shift": Intent(description="Planning shifts", team="support", autonomy="draft"),
        "copy_shift": Intent(description="Copying shifts", team="support", autonomy="off"),
        "refund": Intent(description="Money back", team="billing", ceiling="hand_off", is_money=True),
    },
    rules={
        "chargeback": Rule(
            reason="the bank may take the money back", action="hand_off", any_of=("chargeback",), team="billing"
        )
    },
    hash="0123456789abcdef",
)

# What the model says of the question about swapping shifts, by the intent that leads to each outcome.
INTENT_OF = {"send": "swap_shift", "draft": "plan_shift", "assist": "copy_shift", "hand_off": "refund"}


def classified(intent: str = "swap_shift", **fields: Any) -> dict[str, Any]:
    """Return what the model fills in to classify."""
    said = {"reasoning": "It says so.", "intent": intent, "second_intents": [], "confidence": 0.95}
    said |= {"urgency": "normal", "sentiment": "calm", "needs_action": False, "wants_person": False}
    return said | {"summary": "Wants to swap a shift"} | fields


def drafted(*texts: str, **fields: Any) -> dict[str, Any]:
    """Return what the model fills in to draft: each sentence stands in the first passage."""
    said = texts or ("Open the schedule, choose the shift and press Offer swap.", "A manager approves the swap.")
    sentences = [{"text": text, "passages": ["P1"], "block": "paragraph"} for text in said]
    return {"sentences": sentences, "asks_covered": [1, 2, 3], "escalate": ""} | fields


def judged(faithfulness: float = 1.0, relevance: float = 1.0, safety: float = 1.0, **fields: Any) -> dict[str, Any]:
    """Return what the model fills in to judge."""
    scores = {"faithfulness": faithfulness, "relevance": relevance, "safety": safety}
    return {"doubts": [], "reason": "", **scores} | fields


def scripted(outcome: str = "send") -> ScriptedLLM:
    """Return a model whose answers lead to this outcome for `How do I swap a shift?`."""
    return ScriptedLLM(classify=[classified(INTENT_OF[outcome])], draft=[drafted()], judge=[judged()])


class ListedBell:
    """Fills what the workers need of `Bell`: remembers rings; `is_away` is Redis being down."""

    def __init__(self) -> None:
        self.rung: list[tuple[object, ...]] = []
        self.failed: list[FailedRing] = []
        self.is_away = False

    def ring_delivery(self, delivery_id: int) -> bool:
        return self._ring("delivery", delivery_id)

    def ring_ticket(self, vendor: str, ticket_id: str) -> bool:
        return self._ring("ticket", vendor, ticket_id)

    def ring_scheduled(self, name: str, run_id: int) -> bool:
        return self._ring("scheduled", name, run_id)

    def length(self) -> int | None:
        return None if self.is_away else len(self.rung)

    def take_failed(self, limit: int = 50) -> list[FailedRing]:
        taken, self.failed = self.failed, []
        return taken

    def _ring(self, *ring: object) -> bool:
        if not self.is_away:
            self.rung.append(ring)
        return not self.is_away


def make_services(engine: Engine, desk: FakeHelpdesk, **others: Any) -> Services:
    """Make services by hand. The helpdesk's clock is everybody's: sleeping moves it. `others` replaces parts."""
    embedder = HashEmbedder()
    library = Library(engine, lambda: desk.now)
    parts: dict[str, Any] = {
        "policy": POLICY,
        "prompts": {name: load_prompt(PROMPTS, name) for name in ("classify", "draft", "judge")},
        "helpdesks": {desk.vendor: desk},
        "webhooks": {desk.vendor: FakeWebhook()},
        "llm": scripted(),
        "embedder": embedder,
        "ear": None,
        "kb": KnowledgeBase(library, embedder, "", check_seconds=0.0),
        "intents": IntentShelf(Path("/nowhere/intents.npz"), embedder.name),
        "everyday": (),
        "inbox": Inbox(engine),
        "tickets": Tickets(engine),
        "ledger": Ledger(engine),
        "orders": Orders(engine),
        "lessons": Lessons(engine),
        "labels": Labels(engine),
        "erasure": Erasure(engine),
        "library": library,
        "schedule": Schedule(engine),
        "reviews": Reviews(engine),
        "watch": Watch(engine),
        "lookout": Lookout(Watch(engine), embedder),
        "breakers": Breakers(engine, POLICY.breaking, fresh_seconds=0.0),
        "outages": Breakers(engine, POLICY.outage, kind=HELPDESK, fresh_seconds=0.0),
        "budgets": Budgets(engine, POLICY.limits.staff_share),
        "bell": ListedBell(),
        "now": lambda: desk.now,
        "sleep": desk.tick,
        "clock": lambda: desk.now.timestamp(),
    }
    return Services(**(parts | others))


def shelve_swap(services: Services) -> None:
    """Put the one article on the shelf that answers how to swap a shift."""
    article = Document(
        "zendesk:article:1:en-us",
        Source.ARTICLE,
        "How to swap a shift",
        SWAP,
        Audience.PUBLIC,
        url="https://help.example/1",
    )
    services.kb.put([article], source=Source.ARTICLE, prefix="zendesk:article:")


def take(services: Services, ticket_id: str, *, owner: str = "a") -> Lease:
    """Wake a ticket and claim it."""
    services.tickets.wake("zendesk", ticket_id, now=services.now())
    return take_again(services, ticket_id, owner=owner)


def take_again(services: Services, ticket_id: str, *, owner: str = "b") -> Lease:
    """Claim a ticket that is still due, as another worker would."""
    lease = services.tickets.claim("zendesk", ticket_id, owner=owner, now=services.now(), lease_seconds=8)
    assert lease is not None, f"ticket {ticket_id} is not due, or taken"
    return lease


def outcome_of(services: Services, message_id: str) -> tuple[str, list[str]] | None:
    """Return action and reasons of a settled case, None while it is open."""
    found = services.ledger.outcomes("zendesk").get(message_id)
    return (found["action"], found["reasons"]) if found else None
