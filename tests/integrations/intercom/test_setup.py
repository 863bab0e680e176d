"""Setting an Intercom workspace up over HTTP: what the API makes, what is said to be done by hand, and the proof."""

from collections import Counter

import pytest

from config.settings import Settings
from integrations.errors import IntegrationError
from integrations.intercom import writes
from integrations.intercom.setup import ARRIVAL_SECONDS, IntercomSetup, build_setup
from integrations.intercom.webhook import IntercomWebhook
from integrations.setup import BY_HAND, Act, Macro, Wish
from tests.fakes.intercom_server import TOKEN, intercom_server, refuse
from tests.fakes.raw_server import raw_server, reply

WISH = Wish(
    "http://127.0.0.1:9",
    ("deskhand_off",),
    (Macro("send", "Send it", "deskhand_do_send", "Sends it."), Macro("stop", "Keep out", "deskhand_stop", "Quiet.")),
    {"billing": "Bills"},
    ("Billing", "Legal"),
)


@pytest.fixture
def server():
    with intercom_server() as running:
        yield running


class Time:
    seconds = 0.0

    def sleep(self, seconds):
        self.seconds += seconds

    def clock(self):
        return self.seconds


def setup_of(server, door="http://127.0.0.1:9", secrets=("current", "old")):
    time = Time()
    return IntercomSetup(server.url, TOKEN, door, secrets, sleep=time.sleep, clock=time.clock)


def acts(steps):
    return Counter((step.kind, step.act) for step in steps)


def test_everything_the_api_makes_is_made_once(server):
    """Attributes and tags, then what only a person can do; the second run changes nothing."""
    by_hand = {(BY_HAND, Act.MISSING): 5, ("group", Act.KEEP): 1, ("group", Act.MISSING): 1}
    made = {("attribute", Act.CREATE): 3, ("tag", Act.CREATE): 7, **by_hand}
    kept = {("attribute", Act.KEEP): 3, ("tag", Act.KEEP): 7, **by_hand}
    assert acts(setup_of(server).connect(WISH, is_dry=True)) == made
    assert (server.attributes, list(server.tags.values())) == ([], ["vip"])
    assert acts(setup_of(server).connect(WISH, is_dry=False)) == made
    assert {row["name"] for row in server.attributes} == {writes.REPLIES, writes.OUTCOME, writes.PRIORITY}
    assert {"deskhand_do_send", "deskhand_off", "deskhand_send"} <= set(server.tags.values())
    assert acts(setup_of(server).connect(WISH, is_dry=False)) == kept


def test_what_is_to_be_clicked_is_said_exactly(server):
    """Address, version, topics, permissions and where the secret stands."""
    said = {step.name: step.detail for step in setup_of(server).connect(WISH, is_dry=True) if step.kind == BY_HAND}
    assert "http://127.0.0.1:9/webhooks/intercom" in said["address"]
    assert "conversation.user.created" in said["topics"]
    assert "conversation_part.redacted" in said["topics"]
    assert "2.16" in said["version"]
    assert "INTERCOM_CLIENT_SECRETS" in said["secret"]


def test_removing_archives_what_it_made_and_nothing_else(server):
    """An attribute of the same name without our words is somebody else's; tags stay as the record."""
    list(setup_of(server).connect(WISH, is_dry=False))
    server.attributes[1]["description"] = "Mine"
    assert len(list(setup_of(server).remove(is_dry=True))) == 2
    assert not any(row["archived"] for row in server.attributes)
    assert {step.act for step in setup_of(server).remove(is_dry=False)} == {Act.REMOVE}
    assert [row["archived"] for row in server.attributes] == [True, False, True]
    assert list(setup_of(server).remove(is_dry=False)) == []


def test_our_door_is_knocked_at_as_intercom_does(server):
    """HEAD, then a ping under the current secret; it proves nothing of Intercom and makes nothing there."""
    with raw_server(reply(), reply(body=b'{"status": "stored"}')) as door:
        trial = setup_of(server, door.url).try_delivery()
    assert (trial.is_ok, trial.has_delivered) == (True, False)
    (head, _, _), (post, headers, body) = door.requests
    assert head.startswith("HEAD /webhooks/intercom")
    assert post.startswith("POST /webhooks/intercom")
    IntercomWebhook(["current"]).verify(headers, body, now=None)  # type: ignore[arg-type]
    assert server.seen == []


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found", "503 Service Unavailable"])
def test_a_door_that_does_not_open_is_said(server, status):
    """Then Intercom is not asked at all."""
    with raw_server(reply(), reply(status)) as door:
        trial = setup_of(server, door.url).try_delivery(lambda _: True)
    assert not trial.is_ok
    assert status[:3] in trial.detail
    assert not setup_of(server, door.url, secrets=()).try_delivery().is_ok
    assert server.seen == []


@pytest.mark.parametrize("comes", [True, False])
def test_a_real_delivery_is_the_proof_and_leaves_nothing_behind(server, comes):
    """A lead begins a silenced conversation; whether its delivery comes or not, both are deleted again."""
    looked = []

    def arrived(text):
        looked.append(text)
        tags = server.conversations["777"]["tags"]["tags"]
        return comes and [tag["name"] for tag in tags] == ["deskhand_off"] and len(looked) > 2

    with raw_server(reply(), reply(body=b"{}")) as door:
        setup = setup_of(server, door.url)
        list(setup.connect(WISH.__class__(door.url, WISH.off_tags, (), {}, ()), is_dry=True))
        trial = setup.try_delivery(arrived)
    assert (trial.is_ok, trial.has_delivered) == (comes, True)
    assert set(looked) == {"777"}
    assert "777" not in server.conversations
    assert len(server.contacts) == 1
    if not comes:
        assert len(looked) >= ARRIVAL_SECONDS


def test_a_trial_that_fails_half_way_is_tidied(server):
    """The lead goes although no conversation could be begun."""
    server.fail("POST", "/conversations", refuse(403, "forbidden", "no"))
    with raw_server(reply(), reply(body=b"{}")) as door, pytest.raises(IntegrationError):
        setup_of(server, door.url).try_delivery(lambda _: True)
    assert len(server.contacts) == 1


def test_building_needs_the_token(server):
    """And tells neither secret nor more than the vendor's time."""
    made = build_setup(Settings(_env_file=None, intercom_url=server.url, intercom_access_token=TOKEN))  # type: ignore[call-arg]
    assert made.signing_secret() == ""
    assert made.vendor_time() is not None
    with pytest.raises(ValueError, match="INTERCOM_ACCESS_TOKEN"):
        build_setup(Settings(_env_file=None))  # type: ignore[call-arg]
