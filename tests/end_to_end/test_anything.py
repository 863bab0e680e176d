"""Whatever the outside sends, only named errors come of it, and what was signed is not lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import create_app
from config.policy import FILES, PolicyError, load_policy
from config.settings import Settings, SettingsError, load_settings
from integrations import registry
from integrations.helpdesk import Message, Person, Role, Status, Ticket
from integrations.zendesk.webhook import sign
from scripts.cases import CasesError, read_cases
from scripts.world.load import WorldError, articles_from_jsonl, tickets_from_jsonl
from tests.fakes.webhook import FakeBell
from workers.intake import Intake
from workers.reading import read
from workers.store.inbox import Inbox
from workers.store.story import Story
from workers.store.tables import delivery, open_engine

often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SECRET = "signing-secret-0123456789-0123456789"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
# Names that the vendors' own payloads have, so that the values get as far as the code that reads them.
WORDS = """id type source rule ticket_id latest_comment_id via status current_user_id updated_at detail event subject
    topic topics data item account_id actor_id comment is_public author external_id custom tags text body updated"""
names = st.sampled_from(WORDS.split())
bodies = st.dictionaries(names | st.text(max_size=8), json_values, max_size=8)
headers = st.dictionaries(
    st.sampled_from(
        (
            "X-Zendesk-Webhook-Signature",
            "X-Zendesk-Webhook-Signature-Timestamp",
            "X-Zendesk-Webhook-Invocation-Id",
            "X-Hub-Signature",
            "Content-Encoding",
            "User-Agent",
        )
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60),
    max_size=4,
)
PIECES = ("<p>", "</div>", "<table", "<!--", "-->", "<style>", "&amp;", "&#0;", "&#xD800;", "<a href='", "'>")
PIECES += ("> quoted\n", "On Mon, Ann wrote:\n", "-- \n", "\u200b", "\u202e", "\U000e0041", "\r\n", "4111111")
soup = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30).map("".join)
raw = st.binary(max_size=200) | soup.map(lambda text: text.encode("utf-8", "replace"))
lines = st.binary(max_size=60) | (json_values | bodies).map(lambda value: json.dumps(value).encode())


def words_of(error: type[Exception], act) -> str:
    """Return what an error of this kind says, "" if none comes; any other error passes through."""
    try:
        act()
    except error as found:
        return str(found)
    return ""


@pytest.fixture
def door(database_url):
    """The door with the webhook half of every vendor in the registry, and its inbox."""
    known = Settings(
        _env_file=None,
        ZENDESK_URL="https://acme.zendesk.com",
        ZENDESK_CLIENT_ID="x",
        ZENDESK_CLIENT_SECRET="x",
        ZENDESK_WEBHOOK_SECRETS=SECRET,
        INTERCOM_ACCESS_TOKEN="x",
        INTERCOM_CLIENT_SECRETS=SECRET,
        CHROMA_URL="http://127.0.0.1:1",
    )
    engine = open_engine(database_url)
    webhooks = {vendor: registry.build_webhook(vendor, known) for vendor in registry.configured(known)}
    intake = Intake(webhooks, Inbox(engine), FakeBell(), Story(engine), now=lambda: NOW)
    yield create_app(known, intake).test_client(), webhooks, engine
    engine.dispose()


def stored(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(delivery))


@often
@given(body=st.binary(max_size=300) | bodies.map(lambda row: json.dumps(row).encode()), sent=headers)
def test_what_nobody_signed_is_refused(door, body, sent):
    """Any bytes under any headers are answered 4xx, by every vendor's door, and leave no row."""
    client, webhooks, engine = door
    for vendor in webhooks:
        assert client.post(f"/webhooks/{vendor}", data=body, headers=sent).status_code in (400, 401, 413, 415)
    assert stored(engine) == 0


@often
@given(row=bodies)
def test_what_was_signed_is_stored_and_can_be_read(door, row):
    """Any signed object is stored, or refused as unfit (400) if no database could hold it; no reader chokes on it."""
    client, webhooks, engine = door
    before, body, stamp = stored(engine), json.dumps(row).encode(), NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = {
        "X-Zendesk-Webhook-Signature": sign(SECRET, stamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Invocation-Id": f"I{before}",
        "Content-Type": "application/json",
    }
    status = client.post("/webhooks/zendesk", data=body, headers=signed).status_code
    assert (status, stored(engine) - before) in ((200, 1), (400, 0))
    if status == 200:
        for webhook in webhooks.values():
            try:
                events = webhook.parse({name.lower(): value for name, value in signed.items()}, body)
            except ValueError:
                continue
            assert isinstance(events, tuple)


@often
@given(said=st.lists(st.tuples(st.sampled_from(list(Role)), soup, soup), max_size=4), subject=soup)
def test_any_thread_can_be_read(said, subject):
    """Mail and HTML of every shape become a reading, or an empty one; none of it is an error."""
    people = {role: Person(role.value, "Ada Muster", role, email="ada@muster.example") for role in Role}
    thread = tuple(
        Message(str(place), people[role], True, text, created_at=NOW + timedelta(minutes=place), html=html)
        for place, (role, text, html) in enumerate(said)
    )
    ticket = Ticket(
        vendor="zendesk", id="7", subject=subject, status=Status.OPEN, requester=people[Role.REQUESTER],
        messages=thread, created_at=NOW, updated_at=NOW, stamp="s",
    )  # fmt: skip
    assert read(ticket, language_of=lambda text: "en").message_id in ("", *(message.id for message in thread))


@often
@given(values=st.dictionaries(st.sampled_from([field.alias for field in Settings.model_fields.values()]), soup))
def test_any_environment_gives_settings_or_named_problems(tmp_path, monkeypatch, values):
    """Any words in the variables, and in .env: settings, or an error that names the variable and hides secrets."""
    monkeypatch.chdir(tmp_path)
    clean = {name: value.replace("\0", "") for name, value in values.items()}
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in clean.items()}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in clean.items()), encoding="utf-8")
    aliases = [str(field.alias) for field in Settings.model_fields.values()]
    for given_values in ({}, clean):
        words = words_of(SettingsError, lambda found=given_values: load_settings(**found))
        assert not words or any(alias in words for alias in aliases)


@often
@given(name=st.sampled_from(FILES), found=raw)
def test_any_policy_file_gives_a_policy_or_a_named_error(tmp_path, name, found):
    """Any bytes in one of the files: a policy, or one error that names the file or the folder."""
    for one in FILES:
        (tmp_path / one).write_bytes(b'[models]\nclassify = "a"\ndraft = "b"\n' if one == "policy.toml" else b"")
    (tmp_path / name).write_bytes(found)
    words = words_of(PolicyError, lambda: load_policy(tmp_path))
    assert not words or str(tmp_path) in words


@often
@given(rows=st.lists(lines, max_size=5))
def test_any_data_file_gives_rows_or_a_named_error(tmp_path, rows):
    """Any lines in a JSONL file: rows, or one error that names the file."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(rows))
    for load, error in (
        (tickets_from_jsonl, WorldError),
        (articles_from_jsonl, WorldError),
        (lambda found: read_cases(found, ["text"]), CasesError),
    ):
        words = words_of(error, lambda load=load: load(path))
        assert not words or "rows.jsonl" in words


def test_a_line_separator_inside_a_text_ends_no_row(tmp_path):
    """U+2028 may stand in JSON as it is; the row it stands in is one row."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "one\u2028two"}\n{"text": "three"}\n', encoding="utf-8")
    assert [row["text"] for row in read_cases(path, ["text"])] == ["one\u2028two", "three"]
