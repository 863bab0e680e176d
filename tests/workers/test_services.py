"""Everything long-lived is made once, from settings, or one clear line says what is missing."""

import importlib.util
import shutil
from datetime import UTC
from pathlib import Path

import pytest

from config.settings import Settings
from kb.domain import Filter, Query
from tests.fakes.embedder import HashEmbedder
from workers import services as module
from workers.services import build, intents_path, utc_now
from workers.store.migrate import SchemaError

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def settings(tmp_path, engine, monkeypatch):
    """Settings of a small installation whose database is at this release, with a light embedder."""
    monkeypatch.setattr(module, "load_embedder", lambda name, data: HashEmbedder())
    monkeypatch.setattr("os.environ", {})

    def make(**more):
        return Settings(
            _env_file=None,
            data=tmp_path,
            config=CONFIG,
            database_url=str(engine.url),
            redis_url="redis://127.0.0.1:1/0",
            **more,
        )

    return make


def test_a_small_installation_needs_no_key_and_no_vendor(settings):
    """Without a key there is no model, without a vendor no helpdesk; everything else is there."""
    made = build(settings())
    assert (made.llm, made.helpdesks, made.webhooks, made.intents.load()) == (None, {}, {}, None)
    assert set(made.prompts) == {"classify", "draft", "judge"}
    assert made.policy.teams
    assert made.bell.length() is None


def test_a_reranker_that_cannot_be_loaded_stops_nothing(settings, tmp_path, monkeypatch):
    """The policy names one and PyTorch is not there: the worker starts and searches without it."""
    config = shutil.copytree(CONFIG, tmp_path / "config")
    with (config / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write('\n[knowledge]\nreranker = "some/model"\n')
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    made = build(settings().model_copy(update={"config": config}))
    assert made.policy.knowledge.reranker == "some/model"
    assert made.kb.search(Query("", "swap a shift"), Filter(), 3).passages == ()


ZENDESK = {"zendesk_url": "https://desk.example", "zendesk_email": "a@desk.example", "zendesk_api_token": "token"}


def test_policy_says_how_long_a_call_of_the_helpdesk_may_take(settings, tmp_path):
    """What policy sets is what its client keeps: its writes are in flight for so much less."""
    config = shutil.copytree(CONFIG, tmp_path / "config")
    with (config / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write("\n[timing]\nhelpdesk_seconds = 4.0\n")
    usual, hasty = (
        build(settings(**ZENDESK, zendesk_webhook_secrets=("secret",)).model_copy(update={"config": folder}))
        for folder in (CONFIG, config)
    )
    flights = [made.helpdesks["zendesk"].abilities.longest_flight_seconds for made in (usual, hasty)]
    assert flights[0] - flights[1] == usual.policy.timing.helpdesk_seconds - 4.0


def test_a_vendor_that_is_configured_has_both_halves(settings):
    """Webhook and helpdesk come from the same list."""
    made = build(settings(**ZENDESK, zendesk_webhook_secrets=("secret",)))
    assert set(made.helpdesks) == set(made.webhooks) == {"zendesk"}


def test_a_key_gives_a_model_and_settings_name_it(settings):
    """Model names of the environment win over the policy's."""
    made = build(settings(anthropic_api_key="sk-test", draft_model="another"))
    assert made.llm is not None
    assert made.policy.models.draft == "another"


def test_an_old_database_is_refused(settings, tmp_path):
    """Nothing is started on tables of another release."""
    with pytest.raises(SchemaError, match="deskhand migrate"):
        build(settings().model_copy(update={"database_url": f"sqlite:///{tmp_path}/other.sqlite3"}))


def test_a_model_of_intents_is_loaded_where_it_lies(settings):
    """Stage one is optional: it is there after training, under the data folder."""
    path = intents_path(settings())
    assert path.name == "intents.npz"
    path.parent.mkdir()
    path.write_bytes(b"not a model")
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, it is not passed over in silence
        build(settings())


def test_our_time_is_in_utc():
    """No naive time enters the store."""
    assert utc_now().tzinfo is UTC
