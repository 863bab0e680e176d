"""What every stand-in's control API has, by the model's."""

import pytest

from scripts.sandbox.model import create_model_app


@pytest.fixture
def control():
    return create_model_app().test_client()


def test_faults_are_replaced_and_shown(control):
    """A fault belongs to the service it was set at, unless it names another; what is left of `times` shows."""
    rows = [
        {"path": "/v1/messages", "status": 529, "times": 2},
        {"path": "/tickets", "service": "zendesk", "status": 503},
    ]
    assert control.post("/_control/faults", json={"faults": rows}).json == {"faults": 2}
    control.post("/v1/messages")
    shown = control.get("/_control/faults").json["faults"]
    assert shown[0] == {"path": "/v1/messages", "service": "model", "status": 529, "times": 1}
    assert shown[1]["service"] == "zendesk"
    assert control.post("/_control/faults", json={"faults": []}).json == {"faults": 0}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("faults", {"faults": [{"answer": "wise"}]}, "unknown answer wise"),
        ("faults", [], "JSON object"),
        ("model", {"charakter": "honest"}, "unknown switch charakter"),
    ],
)
def test_a_mistake_is_said(control, path, body, words):
    """400 with what is wrong."""
    refused = control.post(f"/_control/{path}", json=body)
    assert refused.status_code == 400
    assert words in refused.json["error"]


def test_only_this_machine_is_answered(control):
    """Another address is refused."""
    assert control.get("/_control/faults", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403


def test_the_books_can_be_read_by_service(control):
    """Newer than, of one kind, of one service."""
    control.get("/v1/models", headers={"x-api-key": "k", "anthropic-version": "1"})
    entries = control.get("/_control/books?service=model&kind=request").json["entries"]
    assert [entry["path"] for entry in entries] == ["/v1/models"]
    assert control.get("/_control/books?service=zendesk").json["entries"] == []


def test_a_reset_starts_again(control):
    """Faults, switches and books are as at the start."""
    control.post("/_control/model", json={"character": "obedient"})
    control.post("/_control/faults", json={"faults": [{"status": 500}]})
    assert control.post("/_control/reset").json == {"reset": True}
    assert control.get("/_control/model").json["character"] == "honest"
    assert control.get("/_control/faults").json["faults"] == []
