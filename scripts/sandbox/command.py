"""`deskhand sandbox`: serve the stand-ins for Zendesk and the model's API until a signal comes."""

import argparse
import sys
from pathlib import Path

from flask import Flask

from config.logs import set_up_logs
from scripts.sandbox import seed
from scripts.sandbox.model import create_model_app
from scripts.sandbox.model_characters import NAMES
from scripts.sandbox.server import Running, catch_signals, run_app, wait_for_signal
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--zendesk-port", type=int, default=8090, help="0 takes a free port (default: %(default)s)")
    parser.add_argument("--intercom-port", type=int, default=None, help="not there yet; accepted and said so")
    parser.add_argument("--model-port", type=int, default=8092, help="0 takes a free port (default: %(default)s)")
    parser.add_argument("--deskhand-url", default="", help="create the webhook and triggers that call this receiver")
    parser.add_argument("--dashboard-url", default="", help="link each ticket to Deskhand's story of it")
    parser.add_argument("--webhook-secret", default=seed.DEFAULT_WEBHOOK_SECRET, help="signs the webhook to Deskhand")
    parser.add_argument("--state", type=Path, help="load this file at the start if it is there, save to it at the end")
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
    twin = Twin(Options(args.deskhand_url, args.dashboard_url.rstrip("/"), args.webhook_secret, args.limits))
    if args.state and args.state.exists():
        try:
            twin.load(args.state)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return _fail(f"cannot read the state in {args.state} ({error}); move the file away to start afresh")
    try:
        twin.model.start(args.model_latency, args.model_character)
    except ValueError as error:
        return _fail(str(error))
    running: list[Running] = []
    try:
        for name, app, port in (
            ("zendesk", create_zendesk_app(twin), args.zendesk_port),
            ("model", create_model_app(room=twin.model), args.model_port),
        ):
            running.append(_start(name, app, port))
        twin.world.base_url = running[0].url
        ended = catch_signals()  # before saying "ready": whoever reads that may stop us at once
        _announce(running, args)
        wait_for_signal(ended)
    except OSError as error:
        return _fail(f"cannot serve: {error}; choose other ports with --zendesk-port and --model-port")
    finally:
        for server in running:
            server.stop()
        twin.sender.stop()
    if args.state:
        twin.world.save(args.state)
    return 0


def _start(name: str, app: Flask, port: int) -> Running:
    try:
        return run_app(name, app, port)
    except OSError as error:
        raise OSError(f"port {port} for {name}: {error.strerror}") from error


def _announce(running: list[Running], args: argparse.Namespace) -> None:
    for server in running:
        print(f"{server.name} {server.url}")
    print(f"inbox {running[0].url}/inbox")
    if args.intercom_port is not None:
        print("intercom: not there yet; --intercom-port has no effect")
    print("ready", flush=True)


def _fail(text: str) -> int:
    print(f"sandbox: {text}", file=sys.stderr)
    return 1
