"""Faults as a client meets them, over real HTTP."""

import json
import time

import pytest
import requests

from scripts.sandbox.faults import parse

pytestmark = pytest.mark.real


@pytest.fixture(name="call")
def call_fixture(served, basic):
    """Set one fault on `users/me` of a served twin and ask for it."""
    url, twin = served()

    def call(**fault):
        twin.faults.replace([parse({"path": "/users/me$", **fault})])
        return requests.get(f"{url}/api/v2/users/me", auth=basic, timeout=5)

    return call


def test_dropped_answer_is_silence(call):
    """The connection closes without a byte of an answer."""
    with pytest.raises(requests.ConnectionError):
        call(drop_answer=True)


def test_reset_in_mid_body_breaks_off(call):
    """Half of the promised body arrives, then the connection is reset."""
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call(reset_mid_body=True)


def test_wrong_json_comes_with_a_good_status(call):
    """The body is cut, yet status and length say that it is whole."""
    answer = call(wrong_json=True)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_drip_spreads_the_body_over_time(call):
    """The whole body arrives, slowly."""
    start = time.monotonic()
    answer = call(drip_seconds=0.4)
    assert answer.json()["user"]["role"] == "admin"
    assert time.monotonic() - start >= 0.35


def test_delays_stand_before_or_after_the_work(served, basic, wait_until):
    """A client that gives up during `delay_before` stopped nothing, and one in `delay_after_commit` is too late."""
    url, twin = served()
    change = {"ticket": {"subject": "S", "comment": {"body": "x"}}}
    twin.faults.replace([parse({"method": "POST", "path": "/tickets$", "delay_after_commit": 0.5})])
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{url}/api/v2/tickets", json=change, auth=basic, timeout=0.2)
    wait_until(lambda: len(twin.world.tickets) == 1)
    twin.faults.replace([parse({"method": "POST", "path": "/tickets$", "delay_before": 0.4, "status": 500})])
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{url}/api/v2/tickets", json=change, auth=basic, timeout=0.2)
    assert len(twin.world.tickets) == 1
