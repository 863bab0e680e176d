"""The policy files are checked against each other before anything starts."""

import pytest

from config.policy import PolicyError, load_policy

POLICY = """
[answering]
fallback_team = "support"
[models]
classify = "small"
draft = "large"
"""
TAXONOMY = """
[teams.support]
group = "Support"
[teams.billing]
group = "Billing"
[intents.invoice_copy]
description = "wants an invoice again"
examples = ["Please send my invoice again"]
team = "billing"
autonomy = "send"
[intents.other]
description = "anything else"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY)
    return tmp_path


def test_files_become_one_policy(folder):
    """Teams, steps and ceilings of an intent are read, and defaults stand where nothing is said."""
    policy = load_policy(folder)
    assert (policy.team_of("invoice_copy"), policy.team_of("other")) == ("billing", "support")
    assert (policy.autonomy_of("invoice_copy"), policy.autonomy_of("other")) == ("send", "draft")
    assert (policy.ceiling_of("other"), policy.ceiling_of("never heard of")) == ("send", "assist")
    assert policy.quiet_seconds("email") == policy.timing.quiet_seconds["default"]


def test_the_hash_follows_every_file(folder):
    """Any change of any file is another policy; the same files are the same."""
    first = load_policy(folder).hash
    assert load_policy(folder).hash == first
    (folder / "rules.toml").write_text(
        '[rules.legal]\nreason = "legal words"\naction = "hand_off"\nany_of = ["lawyer"]\n'
    )
    assert load_policy(folder).hash != first


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("policy.toml", POLICY + "[thresholds]\nsent = 0.5\n", "thresholds.sent"),
        ("policy.toml", POLICY + "[thresholds]\nsend = 1.5\n", "thresholds.send"),
        ("policy.toml", "[answering\n", "policy.toml"),
        ("taxonomy.toml", TAXONOMY.replace('team = "billing"', 'team = "biling"'), "biling"),
        ("taxonomy.toml", TAXONOMY + "[answering]\ncompany = 'x'\n", "answering stands in another policy file already"),
        ("rules.toml", '[rules.a]\nreason = "x"\naction = "shout"\n', "rules.a.action"),
    ],
)
def test_a_mistake_is_named_with_its_place(folder, name, text, named):
    """An unknown key, a bad value, broken TOML, an unknown team or a doubled section each stop the start."""
    (folder / name).write_text(text)
    with pytest.raises(PolicyError, match=named):
        load_policy(folder)


def test_a_missing_file_is_named(folder):
    """The taxonomy is required; rules are not."""
    (folder / "taxonomy.toml").unlink()
    with pytest.raises(PolicyError, match=r"taxonomy\.toml: missing"):
        load_policy(folder)
