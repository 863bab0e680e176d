"""Earned autonomy: what is promised is kept on simulated traffic, and the steps move as the evidence says."""

import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import beta

from config.policy import Autonomy
from workers.autonomy import (
    Kind,
    Observation,
    Step,
    judge,
    log_evidence,
    lower_bound,
    review_share,
    suspect,
    suspicion,
    weigh,
)

RULES = Autonomy()


def drafts(good: int, bad: int = 0, kind: Kind = Kind.DRAFT) -> list[Observation]:
    """Bad ones spread evenly, as they come when nothing changes."""
    total = good + bad
    return [Observation(kind, (n + 1) * bad // total == n * bad // total) for n in range(total)]


def test_an_intent_rises_on_enough_good_drafts():
    """The step is taken, and said in words that an admin can check."""
    verdict = judge(Step.DRAFT, drafts(224, 7), RULES)
    assert verdict.step is Step.SEND
    assert verdict.why == "send: 231 reviewed, 224 unchanged, lower bound 92.2 % >= 92.0 %"


def test_too_few_drafts_raise_nothing():
    """However good: 200 reviewed drafts come first."""
    verdict = judge(Step.DRAFT, drafts(199), RULES)
    assert (verdict.step, verdict.why) == (
        Step.DRAFT,
        "draft: 199 reviewed, 199 unchanged, lower bound 96.7 %; 200 are needed",
    )
    assert judge(Step.DRAFT, drafts(200), RULES).step is Step.SEND


def test_many_drafts_that_are_not_good_enough_raise_nothing():
    """A quality just at the target is not proved by a thousand drafts."""
    verdict = judge(Step.DRAFT, drafts(920, 80), RULES)
    assert verdict.step is Step.DRAFT
    assert verdict.why.endswith("below 92.0 %")


def test_nothing_reviewed_moves_nothing():
    """A new intent stays where it is, and the words say so."""
    for step in Step:
        verdict = judge(step, [], RULES)
        assert (verdict.step, verdict.evidence.bound, verdict.evidence.suspicion) == (step, 0.0, 0.0)
    assert judge(Step.DRAFT, [], RULES).why == "draft: 0 reviewed; 200 are needed"


def test_a_good_draft_counts_once_it_is_ripe():
    """Who may still come back has not been helped yet; what was bad is bad at once."""
    young = [Observation(Kind.DRAFT, True, is_ripe=False)] * 300 + [Observation(Kind.DRAFT, False, is_ripe=False)]
    evidence = weigh(Step.DRAFT, young, RULES)
    assert (evidence.reviewed, evidence.unchanged) == (1, 0)


def test_shadow_rises_on_less():
    """Showing drafts to staff risks little: fifty that agree mostly are enough."""
    assert judge(Step.SHADOW, drafts(45, 5, Kind.SHADOW), RULES).step is Step.DRAFT
    assert judge(Step.SHADOW, drafts(30, 20, Kind.SHADOW), RULES).step is Step.SHADOW
    assert judge(Step.SHADOW, drafts(300), RULES).step is Step.SHADOW  # drafts say nothing about the shadow


def test_off_is_left_by_an_admin_only():
    """Nothing is drafted there, and nothing seen elsewhere counts."""
    assert judge(Step.OFF, drafts(500), RULES).step is Step.OFF


def test_nothing_rises_above_the_most_that_policy_allows():
    """An admin can end the ladder at drafts."""
    assert judge(Step.DRAFT, drafts(1000), RULES.model_copy(update={"most": "draft"})).step is Step.DRAFT


def test_a_second_climb_must_prove_more():
    """After a fall the same drafts are not enough: chances of a mistake add up over climbs."""
    assert judge(Step.DRAFT, drafts(224, 7), RULES, climb=1).step is Step.SEND
    assert judge(Step.DRAFT, drafts(224, 7), RULES, climb=2).step is Step.DRAFT
    spent = sum(RULES.error / (k * (k + 1)) for k in range(1, 10_000))
    assert spent <= RULES.error


def test_a_row_of_bad_ones_steps_down():
    """A handful of replaced drafts in a row is enough to stop sending; one is not."""
    assert judge(Step.SEND, drafts(50) + drafts(0, 1), RULES).step is Step.SEND
    verdict = judge(Step.SEND, drafts(50) + drafts(0, 8), RULES)
    assert verdict.step is Step.DRAFT
    assert "no longer as good" in verdict.why


def test_complaints_about_sent_replies_step_down():
    """Also when nobody reviews: reopened tickets and wrong answers count."""
    sent = drafts(200, 0, Kind.SEND) + drafts(12, 6, Kind.SEND)
    verdict = judge(Step.SEND, sent, RULES)
    assert verdict.step is Step.DRAFT
    assert "218 sent, 6 complaints" in verdict.why


def test_a_past_full_of_praise_does_not_hide_a_decline():
    """The sum starts at zero again and again, so a thousand good ones buy no patience."""
    assert judge(Step.SEND, drafts(3000) + drafts(0, 8), RULES).step is Step.DRAFT


def test_drafts_that_nobody_can_use_go_back_into_the_shadow():
    """Staff are not made to read what they always throw away."""
    assert judge(Step.DRAFT, drafts(2, 40), RULES).step is Step.SHADOW
    assert judge(Step.DRAFT, drafts(20, 20), RULES).step is Step.DRAFT


def test_doubt_lets_people_check_more():
    """From a tenth of the replies without doubt to all of them just before a step down."""
    assert [round(review_share(doubt, RULES), 2) for doubt in (0.0, 0.5, 1.0, 2.0)] == [0.1, 0.55, 1.0, 1.0]


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.001, 0.2))
def test_the_bound_is_a_bound(good, bad, error):
    """It lies below the share seen, and a further bad draft never raises it."""
    bound = lower_bound(good, good + bad, error, 0.92)
    assert 0.0 <= bound <= (good / (good + bad) if good else 0.0)
    assert lower_bound(good, good + bad + 1, error, 0.92) <= bound + 1e-9


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 59))
def test_a_bad_ending_never_lessens_the_doubt(endings, place):
    """Learning later that a ticket came back can only raise the suspicion: looking early cries no wolf."""
    seen = [Observation(Kind.DRAFT, is_good) for is_good in endings]
    worse = [Observation(Kind.DRAFT, one.is_good and n != place) for n, one in enumerate(seen)]
    assert suspicion(Step.SEND, worse, RULES) >= suspicion(Step.SEND, seen, RULES)


