"""`deskhand <command>`: finds the command's module, reads its arguments, and turns every failure into one clear line.

Only the module of the command asked for is imported, so that `--help` and the small commands start at once.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple, Protocol, cast

# A matrix of our size is faster on one thread than on threads that wait for each other; numpy reads this as it loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOMS = frozenset({"workers", "integrations", "kb", "config", "scripts"})


class Entry(NamedTuple):
    module: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "up": Entry("scripts.up", "run all processes of one machine"),
    "receiver": Entry("scripts.receiver", "run the process that takes webhooks in"),
    "worker": Entry("scripts.worker", "run one process that works on tickets"),
    "scheduler": Entry("scripts.scheduler", "run the process of the scheduled jobs"),
    "sandbox": Entry("scripts.sandbox.command", "run the stand-ins for the helpdesks and the model"),
    "demo": Entry("scripts.demo", "show sample tickets going through everything"),
    "connect": Entry("scripts.connect", "set up webhook, triggers and macros in a helpdesk"),
    "doctor": Entry("scripts.doctor", "check everything and say how to mend what is wrong"),
    "prepare": Entry("scripts.prepare", "bring tables, model, classifier and first index level, as `up` does"),
    "migrate": Entry("scripts.migrate", "bring the database's tables up to date"),
    "export-model": Entry("scripts.export_model", "prepare the embedding model in the data folder"),
    "reindex": Entry("scripts.reindex", "bring the knowledge base up to date"),
    "review": Entry("scripts.review", "show what of the knowledge base a person should look at, and what it lacks"),
    "reconcile": Entry("scripts.reconcile", "find tickets that the webhooks lost"),
    "train": Entry("scripts.train", "train the classifier's first stage from examples"),
    "train-ear": Entry("scripts.train_ear", "learn what messages sound like that a person should have"),
    "train-names": Entry("scripts.train_names", "learn what names of people look like, from sentences made for it"),
    "report": Entry("scripts.report", "write the weekly report"),
    "replay": Entry("scripts.replay", "work on dead deliveries again"),
    "pause": Entry("scripts.pause", "stop automatic replies; everything goes to people"),
    "resume": Entry("scripts.resume", "take automatic replies up again"),
    "forget": Entry("scripts.forget", "delete a requester or a ticket everywhere, with a receipt"),
    "export": Entry("scripts.export", "write the correction log as JSON Lines"),
    "autonomy": Entry("scripts.autonomy", "show what each kind of request may do by itself, and why"),
    "simulate": Entry("scripts.simulate", "show which past decisions a changed policy would move"),
    "backtest": Entry("scripts.backtest", "run past tickets through the pipeline without writing anything"),
}

EVALUATIONS: Mapping[str, Entry] = {
    "intents": Entry("scripts.evaluate_intents", "of the classifier"),
    "retrieval": Entry("scripts.evaluate_retrieval", "of finding the right article"),
    "similar": Entry("scripts.evaluate_similar", "of finding similar earlier tickets"),
    "groundedness": Entry("scripts.evaluate_groundedness", "of catching unsupported answers"),
    "injection": Entry("scripts.evaluate_injection", "of recognising prompt injection"),
    "redaction": Entry("scripts.evaluate_redaction", "of masking personal data"),
    "escalation": Entry("scripts.evaluate_escalation", "of recognising what a person must see"),
    "actions": Entry("scripts.evaluate_actions", "of the guards around actions"),
}


class Command(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return 0, or 1 if problems were found."""


def available(table: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the commands of the table whose module is there."""
    return {name: entry for name, entry in table.items() if _exists(entry.module)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 found problems or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(arguments).parse_args(arguments)
        return cast(Command, args.command).run(args)
    except SystemExit as stop:  # argparse: --help, or wrong usage
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        print("deskhand: stopped", file=sys.stderr)
        return 1
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        else:
            print(_one_line(error), file=sys.stderr)
        return 1


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser; only the command that is asked for gets its arguments, from its module."""
    words = [argument for argument in arguments if not argument.startswith("-")]
    parser = argparse.ArgumentParser(prog="deskhand", description="A worker that sits beside a helpdesk.")
    parser.add_argument("--version", action="version", version=f"deskhand {_version()}")
    _add_debug(parser, default=False)
    group = parser.add_subparsers(title="commands", metavar="<command>", required=True)
    _add_commands(group, available(COMMANDS), words[:1])
    if evaluations := available(EVALUATIONS):
        evaluate = group.add_parser("evaluate", help="measure a part on a data file")
        parts = evaluate.add_subparsers(title="parts", metavar="<what>", required=True)
        _add_commands(parts, evaluations, words[1:2] if words[:1] == ["evaluate"] else [])
    return parser


def _add_commands(
    group: "argparse._SubParsersAction[argparse.ArgumentParser]", table: Mapping[str, Entry], asked: Sequence[str]
) -> None:
    for name, entry in table.items():
        parser = group.add_parser(name, help=entry.help, description=f"{entry.help[0].upper()}{entry.help[1:]}.")
        _add_debug(parser, default=argparse.SUPPRESS)
        if name in asked:
            command = cast(Command, importlib.import_module(entry.module))
            command.add_arguments(parser)
            parser.set_defaults(command=command)


def _add_debug(parser: argparse.ArgumentParser, *, default: object) -> None:
    parser.add_argument("--debug", action="store_true", default=default, help="show the whole traceback of an error")


def _one_line(error: Exception) -> str:
    if type(error).__module__.split(".")[0] in ROOMS or isinstance(error, OSError):  # ours say what, where, how to mend
        return "\n".join(f"deskhand: {line}" for line in str(error).splitlines())
    what = " ".join(str(error).split())
    return f"deskhand: unexpected {type(error).__name__}: {what} (--debug shows where)"


def _version() -> str:
    try:
        return version("deskhand")
    except PackageNotFoundError:  # run from the source tree, not installed
        return "(not installed)"


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not there
        return False


if __name__ == "__main__":
    sys.exit(main())
