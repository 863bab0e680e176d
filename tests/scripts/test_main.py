"""The dispatcher of `deskhand`: one clear line and the right exit code, whatever a command does."""

import subprocess
import sys

import pytest

from config.settings import SettingsError
from scripts import __main__ as dispatcher
from scripts.__main__ import Entry, available, main

COMMAND = """
def add_arguments(parser):
    parser.add_argument("--count", type=int, default=0)

def run(args):
    return {body}
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Add a command `probe` whose body is given, beside one that must not be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "never_imported.py").write_text("raise RuntimeError('imported')")
    table = {"probe": Entry("probe_command", "probe it"), "other": Entry("never_imported", "never")}
    monkeypatch.setattr(dispatcher, "COMMANDS", table)
    monkeypatch.setattr(dispatcher, "EVALUATIONS", {"part": Entry("probe_command", "of the part")})

    def write(body: str) -> None:
        (tmp_path / "probe_command.py").write_text(COMMAND.format(body=body))
        sys.modules.pop("probe_command", None)

    return write


@pytest.mark.parametrize("code", [0, 1])
def test_the_command_decides_the_exit_code(command, code):
    """What `run` returns is the exit code."""
    command("args.count")
    assert main(["probe", "--count", str(code)]) == code


def test_evaluate_hands_on_to_its_parts(command):
    """`evaluate <what>` runs the module of that part."""
    command("args.count")
    assert main(["evaluate", "part", "--count", "1"]) == 1


@pytest.mark.parametrize("argv", [[], ["probee"], ["probe", "--count", "x"], ["evaluate"]])
def test_wrong_usage_is_two(command, argv, capsys):
    """A missing or unknown command and a wrong argument end with 2."""
    command("0")
    assert main(argv) == 2
    assert "usage:" in capsys.readouterr().err


def test_a_failure_is_one_line(command, capsys):
    """An unexpected error shows its kind and words, and the traceback only with --debug."""
    command("1 / args.count")
    assert main(["probe"]) == 1
    shown = capsys.readouterr().err
    assert shown == "deskhand: unexpected ZeroDivisionError: division by zero (--debug shows where)\n"
    assert main(["probe", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_problems_of_the_environment_are_one_line_each(command, capsys, monkeypatch):
    """A settings error with two problems is two lines."""
    command("0")

    def broken(arguments):
        raise SettingsError("A: missing\nB: malformed")

    monkeypatch.setattr(dispatcher, "_parser", broken)
    assert main(["probe"]) == 1
    assert capsys.readouterr().err == "deskhand: A: missing\ndeskhand: B: malformed\n"


def test_commands_without_a_module_are_not_offered(command):
    """A command is listed only if its module is there, also when its package is missing."""
    command("0")
    table = {"probe": Entry("probe_command", ""), "gone": Entry("nowhere", ""), "deep": Entry("nowhere.at.all", "")}
    assert list(available(table)) == ["probe"]


def test_help_lists_every_command_and_loads_nothing_heavy():
    """`deskhand --help` imports no model library, no database and no web framework."""
    code = (
        "import sys; from scripts.__main__ import main; assert main(['--help']) == 0;"
        "print('loaded', [m for m in ('numpy', 'sqlalchemy', 'flask', 'chromadb', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded []" in done.stdout
    assert all(f"  {name}" in done.stdout for name in available(dispatcher.COMMANDS))
