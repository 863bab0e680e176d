"""Where an intent stands, and the looks at the evidence that move it. What moves it is workers/autonomy.py."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from config.logs import get_logger
from config.policy import Policy
from workers.autonomy import Step, Verdict, judge, review_share
from workers.brakes import Brake, facts_of
from workers.domain import Standing
from workers.services import Services

log = get_logger(__name__)


def standing(
    intent: str, message_id: str, services: Services, second_intents: Sequence[str] = (), question: str = ""
) -> Standing:
    """Return what the record says of an intent for one case, and of the other intents of its message.

    `question` is what the message says, to be held beside the tickets of an incident.
    Whether a person checks the case by chance hangs on its message alone: a second try decides the same.
    """
    policy = services.policy
    brakes = _brakes(intent, question, services)
    place = services.reviews.place(intent) if intent else None
    pin = pin_of(intent, policy)
    is_held = bool(intent) and services.orders.is_held(intent)
    second = _lowest(second_intents, message_id, services)
    if place is None:
        return Standing(_held(policy.autonomy_of(intent), is_held), second, brakes=brakes)
    step = _capped(place.step, policy).value if policy.autonomy.is_on else ""
    share = review_share(place.suspicion, policy.autonomy)
    return Standing(
        autonomy=_held(pin or step or policy.answering.default_autonomy, is_held),
        second_autonomy=second,
        step=step,
        corrections=place.corrections,
        is_sampled=policy.autonomy.is_on and not pin and draw(message_id) < share,
        brakes=brakes,
    )


def _lowest(intents: Sequence[str], message_id: str, services: Services) -> str:
    steps = [standing(intent, message_id, services).autonomy for intent in intents]
    return min(steps, key=[step.value for step in Step].index, default="")


def _brakes(intent: str, question: str, services: Services) -> tuple[str, ...]:
    """Return what holds us back now: an admin's word, and what the watch has found."""
    stopped = services.schedule.pause(now=services.now())
    held = services.watch.held()
    vector = services.embedder.embed([question])[0] if question and any(brake.centre for brake in held) else None

    def is_like(brake: Brake) -> bool:
        fits = vector is not None and len(vector) == len(brake.centre)  # another embedding model compares with nothing
        return fits and float(vector @ np.array(brake.centre)) >= services.policy.brakes.incident_alike

    return (*(("kill_switch:by an admin",) if stopped else ()), *facts_of(held, intent, is_like))


def _held(autonomy: str, is_held: bool) -> str:
    """Return the step that counts: while staff hold a kind of request, nothing of it is sent by itself."""
    return min(autonomy, "draft", key=[step.value for step in Step].index) if is_held else autonomy


def draw(name: str) -> float:
    """Return a number in 0..1 that looks like chance and is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2.0**64


def pin_of(intent: str, policy: Policy) -> str:
    """Return the step that the taxonomy pins, or ""."""
    entry = policy.intents.get(intent)
    return (entry.autonomy if entry else None) or ""


def reconsider(intent: str, services: Services) -> Verdict:
    """Look at the evidence for an intent and take the step that it asks for, down at once and up when it is proved."""
    policy, now, reviews = services.policy, services.now(), services.reviews
    place = reviews.place(intent)
    step = place.step if place else _capped(Step(policy.answering.default_autonomy), policy)
    since = place.since if place else now
    seen = reviews.observations(intent, since, now=now, settle_days=policy.autonomy.settle_days)
    verdict = judge(step, seen, policy.autonomy, climb=place.climb if place else 1)
    pin = pin_of(intent, policy)
    has_moved = reviews.settle_place(intent, place, verdict, pin=pin, corrections=reviews.corrections(intent), now=now)
    if has_moved:
        log.warning("autonomy_step", intent=intent, before=step.value, after=verdict.step.value, pin=pin)
    return verdict


def look(services: Services) -> dict[str, Any]:
    """Reconsider every intent of the taxonomy; return how many stand on each step."""
    counted = dict.fromkeys((step.value for step in Step), 0)
    if not services.policy.autonomy.is_on:
        return {}
    for intent in services.policy.intents:
        verdict = reconsider(intent, services)
        counted[pin_of(intent, services.policy) or verdict.step.value] += 1
    return counted


def _capped(step: Step, policy: Policy) -> Step:
    """Return the step, or the highest that policy lets anything earn."""
    return min(step, Step(policy.autonomy.most), key=list(Step).index)
