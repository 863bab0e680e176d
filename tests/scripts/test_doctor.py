"""`deskhand doctor`: what it prints, its exit code, and that settings come first."""

import json

import pytest

from config.settings import Settings
from scripts import doctor
from scripts.__main__ import main
from scripts.checkup import fail, ok, skipped, warn


@pytest.fixture
def here(tmp_path, monkeypatch):
    config = Settings(_env_file=None).config.resolve()  # type: ignore[call-arg]
    for name in ("ZENDESK_URL", "INTERCOM_ACCESS_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DESKHAND_CONFIG", str(config))
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_wrong_why_and_how_to_mend_it(here, monkeypatch, capsys):
    """Each finding is told in full; one failure is exit code 1."""
    found = [ok("one", "fine"), warn("two", "old", why="it ends", mend="renew it"), skipped("three", "later")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "why it matters: it ends" in out
    assert "how to mend it: renew it" in out
    assert "1 fine, 1 to look at, 0 to mend" in out
    monkeypatch.setattr(doctor, "examine", lambda: iter([*found, fail("four", "gone", why="w", mend="m")]))
    assert main(["doctor", "--json", "-"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["is_ok"], [row["state"] for row in said["checks"]]) == (False, ["ok", "warn", "skipped", "fail"])


def test_settings_that_cannot_be_read_come_alone(here, monkeypatch, capsys):
    """Nothing else could be looked at; every problem is named."""
    monkeypatch.setenv("DESKHAND_PORT", "many")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "DESKHAND_PORT" in out
    assert "0 fine" in out


def test_a_bare_machine_is_told_everything_at_once(here, capsys):
    """No database, no model, no helpdesk, no receiver: one run names all of it and ends."""
    assert main(["doctor", "--json", "-"]) == 1
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    assert {checks[name]["state"] for name in ("database", "receiver", "helpdesk")} == {"fail"}
    assert checks["settings"]["state"] == "ok"
    assert all(row["mend"] for row in checks.values() if row["state"] == "fail")
