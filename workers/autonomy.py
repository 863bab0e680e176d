"""Pure: what an intent may do by itself, earned from what staff made of its drafts, and lost when they stop being good.

Two questions are asked again after every reviewed draft, so neither may be answered by a test for one look:

- up: the lower bound of Robbins' mixture (a beta prior, Ville's inequality) holds at every number of drafts at once.
  The chance that an intent whose true quality is below the target ever rises is at most `error`, over all its climbs:
  the k-th climb after a fall may spend error / (k (k + 1)). A Clopper-Pearson bound is tighter for one look, and
  looked at again and again lets three times as many rise as promised (tests/workers/test_autonomy.py counts both).
- down: a sum of log likelihood ratios that never falls below zero (CUSUM). As long as quality is at the target or
  better it takes `false_alarm_every` observations on average, at least, until it cries wolf (Lorden).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from config.policy import Autonomy

_PRIOR_WEIGHT = 40.0  # drafts that the prior counts for; any number keeps the promise, this one decides soonest


class Step(StrEnum):
    """The ladder, from the bottom. OFF is left by an admin only: nothing is drafted, so nothing can be learned."""

    OFF = "off"
    SHADOW = "shadow"
    DRAFT = "draft"
    SEND = "send"


class Kind(StrEnum):
    """Where an observation comes from."""

    SHADOW = "shadow"  # a draft nobody saw, beside what staff wrote
    DRAFT = "draft"  # a draft that staff sent, changed, or replaced
    SEND = "send"  # a reply that went out


@dataclass(frozen=True, slots=True)
class Observation:
    """One case whose end is known. `is_ripe`: old enough that the requester would have come back by now."""

    kind: Kind
    is_good: bool
    is_ripe: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What counts for and against an intent since it reached its step."""

    reviewed: int
    unchanged: int
    bound: float  # quality is at least this, but for a chance of `error`
    target: float
    needed: int  # reviewed drafts before anything may rise
    sent: int
    complaints: int
    suspicion: float  # 0..1; at 1 the intent steps down


@dataclass(frozen=True, slots=True)
class Verdict:
    """The step that evidence allows, and why in plain words. `step` is the present one if nothing moves."""

    step: Step
    evidence: Evidence
    why: str


def judge(step: Step, observations: Sequence[Observation], rules: Autonomy, *, climb: int = 1) -> Verdict:
    """Say which step an intent has earned, from what was seen since it reached its present one, oldest first.

    `climb` counts how often it has set out from this step, 1 for the first time.
    """
    evidence = weigh(step, observations, rules, climb=climb)
    if evidence.suspicion >= 1.0:
        lower = Step.DRAFT if step is Step.SEND else Step.SHADOW
        return Verdict(lower, evidence, _in_words(lower, evidence, "is no longer as good as the target asks"))
    above = {Step.SHADOW: Step.DRAFT, Step.DRAFT: Step.SEND}.get(step)
    if above is None or _rank(above) > _rank(Step(rules.most)):
        return Verdict(step, evidence, _in_words(step, evidence, ""))
    if evidence.reviewed < evidence.needed:
        return Verdict(step, evidence, _in_words(step, evidence, f"{evidence.needed} are needed"))
    if evidence.bound < evidence.target:
        return Verdict(step, evidence, _in_words(step, evidence, f"below {evidence.target:.1%}"))
    return Verdict(above, evidence, _in_words(above, evidence, f">= {evidence.target:.1%}"))


def weigh(step: Step, observations: Sequence[Observation], rules: Autonomy, *, climb: int = 1) -> Evidence:
    """Count the evidence of a step. Good drafts count for a rise once they are ripe, bad ones at once."""
    kind = Kind.SHADOW if step is Step.SHADOW else Kind.DRAFT
    counted = [seen for seen in observations if seen.kind is kind and (seen.is_ripe or not seen.is_good)]
    good = sum(seen.is_good for seen in counted)
    sent = [seen for seen in observations if seen.kind is Kind.SEND]
    target = rules.shadow_target if step is Step.SHADOW else rules.target
    error = rules.error / (climb * (climb + 1))
    return Evidence(
        reviewed=len(counted),
        unchanged=good,
        bound=lower_bound(good, len(counted), error, target),
        target=target,
        needed=rules.min_shadowed if step is Step.SHADOW else rules.min_reviewed,
        sent=len(sent),
        complaints=sum(not seen.is_good for seen in sent),
        suspicion=suspicion(step, observations, rules),
    )


