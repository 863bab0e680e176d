"""The house keeps its own rules: who may reach whom, what stands beside what, and what never stands in a file."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest

from config.policy import load_policy
from config.prompts import load_prompt

ROOT = Path(__file__).parents[1]
ROOMS = ("app", "workers", "integrations", "kb", "config", "scripts")

# Modules without a test file of their own, and why.
UNTESTED = {
    "integrations/errors.py": "classes without behaviour",
    "integrations/helpdesk.py": "nouns and protocols; every vendor's contract test reads them",
    "integrations/setup.py": "nouns and a protocol",
    "integrations/llm.py": "nouns and a protocol",
    "kb/domain.py": "nouns and a protocol",
    "scripts/reconcile.py": "covered by tests/end_to_end/test_troubles.py, which loses webhooks and runs it",
    "scripts/reindex.py": "covered by tests/end_to_end/test_library.py, which unpublishes an article and runs it",
    "scripts/sandbox/__main__.py": "covered by test_server.py, which runs it as a process",
    "scripts/sandbox/acts.py": "covered by test_control.py and test_inbox.py, its two ways in",
    "scripts/sandbox/command.py": "covered by test_server.py, which runs it as a process",
    "scripts/sandbox/desk.py": "covered by zendesk/test_tickets.py and zendesk/test_rules.py over the wire",
    "scripts/sandbox/keeping.py": "covered by test_state.py and test_server.py, which save and load",
    "scripts/sandbox/records.py": "rows without behaviour",
    "scripts/sandbox/zendesk/app.py": "covered by test_control.py (faults, limits, books) and test_server.py",
    "scripts/sandbox/zendesk/wire.py": "covered by every test of zendesk/ and by a third-party client in test_zenpy.py",
    "workers/domain.py": "nouns",
    "workers/store/lines.py": "nouns; covered by test_story.py, which reads every field of them",
}
# What the door may reach of the product, at any distance.
DOOR = re.compile(
    r"app(\.|$)|config(\.|$)|integrations(\.|$)|workers$|workers\.(intake|breaker|budget|records|job_queue|domain|store|wording|words)(\.|$)"
)
# Modules that decide or compute from what they are given.
PURE = (
    "workers.brakes",
    "workers.clusters",
    "workers.breaker",
    "workers.autonomy",
    "workers.budget",
    "workers.commands",
    "workers.decide",
    "workers.domain",
    "workers.draft_outcome",
    "workers.facts",
    "workers.intent_model",
    "workers.protocol",
    "workers.reading",
    "workers.redact",
    "workers.replay",
    "workers.rules",
    "kb.chunk",
    "kb.domain",
    "kb.retrieve",
)
IMPURE = {
    "anthropic",
    "chromadb",
    "flask",
    "httpx",
    "onnxruntime",
    "os",
    "random",
    "redis",
    "requests",
    "rq",
    "secrets",
}
IMPURE |= {"socket", "sqlalchemy", "subprocess", "tempfile", "time", "urllib", "uuid"}
MODEL_LIBRARIES = ("torch", "onnxruntime", "chromadb", "anthropic", "sentence_transformers", "sklearn", "transformers")


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


def reached(module: str) -> set[str]:
    """Every module that importing this one (or one below it) may load, itself left out."""
    return {m for m in graph().find_upstream_modules(module, as_package=True) if not m.startswith(f"{module}.")}


def of_product(modules: set[str]) -> set[str]:
    return {module for module in modules if module.split(".")[0] in ROOMS}


def sources() -> list[str]:
    """Every module but migrations, which the store's tests run through and nobody edits afterwards."""
    found = (path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return sorted(str(path) for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def own_tests(source: str) -> list[Path]:
    """Return the tests of a module: its own file or folder, or the one file of the package it is a part of."""
    path = Path("tests") / source
    packages = [parent for parent in path.parents if len(parent.parts) > 2]
    files = [one.with_name(f"test_{one.stem.strip('_')}.py") for one in (path, *packages)]
    return [one for one in files if (ROOT / one).exists()] + list((ROOT / path.with_suffix("")).glob("test_*.py"))


@pytest.mark.parametrize("source", sources())
def test_every_module_has_its_test_file(source):
    """A module without a test file under the same name is an exception that gives its reason."""
    assert bool(own_tests(source)) != (source in UNTESTED)


def test_the_exceptions_from_having_a_test_file_still_exist():
    """A module that is gone leaves the list of exceptions."""
    assert set(UNTESTED) <= set(sources())


def test_the_door_reaches_neither_the_story_nor_the_library():
    """`app` reaches of the product only what takes deliveries in, however long the chain of imports."""
    assert {module for module in of_product(reached("app")) if not DOOR.match(module)} == set()


def test_the_door_loads_no_model_library():
    """Importing the receiver leaves every model library out of memory."""
    code = f"import sys, app; print([name for name in {MODEL_LIBRARIES!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", [module for module in PURE if module in graph().modules])
def test_pure_modules_reach_nothing_that_is_not(module):
    """No network, SQL, queue, model, clock, randomness or environment behind a pure module of ours."""
    ours = {module} | of_product(reached(module))
    direct = {
        found
        for one in ours
        if one not in ("config.policy",)
        for found in graph().find_modules_directly_imported_by(one)
    }
    assert direct & IMPURE == set()


@pytest.mark.parametrize("module", ["workers.decide", "workers.domain"])
def test_decisions_know_nothing_but_the_policy(module):
    """Decisions and their nouns reach only the policy."""
    if module not in graph().modules:
        pytest.skip(f"{module} is not there")
    assert of_product(reached(module)) <= {"workers", "workers.domain", "config", "config.policy"}


def test_the_sandbox_and_the_product_do_not_know_each_other():
    """The sandbox is reached over HTTP only, and needs nothing of the product but its way to log."""
    if "scripts.sandbox" not in graph().modules:
        pytest.skip("there is no sandbox")
    known = {"config", "config.logs", "scripts", "scripts.output"}
    assert of_product(reached("scripts.sandbox")) <= known
    inside = graph().find_descendants("scripts.sandbox") | {"scripts.sandbox"}
    importers = {by for one in inside for by in graph().find_modules_that_directly_import(one)}
    assert importers <= inside


def test_vendor_folders_hold_the_same_names():
    """Every helpdesk vendor has the same files, so that a reader of one knows them all."""
    vendors = [path.parent for path in (ROOT / "integrations").glob("*/webhook.py")]
    wanted = {"README.md", "__init__.py", "client.py", "webhook.py", "wire.py"}
    wanted |= {"listings.py", "values.py", "writes.py"}
    assert {vendor.name: wanted - {path.name for path in vendor.iterdir()} for vendor in vendors} == {
        vendor.name: set() for vendor in vendors
    }


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "prompts").glob("*.md")), ids=lambda path: path.stem)
def test_every_prompt_renders(path):
    """Each prompt file loads, and with its declared inputs no slot is left."""
    prompt = load_prompt(path.parent, path.stem)
    system, user = prompt.render({name: f"<{name}>" for name in prompt.inputs})
    assert system
    assert user
    assert "{{" not in system + user


