"""Dockerfile and compose.yaml, as far as they can be tried without an engine: nothing in them is made up."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from config.settings import Settings, load_settings
from scripts.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("image") == "deskhand"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
VARIABLES = {str(field.alias) for field in Settings.model_fields.values()}
# What is not ours to read: the Python in the image, and PostgreSQL's own.
OTHERS = {"PYTHONUNBUFFERED", "POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", OURS)
def test_every_service_runs_a_command_that_exists(name):
    """What a service starts is one of our commands, with a module behind it, and takes the words it is given."""
    command, *words = SERVICES[name]["command"]
    assert "entrypoint" not in SERVICES[name]
    assert find_spec(COMMANDS[command].module)
    done = subprocess.run(
        [sys.executable, "-m", "scripts", command, *words, "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_process_of_a_machine_has_its_service():
    """The door, the workers, the scheduler, and what prepares for them."""
    assert {SERVICES[name]["command"][0] for name in OURS} == {"prepare", "receiver", "worker", "scheduler"}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_of_the_settings(name):
    """A misspelt variable would be ignored in silence; with an example's values in it, the settings load."""
    environment = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
    assert set(environment) <= VARIABLES
    filled = {key: re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value) for key, value in environment.items()}
    settings = load_settings(_env_file=None, **filled)
    stores = {urlsplit(url).hostname for url in (settings.database_url, settings.redis_url, settings.chroma_url)}
    assert stores == {"postgres", "redis", "chroma"} <= set(SERVICES)


def test_the_image_and_the_example_name_no_unknown_variable():
    """Neither does the image, nor the example of an .env, which has all of them."""
    in_image = set(re.findall(r"\b([A-Z_]+)=", DOCKERFILE.split("\nENV ")[1].splitlines()[0]))
    assert in_image <= VARIABLES | OTHERS
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == VARIABLES | {"POSTGRES_PASSWORD"}


def test_what_waits_for_what_exists():
    """Conditions name services, and "healthy" is asked only of one that has a check."""
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[name]
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_the_receivers_check_tells_alive_from_dead():
    """Its command ends well while /healthz answers 200, and not when nobody answers, on the port of the container."""
    _, *words = SERVICES["receiver"]["healthcheck"]["test"]
    port = str(SERVICES["receiver"]["environment"]["DESKHAND_PORT"])
    assert words[0] == "python"
    assert SERVICES["receiver"]["ports"] == [f"${{DESKHAND_PORT:-8080}}:{port}"]

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    check = [sys.executable, *(word.replace(f":{port}/", f":{server.server_port}/") for word in words[1:])]
    assert subprocess.run(check, check=False).returncode == 0
    server.shutdown()
    server.server_close()
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0


def test_the_image_is_built_from_what_is_there():
    """Every folder copied exists, every room is copied, and nothing that is copied is left out of the context."""
    copied = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    sources = {name for names in copied for name in names}
    assert {"app", "workers", "integrations", "kb", "config", "scripts", "pyproject.toml"} <= sources
    assert all((ROOT / name).exists() for name in sources)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not sources & set(ignored)
    assert {".git", ".venv", ".env", "var"} <= set(ignored)


def test_the_image_takes_pinned_wheels_and_runs_without_privileges():
    """Exact versions by hash, no build of foreign code; our own build needs only what is pinned, too; not root."""
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert "--no-build-isolation" in installs[1]
    assert re.search(r"^setuptools==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users == ["deskhand"]
    assert f"useradd --system --create-home {users[0]}" in DOCKERFILE
    assert json.loads(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[1]) == ["deskhand"]
    assert json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[1])[0] in COMMANDS
