"""`deskhand demo`: sets a whole machine up, plays tickets to their end, counts, and leaves nothing running."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from config.settings import Settings
from scripts import demo
from scripts.__main__ import main
from scripts.processes import StartError, free_port, own_command, require_free
from scripts.world.load import load_world
from tests.fakes.stack import lend_model, write_small_config

FIELDS = {
    "tickets", "settled", "sent", "drafted", "assisted", "handed_off", "ignored", "failed", "learned", "duplicates",
    "seconds", "latency_ms", "cost_usd", "input_tokens", "results",
}  # fmt: skip


def free_ports():
    """Return the first of four free ports in a row."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + 4):
                require_free(port, "test")
        except (StartError, OverflowError):
            continue
        return first


@pytest.mark.real
@pytest.mark.xdist_group("stack")
def test_once_plays_every_ticket_and_stops_all(tmp_path):
    """Two tickets and a learning scene on both helpdesks: all settled once, in the contract's fields; ports freed."""
    lend_model(tmp_path)
    port = free_ports()
    env = {**os.environ, "DESKHAND_DATA": str(tmp_path), "DESKHAND_CONFIG": str(write_small_config(tmp_path))}
    env.pop("ANTHROPIC_API_KEY", None)
    wanted = ("--once", "--limit", "2", "--vendor", "both", "--model-latency", "0", "--json", "-")
    words = own_command("demo", *wanted, "--port", str(port))
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary.keys() >= FIELDS
    assert (summary["tickets"], summary["settled"], summary["failed"], summary["duplicates"]) == (4, 4, 0, 0)
    assert (summary["learned"], summary["lessons_used"]) == (1, 1)
    assert {row["vendor"] for row in summary["results"]} == {"zendesk", "intercom"}
    assert len(summary["results"]) == 4
    assert "simulated" in done.stderr
    for one in range(port, port + 4):
        require_free(one, "demo's end")


@pytest.mark.real
@pytest.mark.xdist_group("stack")
@pytest.mark.parametrize("phase", ["redis runs", "database"])
def test_an_interrupt_while_starting_leaves_nothing(tmp_path, phase):
    """Ctrl-C in the middle of the start: every process ends, every port is free, and no traceback is shown."""
    lend_model(tmp_path)
    port = free_ports()
    env = {**os.environ, "DESKHAND_DATA": str(tmp_path), "DESKHAND_CONFIG": str(write_small_config(tmp_path))}
    words = own_command("demo", "--once", "--limit", "1", "--port", str(port))
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo_run:
        assert demo_run.stdout is not None
        said = ""
        while phase not in said:
            line = demo_run.stdout.readline()
            assert line, said
            said += line
        demo_run.send_signal(signal.SIGINT)
        said += demo_run.stdout.read()
        assert demo_run.wait(30) == 1
    assert "stopping" in said
    assert "Traceback" not in said
    for one in range(port, port + 4):
        require_free(one, "demo's end")
    assert list(processes_of(tmp_path)) == []


def processes_of(data):
    """Yield the processes that were started with this data folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"DESKHAND_DATA={data}".encode() in (folder / "environ").read_bytes():
                yield folder.name
        except OSError:
            continue


def test_a_taken_port_is_one_line(tmp_path, monkeypatch, capsys):
    """Nothing is started or cleared when the inbox's port is somebody else's."""
    first = free_ports()
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with socket.socket() as held:
        held.bind(("127.0.0.1", first + 1))
        held.listen()
        assert main(["demo", "--once", "--port", str(first)]) == 1
    assert f"port {first + 1} for the inbox is taken" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def parsed(*words):
    import argparse

    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(words)


def test_a_limit_shortens_the_sample_and_files_replace_it(tmp_path):
    """With a file of tickets there are no scenes; without anything the whole sample is played."""
    whole = load_world()
    assert len(demo._world(parsed()).tickets) == len(whole.tickets)
    short = demo._world(parsed("--limit", "3"))
    assert (len(short.tickets), len(short.scenes)) == (3, 1)
    path = tmp_path / "tickets.jsonl"
    path.write_text('{"ticket_id": "x1", "subject": "S", "body": "B"}\n' * 5)
    given = demo._world(parsed("--tickets", str(path), "--limit", "2"))
    assert (len(given.tickets), given.scenes, given.articles) == (2, (), whole.articles)


def test_a_new_demo_starts_afresh_but_keeps_the_model(tmp_path):
    """The last run's records are gone; the exported model, which costs time, is shared and stays."""
    data = tmp_path / "demo"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.onnx").write_bytes(b"model")
    demo._clear(data)
    (data / "old.sqlite3").write_text("old")
    (data / "chroma").mkdir()
    demo._clear(data)
    assert [path.name for path in data.iterdir()] == ["models"]
    assert (data / "models" / "m.onnx").read_bytes() == b"model"


@pytest.mark.parametrize("key", ["", "a-real-key"])
def test_a_key_decides_which_model_answers(tmp_path, monkeypatch, key):
    """Without a key it is the stand-in on this machine; with one nothing points the SDK away from the real API."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    env = demo._environment(parsed("--port", "9000"), tmp_path, tmp_path)
    assert env.get("ANTHROPIC_BASE_URL") == (None if key else "http://127.0.0.1:9002")
    assert env["ANTHROPIC_API_KEY"] == (key or "sandbox")
    assert Settings(_env_file=None, **env).host == "127.0.0.1"
    assert len({demo._environment(parsed(), tmp_path, tmp_path)["ZENDESK_WEBHOOK_SECRETS"] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("vendor", "on"), [("zendesk", (True, False)), ("intercom", (False, True)), ("both", (True, True))]
)
def test_the_vendor_decides_which_helpdesks_are_on(tmp_path, vendor, on):
    """What is not played is switched off, also where the surroundings have it on."""
    env = demo._environment(parsed("--vendor", vendor, "--port", "9000"), tmp_path, tmp_path)
    settings = Settings(_env_file=None, **env)
    assert (settings.has_zendesk, settings.has_intercom) == on
    assert not on[1] or settings.intercom_url == "http://127.0.0.1:9003"
