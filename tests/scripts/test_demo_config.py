"""The configuration of a demo: the product's own, quicker; for somebody else's articles a taxonomy drawn from them."""

import pytest

from config.policy import load_policy
from scripts.demo_config import draw_taxonomy, write_config
from scripts.world.load import Article, World, load_world


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    monkeypatch.delenv("DESKHAND_CONFIG", raising=False)


def article(number, topic):
    return Article(
        f"a{number}", f"How to {topic} number {number}", f"First line of {topic} {number}.\nMore.", "C", topic
    )


def of_others():
    articles = [article(n, topic) for n, topic in enumerate(["Pay-roll", "Pay-roll", "printers", "printers", "lonely"])]
    return World(tuple(articles), (), (), load_world().people)


def test_the_sample_keeps_the_products_policy_but_for_the_quiet_time(tmp_path):
    """Everything an admin decides is as in production; only the wait for bursts is shorter."""
    changed = load_policy(write_config(tmp_path / "c", load_world(), is_sample=True))
    own = load_policy(write_config.__globals__["_OWN"])
    assert changed.quiet_seconds("zendesk") < own.quiet_seconds("zendesk")
    same = {"timing": changed.timing, "hash": ""}
    assert own.model_copy(update=same) == changed.model_copy(update={"hash": ""})


def test_articles_of_others_make_their_own_taxonomy(tmp_path):
    """Each topic with two articles is an intent that drafts at most, and our sample company is not named."""
    policy = load_policy(write_config(tmp_path / "c", of_others(), is_sample=False))
    assert set(policy.intents) == {"pay_roll", "printers"}
    assert {policy.autonomy_of(name) for name in policy.intents} == {"draft"}
    assert "How to printers number 2" in policy.intents["printers"].examples
    answering = policy.answering
    assert "Tidemark" not in f"{answering.company} {answering.product} {answering.signature} {answering.says_assistant}"


def test_a_given_configuration_wins(tmp_path, monkeypatch):
    """With DESKHAND_CONFIG the operator's own taxonomy is used, whoever wrote the articles."""
    mine = write_config(tmp_path / "mine", load_world(), is_sample=True)
    monkeypatch.setenv("DESKHAND_CONFIG", str(mine))
    policy = load_policy(write_config(tmp_path / "c", of_others(), is_sample=False))
    assert policy.intents == load_policy(mine).intents


def test_words_of_articles_cannot_break_the_taxonomy(tmp_path):
    """Quotes, brackets and other scripts in titles are only text."""
    odd = [Article(f"o{n}", f'"Quoted" [x] \\ naïve {n} 日本', "A = 1\n[intents.evil]", "C", "O'dd") for n in range(2)]
    folder = write_config(tmp_path / "c", of_others(), is_sample=True)
    (folder / "taxonomy.toml").write_text(draw_taxonomy(odd), encoding="utf-8")
    (folder / "rules.toml").unlink()
    assert set(load_policy(folder).intents) == {"o_dd"}
