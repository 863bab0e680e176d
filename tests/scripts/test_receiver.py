"""The receiver as a process: it refuses a half-made setting, answers over real sockets, and stops in good order."""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.settings import Settings, SettingsError
from integrations.zendesk.webhook import sign
from scripts import receiver
from scripts.processes import free_port
from workers.store.migrate import SchemaError, migrate
from workers.store.tables import delivery, open_engine

ROOT = Path(__file__).parents[2]
SECRET = "a-signing-secret-of-the-tests-0123456789"


def environment(folder, **more):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/test.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CHROMA_URL": "http://127.0.0.1:1",
        "ZENDESK_URL": "https://acme.zendesk.com",
        "ZENDESK_WEBHOOK_SECRETS": SECRET,
        "ZENDESK_EMAIL": "bot@acme.example",
        "ZENDESK_API_TOKEN": "canary-token",
        **more,
    }


def settings(folder, **more):
    return Settings(_env_file=None, **{k: v for k, v in environment(folder, **more).items() if "_" in k})


@pytest.fixture
def migrated(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/test.sqlite3")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def running(migrated, tmp_path):
    """A receiver of one process and eight threads that cuts slow clients off after two seconds."""
    port = free_port()
    code = "import sys; from scripts import receiver; receiver.REQUEST_SECONDS = 2.0; import argparse\n"
    code += "sys.exit(receiver.run(argparse.Namespace(processes=1, threads=8)))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path, DESKHAND_PORT=str(port)),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
    process.port = port
    yield process
    if process.poll() is None:
        process.kill()
    process.stderr.close()


def signed(number):
    body = json.dumps({"source": "trigger", "ticket_id": "42", "latest_comment_id": str(number)}).encode()
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Invocation-Id": f"I{number}",
        "X-Zendesk-Webhook-Signature": sign(SECRET, stamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }
    return body, headers


def post(port, number=1):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body, headers = signed(number)
    connection.request("POST", "/webhooks/zendesk", body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def count(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(delivery))


def test_what_is_missing_is_named_all_at_once(tmp_path):
    """No vendor, no Redis, no Chroma: three lines, and nothing starts."""
    bare = settings(tmp_path).model_copy(update={"zendesk_url": "", "redis_url": "", "chroma_url": ""})
    with pytest.raises(SettingsError) as caught:
        receiver.require_ready(bare)
    named = [line.split(":")[0] for line in str(caught.value).splitlines()]
    assert named == ["ZENDESK_URL, INTERCOM_ACCESS_TOKEN", "REDIS_URL", "CHROMA_URL"]


def test_a_database_behind_this_release_keeps_the_door_shut(tmp_path):
    """The message says what to run."""
    with pytest.raises(SchemaError, match="deskhand migrate"):
        receiver.require_ready(settings(tmp_path))


def test_a_database_that_cannot_be_opened_is_said_without_its_address(tmp_path):
    """A password in the address stays out of the message."""
    away = f"sqlite:///{tmp_path}/none/canary.sqlite3"
    with pytest.raises(SchemaError, match="DATABASE_URL") as caught:
        receiver.require_ready(settings(tmp_path, DATABASE_URL=away))
    assert "canary" not in str(caught.value)


def test_everything_in_place_opens_the_door(migrated, tmp_path):
    """Neither Redis nor Chroma has to answer: the receiver stores without them."""
    receiver.require_ready(settings(tmp_path))


def test_the_command_says_what_is_wrong_and_returns_1(tmp_path, monkeypatch, capsys):
    """One clear line a problem, no traceback."""
    for name in list(os.environ):
        if name.startswith(("ZENDESK", "DESKHAND", "DATABASE", "REDIS", "CHROMA")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(receiver, "set_up_logs", lambda: None)
    assert receiver.run(argparse.Namespace(processes=1, threads=1)) == 1
    words = capsys.readouterr().err
    assert "deskhand receiver: REDIS_URL: missing" in words
    assert "Traceback" not in words


def test_processes_and_threads_follow_the_database_or_are_chosen(tmp_path):
    """One process writes to a SQLite file, several to a server; both numbers are options."""
    parser = argparse.ArgumentParser()
    receiver.add_arguments(parser)
    assert parser.parse_args([]).threads == receiver.THREADS
    assert parser.parse_args(["--processes", "3"]).processes == 3
    assert receiver.processes_for(settings(tmp_path)) == 1
    assert receiver.processes_for(settings(tmp_path, DATABASE_URL="postgresql+psycopg://db/deskhand")) == 2


@pytest.mark.real
def test_a_signed_request_over_a_real_socket_is_stored_while_redis_is_away(running, migrated):
    """2xx and a committed row; the answer does not wait for Redis or Chroma."""
    assert post(running.port) == (200, {"status": "stored"})
    assert post(running.port) == (200, {"status": "duplicate"})
    assert count(migrated) == 1


@pytest.mark.real
def test_a_huge_body_without_a_length_is_413(running, migrated):
    """A chunked body is cut off at the limit."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    chunks = (b"x" * 65_536 for _ in range(17))
    connection.request(
        "POST", "/webhooks/zendesk", chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert connection.getresponse().status == 413
    assert count(migrated) == 0


@pytest.mark.real
def test_stopping_lets_what_has_begun_finish(running, migrated):
    """SIGTERM ends the process with 0, and every 2xx that was given has its row."""
    stored = sum(post(running.port, number)[0] == 200 for number in range(20))
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0
    assert count(migrated) == stored == 20


@pytest.mark.real
def test_clients_that_drip_their_request_are_cut_off(running):
    """More slow clients than threads hold the door for two seconds, not for ever."""
    slow = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(8)]
    for one in slow:
        one.sendall(b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nX-Drip: ")
    begun = time.monotonic()
    assert post(running.port, 5)[0] == 200
    assert time.monotonic() - begun < 8
    slow[0].settimeout(5)
    assert not slow[0].recv(1000).startswith(b"HTTP/1.1 2")
    for one in slow:
        one.close()


@pytest.mark.real
def test_the_log_is_json_and_names_no_secret(running):
    """gunicorn's words and ours go out as JSON lines without the settings' secrets."""
    post(running.port)
    running.send_signal(signal.SIGTERM)
    running.wait(20)
    lines = running.stderr.read().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not [line for line in lines if "canary" in line or SECRET in line]


def test_the_door_loads_no_model_library():
    """The process that takes webhooks in stays small."""
    heavy = ("torch", "onnxruntime", "chromadb", "anthropic", "sklearn", "sentence_transformers", "numpy", "scipy")
    code = "import sys, app, scripts.receiver; app.create_app; from config.settings import Settings\n"
    code += "app.create_app(Settings(_env_file=None, ZENDESK_URL='https://a.zendesk.com', ZENDESK_WEBHOOK_SECRETS='x',"
    code += f" REDIS_URL='redis://127.0.0.1:1'))\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
