"""`deskhand sandbox`: serve the stand-ins for Zendesk, Intercom and the model's API until a signal comes."""

import argparse
import sys
from pathlib import Path

from flask import Flask

from config.logs import set_up_logs
from scripts.sandbox import seed
from scripts.sandbox.intercom import seed as intercom_seed
from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin, Shared
from scripts.sandbox.intercom.twin import Options as IntercomOptions
from scripts.sandbox.model import create_model_app
from scripts.sandbox.model_characters import NAMES
from scripts.sandbox.server import Running, catch_signals, run_app, wait_for_signal
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--zendesk-port", type=int, default=8090, help="0 takes a free port (default: %(default)s)")
    parser.add_argument("--intercom-port", type=int, help="serve Intercom too; 0 takes a free port")
    parser.add_argument("--model-port", type=int, default=8092, help="0 takes a free port (default: %(default)s)")
    parser.add_argument("--deskhand-url", default="", help="create the webhooks that call this receiver")
    parser.add_argument("--dashboard-url", default="", help="link each ticket to Deskhand's story of it")
    parser.add_argument("--webhook-secret", default=seed.DEFAULT_WEBHOOK_SECRET, help="signs the webhook to Deskhand")
    parser.add_argument(
        "--intercom-secret", default=intercom_seed.DEFAULT_CLIENT_SECRET, help="signs Intercom's notifications"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="load this file at the start if it is there, save to it at the end; Intercom's has .intercom behind it",
    )
    parser.add_argument("--limits", action="store_true", help="enforce the vendor's request limits and export delay")
    parser.add_argument(
        "--model-latency",
        default="0",
        metavar="SECONDS",
        help="how long the model thinks; also a list 0.3,2,10 or lognormal:MEDIAN,SIGMA or uniform:LOW,HIGH",
    )
    parser.add_argument("--model-character", default="honest", metavar="NAME", help=f"one or several with +: {NAMES}")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes. Returns 1 if a port is taken or the state cannot be read."""
    set_up_logs()
    dashboard = args.dashboard_url.rstrip("/")
    twin = Twin(Options(args.deskhand_url, dashboard, args.webhook_secret, args.limits))
    twins: list[Twin | IntercomTwin] = [twin]
    apps = [("zendesk", create_zendesk_app(twin), args.zendesk_port)]
    if args.intercom_port is not None:
        options = IntercomOptions(args.deskhand_url, dashboard, args.intercom_secret, args.limits)
        other = IntercomTwin(options, Shared(twin.clock, twin.books, twin.faults, twin.model))
        twins.append(other)
        apps.append(("intercom", create_intercom_app(other), args.intercom_port))
    states = _states(args.state)
    try:
        for held, path in zip(twins, states, strict=False):
            if path.exists():
                held.load(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _fail(f"cannot read the state in {args.state} ({error}); move the file away to start afresh")
    try:
        twin.model.start(args.model_latency, args.model_character)
    except ValueError as error:
        return _fail(str(error))
    apps.append(("model", create_model_app(room=twin.model), args.model_port))
    if not _serve(apps, twins):
        return 1
    for held, path in zip(twins, states, strict=False):
        held.world.save(path)
    return 0


def _states(path: Path | None) -> tuple[Path, ...]:
    """Return where the states are kept: Zendesk's in the file named, Intercom's beside it."""
    return (path, path.with_name(f"{path.name}.intercom")) if path else ()


def _serve(apps: list[tuple[str, Flask, int]], twins: list[Twin | IntercomTwin]) -> bool:
    """Serve until a signal comes. Says what is wrong and returns False if a port is taken."""
    running: list[Running] = []
    try:
        for name, app, port in apps:
            running.append(_start(name, app, port))
        for held, server in zip(twins, running, strict=False):
            held.world.base_url = server.url
        ended = catch_signals()  # before saying "ready": whoever reads that may stop us at once
        _announce(running)
        wait_for_signal(ended)
    except OSError as error:
        _fail(f"cannot serve: {error}; choose other ports with --zendesk-port, --intercom-port and --model-port")
        return False
    finally:
        for server in running:
            server.stop()
        for held in twins:
            held.sender.stop()
    return True


def _start(name: str, app: Flask, port: int) -> Running:
    try:
        return run_app(name, app, port)
    except OSError as error:
        raise OSError(f"port {port} for {name}: {error.strerror}") from error


def _announce(running: list[Running]) -> None:
    for server in running:
        print(f"{server.name} {server.url}")
    for server in running:
        if server.name != "model":
            print(f"inbox {server.url}/inbox")
    print("ready", flush=True)


def _fail(text: str) -> int:
    print(f"sandbox: {text}", file=sys.stderr)
    return 1