def test_a_policy_that_promises_nonsense_is_refused():
    """Being worse must be worse."""
    for wrong in ({"margin": 0.95}, {"complaints_worse": 0.01}, {"error": 0.0}, {"floor": 0.0}, {"target": 1.0}):
        with pytest.raises(ValidationError):
            Autonomy(**wrong)


# --- simulated traffic ------------------------------------------------------------------------------------------------


def rises(quality: float, seed: int, *, reviewed: int = 1500) -> int | None:
    """Look after every draft; return at which one an intent of this quality rose, or None."""
    draw, good, wanted = random.Random(seed), 0, math.log(2 / RULES.error)
    for count in range(1, reviewed + 1):
        good += draw.random() < quality
        is_counted = count >= RULES.min_reviewed and good > count * RULES.target
        if is_counted and log_evidence(good, count, RULES.target, RULES.target) >= wanted:
            return count
    return None


def rises_by_one_look(quality: float, seed: int, *, reviewed: int = 1500) -> bool:
    """The same with the bound for a single look, looked at after every tenth draft."""
    draw, good = random.Random(seed), 0
    for count in range(1, reviewed + 1):
        good += draw.random() < quality
        is_counted = count >= RULES.min_reviewed and count % 10 == 0 and good > count * RULES.target
        if is_counted and beta.ppf(RULES.error, good, count - good + 1) >= RULES.target:
            return True
    return False


def test_the_promised_error_rate_is_kept():
    """Of 600 intents just not good enough, looked at after each of 1,500 drafts, 5 % at most rise."""
    risen = sum(rises(RULES.target, seed) is not None for seed in range(600))
    print(f"risen by mistake: {risen} of 600 ({risen / 600:.1%}), promised at most {RULES.error:.0%}")
    assert risen <= RULES.error * 600


def test_a_bound_for_one_look_would_not_keep_it():
    """Why it must be another bound: Clopper-Pearson, looked at again and again, is wrong more often than promised."""
    risen = sum(rises_by_one_look(RULES.target, seed) for seed in range(150))
    print(f"Clopper-Pearson: {risen} of 150 risen by mistake ({risen / 150:.1%})")
    assert risen > 2 * RULES.error * 150


def test_good_intents_do_rise():
    """Strictness is not paid with standstill: at 97 % most intents rise within 400 reviewed drafts."""
    needed = sorted(rises(0.97, seed) or 1500 for seed in range(200))
    print(f"drafts until an intent of 97 % rises: median {median(needed)}, 90 % within {needed[180]}")
    assert median(needed) <= 260
    assert needed[180] <= 450


def falls(seed: int, *, quality: float, complaints: float, tickets: int) -> int | None:
    """Let an intent send; return at which ticket it stepped down, or None. People check the more, the more doubt."""
    draw, level, limit = random.Random(seed), 0.0, math.log(RULES.false_alarm_every)
    for count in range(1, tickets + 1):
        is_checked = draw.random() < review_share(level / limit, RULES)
        chance = quality if is_checked else 1.0 - complaints
        seen = Observation(Kind.DRAFT if is_checked else Kind.SEND, draw.random() < chance)
        level = suspect(level, Step.SEND, seen, RULES)
        if level >= limit:
            return count
    return None


def test_false_alarms_are_as_rare_as_promised():
    """At a quality that is only just good enough, a step down takes 1,000 tickets on average, at least."""
    lived = [
        falls(seed, quality=RULES.target, complaints=RULES.complaints, tickets=4000) or 4000 for seed in range(200)
    ]
    print(f"tickets until a false alarm at the target: mean {sum(lived) / 60:.0f} or more")
    assert sum(lived) / len(lived) >= RULES.false_alarm_every


def test_an_intent_that_is_good_keeps_its_step():
    """At 97 % and one complaint in a hundred, 1 of 100 intents at most steps down within 2,000 tickets."""
    fallen = [falls(seed, quality=0.97, complaints=0.01, tickets=2000) for seed in range(100)]
    print(f"stepped down for nothing: {sum(f is not None for f in fallen)} of 100 in 2,000 tickets")
    assert sum(f is not None for f in fallen) <= 1


def test_a_degraded_knowledge_base_is_noticed():
    """Drafts fall to 60 % and complaints rise to 10 %: noticed within 120 tickets in 95 of 100 runs."""
    seen = sorted(falls(seed, quality=0.60, complaints=0.10, tickets=3000) or 3000 for seed in range(300))
    print(f"60 % good: median {median(seen)} tickets, 95 % within {seen[285]}")
    assert seen[285] <= 120


def test_a_slight_decline_is_noticed_later():
    """Drafts fall to 80 % and complaints rise to 6 %: noticed within 400 tickets in 95 of 100 runs."""
    seen = sorted(falls(seed, quality=0.80, complaints=0.06, tickets=3000) or 3000 for seed in range(300))
    print(f"80 % good: median {median(seen)} tickets, 95 % within {seen[285]}")
    assert seen[285] <= 400
