"""`deskhand up`: in order, and with one clear line where something does not start. The whole: tests/end_to_end."""

import socket
import sys

import pytest

from config.settings import Settings
from scripts import up
from scripts.__main__ import main
from scripts.processes import Child, Family, StartError, free_port


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, DESKHAND_DATA=tmp_path, DESKHAND_PORT=free_port(), REDIS_URL="", CHROMA_URL="")


@pytest.fixture
def family():
    held = Family()
    yield held
    held.stop(patience_seconds=2)


def preparing(monkeypatch, code):
    """Let the preparation run this code instead."""
    monkeypatch.setattr(up, "own_command", lambda *words: [sys.executable, "-c", code, *words])


def test_each_step_of_the_preparation_is_said(settings, monkeypatch):
    """As it comes, without what the logs say in between."""
    preparing(monkeypatch, "print('database: at revision 7\\n{\"event\": 1}\\nhelp centre: up to date')")
    said = []
    up.prepare(settings, {}, said.append)
    assert said == ["database: at revision 7", "help centre: up to date"]


def test_a_step_that_fails_ends_it_with_its_own_words(settings, monkeypatch):
    """What was done before it has been said."""
    preparing(monkeypatch, "import sys; print('database: at revision 7', flush=True); sys.exit('disk is full')")
    said = []
    with pytest.raises(StartError, match="disk is full"):
        up.prepare(settings, {}, said.append)
    assert said == ["database: at revision 7"]


def test_given_stores_are_used_and_not_started(settings, family):
    """With both URLs set no Redis and no Chroma is started."""
    given = settings.model_copy(update={"redis_url": "redis://there", "chroma_url": "http://there:1"})
    env = up._start_stores(given, family, lambda words: None, lambda: None)
    assert env == {"REDIS_URL": "redis://there", "CHROMA_URL": "http://there:1"}
    assert family.children == []


def test_a_receiver_that_never_gets_ready_is_quoted(settings, family, tmp_path):
    """The error carries the receiver's last words."""
    code = "print('no database here', flush=True); import time; time.sleep(30)"
    family.add(Child("receiver", [sys.executable, "-c", code], tmp_path / "receiver.log"))
    with pytest.raises(StartError, match="no database here"):
        up.wait_until_ready(settings, family, seconds=1.0)


def test_waiting_ends_when_asked_to_stop(settings, family):
    """Ctrl-C before it is ready is not an error."""
    assert up.wait_until_ready(settings, family, is_stopping=lambda: True) is False


def test_a_taken_port_is_one_line(tmp_path, monkeypatch, capsys):
    """The command ends with 1 and names the port; nothing was started."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        for name, value in {"DESKHAND_DATA": str(tmp_path / "var"), "DESKHAND_PORT": str(port)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        assert main(["up"]) == 1
    assert capsys.readouterr().err == (
        f"deskhand up: port {port} for the receiver is taken: stop what uses it, or choose another\n"
    )
    assert not (tmp_path / "var").exists()


def test_without_a_helpdesk_nothing_starts(tmp_path, monkeypatch, capsys):
    """Nobody waits for Redis and Chroma to learn that there is nothing to work on."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("DESKHAND_PORT", str(free_port()))
    monkeypatch.delenv("ZENDESK_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["up"]) == 1
    assert (
        capsys.readouterr().err
        == "deskhand up: ZENDESK_URL, INTERCOM_ACCESS_TOKEN: missing; no helpdesk is connected, see docs/*.md\n"
    )
    assert not (tmp_path / "var").exists()
