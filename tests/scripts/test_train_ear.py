"""`deskhand train-ear`: weights from written sentences."""

from pathlib import Path

import numpy as np

from config.everyday import load_everyday
from config.policy import load_policy
from scripts.train_ear import Sentences, gathered, learn, least_sure, taken_back

CONFIG = Path(__file__).parents[2] / "config"


def test_gathers_every_sentence_once():
    """What belongs to a family is never ordinary as well; counter-examples and answered tickets are."""
    policy = load_policy(CONFIG)
    given = gathered(policy, load_everyday(CONFIG))
    assert len(set(given.texts)) == len(given.texts) > 2000
    ordinary = {text for text, is_one in zip(given.texts, given.is_ordinary, strict=True) if is_one}
    assert set(policy.rules["wants_person"].examples).isdisjoint(ordinary)
    assert set(policy.rules["wants_person"].counter_examples) < ordinary
    assert all(target.sum() > 60 for target in given.families.values())


def test_learns_meaning_and_words(seed):
    """A family is told by where its vectors point and by its words, on sentences not seen before too."""
    dice = np.random.default_rng(seed)
    target = np.arange(120) % 3 == 0
    texts = [f"{'wolf' if is_one else 'sheep'} number{place}" for place, is_one in enumerate(target)]
    sides = 3 * np.where(target[:, None], [1.0, 0.0], [0.0, 1.0])
    vectors = np.concatenate([sides, dice.normal(0, 1, (120, 30))], axis=1)
    learned, rarity = learn(Sentences(texts, {"cry": target}), vectors.astype(np.float32))
    assert set(rarity) == {"wolf", "sheep"}
    assert (learned["cry"].unseen[target] > learned["cry"].unseen[~target].max()).all()


def test_what_is_sure_is_set_by_what_was_not_seen():
    """One ordinary sentence in four hundred may be misheard, and no more."""
    scores, is_ordinary = np.arange(1200.0), np.arange(1200) < 800
    assert 797 <= least_sure(scores, is_ordinary) <= 799


def test_exceptions_of_rules_count_for_nothing():
    """A sentence that the rule takes back anyway does not make the ear deaf."""
    texts = ["I don't want to cancel my subscription.", "I want to cancel my subscription."]
    assert taken_back(texts, "leaving", load_policy(CONFIG)).tolist() == [True, False]
