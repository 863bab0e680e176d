"""build(settings): every long-lived object of a worker, made once and passed by hand."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.everyday import load_everyday
from config.logs import get_logger
from config.policy import Policy, load_policy
from config.prompts import Prompt, load_prompt
from config.settings import Settings
from integrations import registry
from integrations.helpdesk import Helpdesk, Webhook
from integrations.llm import LanguageModel
from kb.embed import Embedder, EmbedError, load_embedder
from kb.knowledge_base import KnowledgeBase
from kb.rerank import Reranker, load_reranker
from workers.ear import Ear, load_ear
from workers.helpdesk_watch import WatchedHelpdesk
from workers.intent_shelf import IntentShelf
from workers.job_queue import Bell
from workers.lookout import Lookout
from workers.model_guard import GuardedModel
from workers.store.breakers import HELPDESK, Breakers
from workers.store.budgets import Budgets
from workers.store.erasure import Erasure
from workers.store.inbox import Inbox
from workers.store.labels import Labels
from workers.store.ledger import Ledger
from workers.store.lessons import Lessons
from workers.store.library import Library
from workers.store.migrate import require_head
from workers.store.orders import Orders
from workers.store.reviews import Reviews
from workers.store.schedule import Schedule
from workers.store.tables import open_engine
from workers.store.tickets import Tickets
from workers.store.watch import Watch

log = get_logger(__name__)

PROMPTS = ("classify", "draft", "judge")


@dataclass(frozen=True, slots=True)
class Services:
    """What the story needs. Tests put small real objects in their places."""

    policy: Policy
    prompts: dict[str, Prompt]
    helpdesks: dict[str, Helpdesk]
    webhooks: dict[str, Webhook]
    llm: LanguageModel | None  # None: no key, and the path without a model is taken
    embedder: Embedder
    ear: Ear | None  # None where the embedder is another one than it was taught with
    kb: KnowledgeBase
    intents: IntentShelf
    everyday: tuple[str, ...]  # what people write to any desk; teaches stage one what is foreign
    inbox: Inbox
    tickets: Tickets
    ledger: Ledger
    orders: Orders
    lessons: Lessons
    labels: Labels
    erasure: Erasure
    library: Library
    schedule: Schedule
    reviews: Reviews
    watch: Watch
    lookout: Lookout
    breakers: Breakers  # of the models
    outages: Breakers  # of the helpdesks
    budgets: Budgets
    bell: Bell
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    clock: Callable[[], float]  # seconds that only grow, however the time of day is set


def utc_now() -> datetime:
    return datetime.now(UTC)


def intents_path(settings: Settings) -> Path:
    """Return where the trained first stage of the classifier lies."""
    return settings.data / "models" / "intents.npz"


def _helpdesk(vendor: str, settings: Settings, policy: Policy) -> Helpdesk:
    return registry.build_helpdesk(vendor, settings, timeout_seconds=policy.timing.helpdesk_seconds)


def build(settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> Services:
    """Make everything. Raise SchemaError, PolicyError, PromptError or an IntegrationError with one clear line."""
    engine = open_engine(settings.sql_url, pool_size=settings.threads + 4)
    require_head(engine)
    policy = load_policy(settings.config).with_models(settings.classify_model, settings.draft_model)
    library = Library(engine, utc_now)
    embedder = load_embedder(policy.models.embed, settings.data)
    vendors = registry.configured(settings)
    model = bare_model(settings, policy)
    breakers = Breakers(engine, policy.breaking)
    outages = Breakers(engine, policy.outage, kind=HELPDESK)
    return Services(
        policy=policy,
        prompts={name: load_prompt(settings.config / "prompts", name) for name in PROMPTS},
        helpdesks={
            vendor: WatchedHelpdesk(_helpdesk(vendor, settings, policy), outages, utc_now) for vendor in vendors
        },
        webhooks={vendor: registry.build_webhook(vendor, settings) for vendor in vendors},
        llm=GuardedModel(model, breakers, utc_now) if model else None,
        embedder=embedder,
        ear=_ear(embedder),
        kb=KnowledgeBase(library, embedder, settings.chroma_url, reranker=_reranker(policy)),
        intents=_intents(settings, embedder),
        everyday=load_everyday(settings.config),
        inbox=Inbox(engine),
        tickets=Tickets(engine),
        ledger=Ledger(engine),
        orders=Orders(engine),
        lessons=Lessons(engine),
        labels=Labels(engine),
        erasure=Erasure(engine),
        library=library,
        schedule=Schedule(engine),
        reviews=Reviews(engine),
        watch=Watch(engine),
        lookout=Lookout(Watch(engine), embedder),
        breakers=breakers,
        outages=outages,
        budgets=Budgets(engine, policy.limits.staff_share),
        bell=Bell(settings.redis_url),
        now=utc_now,
        sleep=sleep,
        clock=time.monotonic,
    )


def bare_model(settings: Settings, policy: Policy) -> LanguageModel | None:
    """Return the model as it is, with no breaker before it; None without a key."""
    if not settings.has_model:
        return None
    from integrations.anthropic.client import AnthropicModel  # the SDK is heavy: only who has a key pays for it

    return AnthropicModel(
        settings.anthropic_api_key.get_secret_value(), settings.anthropic_base_url, policy.models.prices
    )


def _reranker(policy: Policy) -> Reranker | None:
    """Load what policy names; a search goes on without one that is missing, and `deskhand doctor` says so."""
    try:
        return load_reranker(policy.knowledge.reranker)
    except EmbedError as error:
        log.warning("no_reranker", reason=str(error), mend="see `deskhand doctor`")
        return None


def _ear(embedder: Embedder) -> Ear | None:
    ear = load_ear(embedder.name)
    if ear is None:
        log.warning(
            "no_ear", embedder=embedder.name, mend="run `deskhand train-ear`; until then only words of rules count"
        )
    return ear


def _intents(settings: Settings, embedder: Embedder) -> IntentShelf:
    shelf = IntentShelf(intents_path(settings), embedder.name)
    if shelf.load() is None:
        log.warning("no_intent_model", mend="run `deskhand train`")
    return shelf