def log_evidence(good: int, count: int, quality: float, target: float) -> float:
    """Return the log of the mixture's wealth against the claim that drafts are good with this probability.

    Under the claim the wealth is a martingale that starts at one: it ever reaches 1/error with chance `error` at most.
    The prior leans to where it must decide, halfway between the target and perfection.
    """
    mean = (1.0 + target) / 2.0
    a, b = _PRIOR_WEIGHT * mean, _PRIOR_WEIGHT * (1.0 - mean)
    bad = count - good
    mixed = _log_beta(a + good, b + bad) - _log_beta(a, b)
    claimed = good * math.log(quality) + (bad * math.log1p(-quality) if bad else 0.0)
    return mixed - claimed


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def lower_bound(good: int, count: int, error: float, target: float) -> float:
    """Return what quality is at least, at every number of drafts together, but for a chance of `error`."""
    if not good:
        return 0.0
    wanted, low, high = -math.log(error), 0.0, min(good / count, 1.0 - 1e-12)
    for _ in range(50):
        middle = (low + high) / 2.0
        if log_evidence(good, count, middle, target) >= wanted:
            low = middle
        else:
            high = middle
    return low


def suspicion(step: Step, observations: Iterable[Observation], rules: Autonomy) -> float:
    """Return how near the evidence of a decline is to a step down: 0 for none, 1 for enough."""
    level = 0.0
    for seen in observations:
        level = suspect(level, step, seen, rules)
        if level >= math.log(rules.false_alarm_every):
            return 1.0
    return level / math.log(rules.false_alarm_every)


def suspect(level: float, step: Step, seen: Observation, rules: Autonomy) -> float:
    """Return the running sum after one more observation."""
    rates = _rates(step, seen.kind, rules)
    if rates is None:
        return level
    fine, worse = rates
    ratio = math.log(worse / fine) if seen.is_good else math.log((1.0 - worse) / (1.0 - fine))
    return max(0.0, level + ratio)


def _rates(step: Step, kind: Kind, rules: Autonomy) -> tuple[float, float] | None:
    """Return the share of good ones that is still fine, and the one that is not; None if the kind says nothing here."""
    if step is Step.SEND and kind is Kind.SEND:
        return 1.0 - rules.complaints, 1.0 - rules.complaints_worse
    if step is Step.SEND and kind is Kind.DRAFT:
        return rules.target, rules.target - rules.margin
    if step is Step.DRAFT and kind is Kind.DRAFT:
        return rules.floor, rules.floor / 2.0
    return None


def review_share(doubt: float, rules: Autonomy) -> float:
    """Return the share of replies that a person still checks first: the more doubt, the more of them."""
    return rules.review_share + (1.0 - rules.review_share) * min(max(doubt, 0.0), 1.0)


def _rank(step: Step) -> int:
    return list(Step).index(step)


def _in_words(step: Step, evidence: Evidence, end: str) -> str:
    """Say it as "send: 231 reviewed, 224 unchanged, lower bound 94.1 % >= 92.0 %"."""
    told = f"{step.value}: {evidence.reviewed} reviewed"
    if evidence.reviewed:
        told += f", {evidence.unchanged} unchanged, lower bound {evidence.bound:.1%}"
    if evidence.sent:
        told += f"; {evidence.sent} sent, {evidence.complaints} complaints"
    joined = f" {end}" if end.startswith((">=", "below")) and not evidence.sent else f"; {end}" if end else ""
    return (told + joined).replace("%", " %")
