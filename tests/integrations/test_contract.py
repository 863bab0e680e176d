"""One suite for every vendor in the registry: what the rest of the house relies on, whoever is at the other end."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from integrations.errors import NotFoundError, SignatureError, TransientError
from integrations.helpdesk import EventKind, TicketEvent, Webhook
from integrations.intercom import webhook as intercom
from integrations.registry import VENDORS, build_helpdesk, build_webhook
from integrations.zendesk import webhook as zendesk
from scripts.processes import free_port

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "a-signing-secret-of-these-tests"


@dataclass(frozen=True)
class Vendor:
    """What the suite must know of a vendor: settings that switch it on, and how it signs."""

    settings: Callable[[str], dict[str, Any]]
    sign: Callable[[str, bytes, datetime], dict[str, str]]
    unknown_ticket: str = "0"


def _sign_zendesk(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "X-Zendesk-Webhook-Signature": zendesk.sign(secret, timestamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    }


KNOWN = {
    "zendesk": Vendor(
        settings=lambda url: {
            "zendesk_url": url,
            "zendesk_email": "bot@tidemark.example",
            "zendesk_api_token": "token",
            "zendesk_webhook_secrets": f"{SECRET},old-{SECRET}",
        },
        sign=_sign_zendesk,
    ),
    "intercom": Vendor(
        settings=lambda url: {
            "intercom_url": url,
            "intercom_access_token": "token",
            "intercom_client_secrets": f"{SECRET},old-{SECRET}",
        },
        sign=lambda secret, body, now: {"X-Hub-Signature": intercom.sign(secret, body)},
    ),
}
PAYLOADS = [(vendor, path) for vendor in VENDORS for path in sorted((HERE / vendor / "payloads").glob("*.json"))]
each_vendor = pytest.mark.parametrize("vendor", VENDORS)
each_payload = pytest.mark.parametrize(("vendor", "path"), PAYLOADS, ids=[f"{v}/{p.stem}" for v, p in PAYLOADS])


def settings(vendor: str, url: str = "https://acme.example") -> Settings:
    return Settings(_env_file=None, **KNOWN[vendor].settings(url))  # type: ignore[call-arg]


def webhook(vendor: str) -> Webhook:
    return build_webhook(vendor, settings(vendor))


def body_of(path: Path) -> tuple[dict[str, str], bytes, list[Mapping[str, Any]]]:
    """Return headers, raw body as it was seen on the wire (indented, sorted, a line feed at the end), and events."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    raw = json.dumps(recorded["body"], indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    return recorded["headers"], raw, recorded["expected"]


def as_written(event: TicketEvent) -> dict[str, Any]:
    fields = asdict(event)
    del fields["vendor"]
    return {**fields, "occurred_at": event.occurred_at.isoformat() if event.occurred_at else None}


@each_vendor
def test_a_vendor_has_the_files_of_a_vendor(vendor):
    """Each vendor's folder holds the same four files, and its payloads are here."""
    names = {path.name for path in (ROOT / "integrations" / vendor).iterdir() if path.is_file()}
    assert names >= {"README.md", "__init__.py", "client.py", "webhook.py", "wire.py"}
    assert (ROOT / "integrations" / vendor / "__init__.py").read_text() == ""
    assert vendor in KNOWN
    assert any(found == vendor for found, _ in PAYLOADS)


@each_vendor
def test_a_vendor_says_what_its_writes_can_be_relied_on_for(vendor):
    """No write is in flight for longer than our own deadline and a margin; nothing is promised that is not known."""
    abilities, hasty = (build_helpdesk(vendor, settings(vendor), timeout_seconds=most).abilities for most in (14, 4))
    assert abilities.longest_flight_seconds > 30
    assert 0 <= abilities.read_lag_seconds < abilities.longest_flight_seconds
    assert abilities.longest_flight_seconds - hasty.longest_flight_seconds == 10


