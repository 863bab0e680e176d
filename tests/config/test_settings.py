"""The environment becomes settings, and what is wrong with it is named all at once."""

import re
from pathlib import Path

import pytest

from config.settings import Settings, SettingsError, load_settings

ZENDESK = {"ZENDESK_URL": "https://acme.zendesk.com/", "ZENDESK_CLIENT_ID": "id", "ZENDESK_CLIENT_SECRET": "hidden"}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch, tmp_path):
    for field in Settings.model_fields.values():
        monkeypatch.delenv(field.alias, raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_set_is_enough():
    """Without any variable the settings are those of one machine without helpdesk or model."""
    settings = load_settings()
    assert settings.port == 8080
    assert settings.sql_url == "sqlite:///var/deskhand.sqlite3"
    assert (settings.has_zendesk, settings.has_model) == (False, False)


def test_a_dotenv_file_in_the_working_folder_is_read(tmp_path):
    """Values of .env count like those of the environment."""
    (tmp_path / ".env").write_text("DESKHAND_PORT=9090\n")
    assert load_settings().port == 9090


def test_several_secrets_are_split_at_commas():
    """A rotation needs two secrets at once; blanks around them do not matter."""
    settings = load_settings(**ZENDESK, ZENDESK_WEBHOOK_SECRETS="new, old ,")
    assert [secret.get_secret_value() for secret in settings.zendesk_webhook_secrets] == ["new", "old"]
    assert settings.zendesk_url == "https://acme.zendesk.com"


def test_all_problems_are_named_at_once_and_no_value():
    """Every malformed variable stands in the message, without what it held."""
    with pytest.raises(SettingsError) as caught:
        load_settings(DESKHAND_PORT="hunter2", DESKHAND_WORKERS="0", CHROMA_URL="not a url")
    message = str(caught.value)
    assert [line.split(":")[0] for line in message.splitlines()] == ["DESKHAND_PORT", "DESKHAND_WORKERS", "CHROMA_URL"]
    assert "hunter2" not in message


def test_a_helpdesk_without_credentials_is_a_problem():
    """A helpdesk that is switched on wants credentials and a signing secret."""
    with pytest.raises(SettingsError, match="ZENDESK_CLIENT_ID") as caught:
        load_settings(ZENDESK_URL="https://acme.zendesk.com")
    assert "ZENDESK_WEBHOOK_SECRETS" in str(caught.value)


def test_secrets_are_not_shown():
    """Printing the settings shows no secret."""
    assert "hidden" not in repr(load_settings(**ZENDESK, ZENDESK_WEBHOOK_SECRETS="hidden"))


def test_the_example_file_names_every_variable():
    """.env.example and the settings list the same variables."""
    text = (Path(__file__).parents[2] / ".env.example").read_text()
    named = set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))
    assert named - {"POSTGRES_PASSWORD"} == {field.alias for field in Settings.model_fields.values()}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"INTERCOM_ACCESS_TOKEN": "t"}, "INTERCOM_CLIENT_SECRETS"),
        ({"INTERCOM_CLIENT_SECRETS": "s"}, "INTERCOM_ACCESS_TOKEN"),
        ({"INTERCOM_ACCESS_TOKEN": "t", "INTERCOM_CLIENT_SECRETS": "s", "INTERCOM_URL": ""}, "INTERCOM_URL"),
    ],
)
def test_half_an_intercom_is_named(given, missing):
    """A token without a secret cannot receive, a secret without a token cannot answer."""
    with pytest.raises(SettingsError, match=missing):
        load_settings(**given)


def test_secrets_by_vendor():
    """The current one first; connecting Intercom needs its secrets too, because nobody else tells them."""
    made = load_settings(INTERCOM_ACCESS_TOKEN="t", INTERCOM_CLIENT_SECRETS="new, old")
    assert made.has_intercom
    assert made.webhook_secrets("intercom") == ("new", "old")
    assert made.webhook_secrets("zendesk") == ()
