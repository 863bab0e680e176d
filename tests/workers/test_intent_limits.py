"""workers.intent_limits: verdicts that stage one may make alone."""

import numpy as np
import pytest

from workers.intent_limits import (
    MAX_FOREIGN,
    NEVER,
    Evidence,
    correlation,
    expected_foreign,
    expected_unlike,
    fit,
    least_sure,
    mixed,
    scope,
    surety,
    weights,
)


def evidence(per_intent: int, strangers: int, *, labelled: bool = False, apart: float = 4.0) -> Evidence:
    """Two intents, all understood; one feature that is higher for strangers."""
    dice = np.random.default_rng(1)
    truth = np.array([0] * per_intent + [1] * per_intent + [-1] * strangers)
    features = dice.normal(size=(len(truth), 2)).astype(np.float32)
    features[truth < 0, 0] += apart
    return Evidence(features, truth, np.where(truth < 0, 0, truth), labelled, np.ones(len(truth)))


def only(rows: Evidence, chosen: np.ndarray) -> Evidence:
    return Evidence(rows.features[chosen], rows.truth[chosen], rows.best[chosen], rows.is_labelled, rows.worth[chosen])


def test_long_lists_let_expect_little_else():
    """A short list was written at a desk, so much else comes; a long one is traffic, and little else does."""
    shares = [expected_foreign(evidence(count, 5)) for count in (5, 20, 50, 130)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == MAX_FOREIGN
    assert shares[1] == pytest.approx(0.5)
    assert shares[3] < 0.03


def test_written_lists_let_expect_other_wordings():
    """Of a list written in advance all that comes may be put differently, of traffic or a labelled list nothing is."""
    assert expected_unlike(evidence(10, 5)) == 1.0
    assert 0 < expected_unlike(evidence(35, 5)) < 0.5
    assert expected_unlike(evidence(130, 5)) == 0.0
    assert expected_unlike(evidence(10, 5, labelled=True)) == 0.0


def test_rows_seen_apart_count_for_the_limits_only_as_far_as_expected():
    """Mixing keeps the weight of the known rows, and with it the share of strangers that is looked for."""
    rows = evidence(20, 60)
    known = only(rows, rows.is_known)
    both = mixed(rows, known, 0.25)
    assert both.worth[both.is_known].sum() == pytest.approx(rows.worth[rows.is_known].sum())
    assert expected_foreign(both) == pytest.approx(expected_foreign(rows))
    assert both.worth[len(rows.truth) :].sum() == pytest.approx(0.25 * len(known.truth))


def test_rows_seen_apart_make_it_reject_less():
    """Where the known lie nearer to the strangers once they are seen apart, the limit moves up to spare them."""
    rows = evidence(20, 60)
    apart = only(rows, rows.is_known)
    further = apart._replace(features=apart.features + np.array([2.5, 0], np.float32))
    judge, limit = scope(rows, rows)
    _, higher = scope(rows, mixed(rows, further, 1.0))
    spared = judge.probability(further.features)
    assert (spared > higher).mean() < (spared > limit).mean()


def test_strangers_weigh_what_is_expected_of_them():
    """However many strangers were looked at, together they have their share."""
    for strangers in (10, 400):
        rows = evidence(20, strangers)
        weight = weights(rows)
        assert weight[~rows.is_known].sum() / weight.sum() == pytest.approx(0.5)
        assert (weight[rows.is_known] == 1).all()


def test_the_limit_stands_between_known_and_strange():
    """Where they lie apart, few of either are on the wrong side."""
    rows = evidence(20, 60)
    judge, limit = scope(rows, rows)
    out = judge.probability(rows.features) > limit
    assert out[~rows.is_known].mean() > 0.9
    assert out[rows.is_known].mean() < 0.1


def test_labelled_rows_may_not_cost_what_is_understood():
    """Taught by labelled rows, the verdict takes at most one in a hundred of what was right."""
    rows = evidence(200, 100, labelled=True, apart=1.0)
    judge, limit = scope(rows, rows)
    assert (judge.probability(rows.features) > limit)[rows.is_known].mean() <= 0.011


def test_without_strangers_nothing_is_out_of_scope():
    """There is nothing to tell it from."""
    rows = evidence(20, 0)
    judge, limit = scope(rows, rows)
    assert limit == NEVER
    _, limits, figures = surety(rows, judge, limit, 0.97)
    assert limits.decided_out_of_scope >= NEVER
    assert figures["held_back_accuracy"] == 1


def test_least_sure_is_the_lowest_that_is_right_often_enough():
    """Worked out by hand: three of the four surest are right."""
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32)
    right = np.array([True, True, False, True, False])
    ones = np.ones(5)
    assert least_sure(sure, right, ones, 0.75) == pytest.approx(0.6)
    assert least_sure(sure, right, ones, 1.0) == pytest.approx(0.8)
    assert least_sure(sure, ~right, ones, 1.0) == NEVER


def test_correlation_is_matthews():
    """The same as scikit-learn's, with weights, and 0 where one side says the same of everything."""
    from sklearn.metrics import matthews_corrcoef

    dice = np.random.default_rng(2)
    truth, said = dice.integers(-1, 4, 200), dice.integers(-1, 4, 200)
    said = np.where(dice.random(200) < 0.6, truth, said)
    weight = dice.random(200)
    assert correlation(truth, said, weight) == pytest.approx(matthews_corrcoef(truth, said, sample_weight=weight))
    assert correlation(truth, np.zeros(200, int), weight) == 0


@pytest.mark.parametrize("answer", [True, False])
def test_a_judge_without_two_sides_says_the_same_of_all(answer):
    """With nothing to learn from it is sure of what it saw."""
    judge = fit(np.ones((3, 2), np.float32), np.full(3, answer))
    assert (judge.probability(np.zeros((2, 2), np.float32)) > 0.5).all() == answer