@each_payload
def test_a_recorded_delivery_is_believed_named_and_read(vendor, path):
    """A delivery as the vendor sends it passes verification, keeps its name, and is read as the recording says."""
    headers, raw, expected = body_of(path)
    signed = {**headers, **KNOWN[vendor].sign(SECRET, raw, NOW)}
    hook = webhook(vendor)
    hook.verify(signed, raw, now=NOW)
    assert hook.delivery_id(signed, raw) == hook.delivery_id(dict(signed), bytes(raw))
    events = hook.parse(signed, raw)
    assert [as_written(event) for event in events] == expected
    assert {event.vendor for event in events} == {vendor}


@each_vendor
def test_every_kind_of_event_is_recorded(vendor):
    """The recordings cover every kind of hint at least once."""
    kinds = {event["kind"] for found, path in PAYLOADS if found == vendor for event in body_of(path)[2]}
    assert kinds == {kind.value for kind in EventKind}


@each_vendor
def test_recorded_deliveries_have_different_names(vendor):
    """No two of the recorded deliveries get the same name."""
    hook, names = webhook(vendor), []
    for found, path in PAYLOADS:
        if found == vendor:
            headers, raw, _ = body_of(path)
            names.append(hook.delivery_id(headers, raw))
    assert len(set(names)) == len(names)


@each_payload
def test_a_forged_delivery_is_refused(vendor, path):
    """Without headers, with another secret, or with one byte changed, a delivery is a SignatureError."""
    headers, raw, _ = body_of(path)
    hook, sign = webhook(vendor), KNOWN[vendor].sign
    hook.verify({**headers, **sign(f"old-{SECRET}", raw, NOW)}, raw, now=NOW)
    for forged, body in (
        (headers, raw),
        ({}, raw),
        ({**headers, **sign("not-our-secret", raw, NOW)}, raw),
        ({**headers, **sign(SECRET, raw, NOW)}, raw + b" "),
        ({**headers, **sign(SECRET, raw, NOW)}, raw[:-1]),
    ):
        with pytest.raises(SignatureError):
            hook.verify(forged, body, now=NOW)


@each_vendor
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}'])
def test_nonsense_is_a_value_error_and_nothing_else(vendor, body):
    """A body that is no JSON object is a ValueError for every reader of it."""
    for read in (webhook(vendor).parse, webhook(vendor).delivery_id):
        with pytest.raises(ValueError):
            read({}, body)


@each_vendor
def test_an_object_of_another_world_is_ignored(vendor):
    """A JSON object that means nothing to the vendor is kept and ignored."""
    assert {event.kind for event in webhook(vendor).parse({}, b'{"hello": "world"}')} <= {EventKind.IGNORED}


@each_vendor
def test_a_helpdesk_that_is_away_is_transient(vendor):
    """With nobody at the other end every method is a TransientError that leaves no doubt."""
    desk = build_helpdesk(vendor, settings(vendor, f"http://127.0.0.1:{free_port()}"))
    assert desk.vendor == vendor
    for call in (
        desk.me,
        desk.teams,
        lambda: desk.ticket("1"),
        lambda: desk.changes("", since=NOW - timedelta(days=1)),
        lambda: list(desk.articles()),
        lambda: list(desk.articles(updated_since=NOW)),
    ):
        with pytest.raises(TransientError) as caught:
            call()
        assert caught.value.vendor == vendor
        assert not caught.value.maybe_done


@each_vendor
def test_what_is_no_id_is_not_found(vendor):
    """A ticket id that cannot be one is not found, without asking."""
    desk = build_helpdesk(vendor, settings(vendor, f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(NotFoundError):
        desk.ticket(KNOWN[vendor].unknown_ticket)


@each_vendor
def test_the_door_stays_light(vendor):
    """Building the receiving half loads neither the HTTP library nor any model library."""
    code = (
        "import sys; from config.settings import Settings; from integrations import registry\n"
        f"registry.build_webhook({vendor!r}, Settings(_env_file=None, **{KNOWN[vendor].settings('https://x.example')!r}))\n"
        "heavy = {'requests', 'urllib3', 'anthropic', 'torch', 'onnxruntime', 'numpy', 'chromadb', 'sqlalchemy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