def test_every_note_can_be_written_in_every_language():
    """A text that is missing in workers/templates/words.<language>.toml, or is nobody's in English, is named."""
    texts = {path.name: _names(path) for path in sorted((ROOT / "workers/templates").glob("words.*.toml"))}
    english = texts["words.en.toml"]
    assert {name: sorted(english ^ own) for name, own in texts.items() if own != english} == {}


def _names(path: Path) -> set[str]:
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    return {f"{section}.{name}" for section, named in sections.items() for name in named}


def test_every_intent_has_a_team_and_examples():
    """A ticket of any intent reaches a team, and stage one can learn every intent."""
    policy = load_policy(ROOT / "config")
    assert policy.intents
    assert [name for name in policy.intents if not policy.team_of(name)] == []
    assert [name for name, intent in policy.intents.items() if not intent.examples] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_hashes_and_name_no_registry(name):
    """A lock file says what is installed and not where from; each line has an exact version and a hash."""
    text = (ROOT / name).read_text()
    assert re.findall(r"https?://|^-", text, re.MULTILINE) == []
    entries = re.split(r"\n(?=[a-z0-9])", text[text.index("\n", text.index("scripts/lock")) + 1 :])
    assert [entry for entry in entries if not re.match(r"\S+==\S+ (;.*)?\\\n\s+--hash=sha256:", entry)] == []


def test_no_file_names_the_machine_it_was_written_on():
    """No tracked file holds the path of this checkout, a home folder, or a package index."""
    forbidden = re.compile(
        rf"{re.escape(str(ROOT))}/|{re.escape(str(Path.home()))}/|--(extra-)?index-url|file:///[a-z]"
    )
    found = [
        path.name for path in tracked() if path != Path(__file__) and forbidden.search(path.read_text(errors="replace"))
    ]
    assert found == []
