"""`deskhand demo`: everything on this machine, sample tickets through signed webhooks, and what became of each."""

import argparse
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from config.settings import Settings, load_settings
from scripts import demo_screen
from scripts.demo_config import write_config
from scripts.output import add_json_argument, write_json
from scripts.processes import Child, Family, StartError, own_command, require_free, wait_for_port
from scripts.rehearsal import Desk, Rehearsal, article_row, people_row
from scripts.up import start_all, wait_until_ready
from scripts.world.load import World, articles_from_jsonl, load_world, tickets_from_jsonl
from workers.store.ledger import Ledger
from workers.store.library import Lessons
from workers.store.story import Period, Story
from workers.store.tables import open_engine

_STALLED_SECONDS = 90.0
_TICKETS_A_ROUND = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="stop after the last ticket; exit 1 if any is not settled")
    parser.add_argument("--tickets", type=Path, metavar="FILE", help="JSON Lines of tickets instead of the sample ones")
    parser.add_argument(
        "--articles", type=Path, metavar="FILE", help="JSON Lines of articles instead of the sample ones"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N tickets")
    parser.add_argument("--vendor", choices=["zendesk"], default="zendesk", help="which helpdesk the tickets come to")
    parser.add_argument(
        "--model-latency",
        default="0.3",
        metavar="SECONDS",
        help="of the simulated model; also a list 0.3,2,10 or lognormal:MEDIAN,SIGMA or uniform:LOW,HIGH",
    )
    parser.add_argument(
        "--model-character",
        default="honest",
        metavar="NAME",
        help="let the simulated model misbehave (inventor, obedient, flatterer...; see the sandbox's README)",
    )
    parser.add_argument(
        "--port", type=int, default=8080, help="of Deskhand; the inbox takes the next one, the model too"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Play the demo. Returns 0 if every ticket got its outcome, 1 if not or if something did not start."""
    family = Family()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where whoever started us ignores Ctrl-C
        signal.signal(number, signal.default_int_handler)
    screen = demo_screen.Screen(is_quiet=args.json == "-")
    try:
        summary = _play(args, family, screen)
    except (StartError, ValueError, OSError) as error:
        print(f"deskhand demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.say("stopping")
        return 1 if args.once else 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them running
        family.stop()
    write_json(args.json, summary)
    return 0 if summary["settled"] == summary["tickets"] and not summary["duplicates"] else 1


def _play(args: argparse.Namespace, family: Family, screen: demo_screen.Screen) -> dict[str, Any]:
    started = time.monotonic()
    _require_ports(args.port)
    world = _world(args)
    data = Path(os.environ.get("DESKHAND_DATA", "var")) / "demo"
    _clear(data)
    config = write_config(data / "config", world, is_sample=args.articles is None)
    env = _environment(args, data, config)
    os.environ.update(env)
    settings = load_settings()
    sandbox, desk = _start_sandbox(args, settings, family, env)

    def load() -> None:
        wait_for_port(args.port + 1, sandbox)
        _load(desk, world)
        screen.step(f"sandbox helpdesk: {len(world.articles)} articles, {len(world.tickets)} tickets to write")

    with screen.starting():
        start_all(settings, family, say=screen.step, env=env, meanwhile=load)
        wait_until_ready(settings, family)
    character = args.model_character if env["ANTHROPIC_API_KEY"] == "sandbox" else ""
    screen.welcome(args.port, env["DESKHAND_API_TOKEN"], character, seconds=time.monotonic() - started)
    return _rehearse(args, settings, desk, world, family, screen)


def _rehearse(
    args: argparse.Namespace,
    settings: Settings,
    desk: Desk,
    world: World,
    family: Family,
    screen: demo_screen.Screen,
) -> dict[str, Any]:
    started = time.monotonic()
    engine = open_engine(settings.sql_url)
    ledger = Ledger(engine)
    rehearsal = Rehearsal(desk, ledger, Lessons(engine), world)
    with screen.live():
        while not rehearsal.is_over:
            screen.show(rehearsal.advance(at_most=_TICKETS_A_ROUND), rehearsal)
            for words in rehearsal.take_news():
                screen.tell(words)
            for name in family.revive():
                screen.say(f"{name} ended and was started again; see {settings.data}/logs")
            if time.monotonic() - rehearsal.last_progress > _STALLED_SECONDS:
                screen.say(f"no progress for {_STALLED_SECONDS:.0f} s; see {settings.data}/logs")
                break
            time.sleep(0.3)
    summary = demo_screen.summarise(rehearsal, desk.state(), _figures(engine), time.monotonic() - started)
    screen.finish(rehearsal, summary)
    if not args.once:
        screen.goodbye()
        while True:
            family.revive()
            time.sleep(0.5)
    return summary


def _figures(engine: Engine) -> Period:
    """Return what the record says of the whole demo."""
    now = datetime.now(UTC)
    return Story(engine).period(now - timedelta(days=1), now + timedelta(minutes=1))


def _world(args: argparse.Namespace) -> World:
    world = load_world()
    if args.articles:
        world = replace(world, articles=articles_from_jsonl(args.articles), tickets=(), scenes=())
    if args.tickets:
        world = replace(world, tickets=tickets_from_jsonl(args.tickets, args.limit), scenes=())
    elif args.limit is not None:
        world = replace(world, tickets=world.tickets[: args.limit], scenes=world.scenes[:1])
    return world


def _clear(data: Path) -> None:
    """Start afresh, but keep what costs time and holds nothing of a run: exported model and trained classifier.

    Both are the demo's own: training on its taxonomy must not touch the classifier of a real installation.
    """
    for path in data.glob("*"):
        if path.name != "models":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    data.mkdir(parents=True, exist_ok=True)
    models = data / "models"
    models.mkdir(exist_ok=True)
    for exported in (data.parent / "models").glob("*.onnx"):
        if not (models / exported.name).exists():
            (models / exported.name).symlink_to(exported.resolve())


def _environment(args: argparse.Namespace, data: Path, config: Path) -> dict[str, str]:
    has_key = bool(os.environ.get("ANTHROPIC_API_KEY"))
    model = {} if has_key else {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{args.port + 2}"}
    return {
        **model,
        "ANTHROPIC_API_KEY": os.environ.get("ANTHROPIC_API_KEY") or "sandbox",
        "DESKHAND_DATA": str(data),
        "DESKHAND_CONFIG": str(config),
        "DESKHAND_HOST": "127.0.0.1",
        "DESKHAND_PORT": str(args.port),
        "DESKHAND_WORKERS": os.environ.get("DESKHAND_WORKERS", "2"),
        "DESKHAND_API_TOKEN": os.environ.get("DESKHAND_API_TOKEN") or secrets.token_urlsafe(12),
        "ZENDESK_URL": f"http://127.0.0.1:{args.port + 1}",
        "ZENDESK_CLIENT_ID": "deskhand",
        "ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
        "ZENDESK_WEBHOOK_SECRETS": secrets.token_urlsafe(32),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "CHROMA_URL": "",
    }


def _require_ports(first: int) -> None:
    """Raise StartError, with another port to try, unless the three ports from this one on are free."""
    for port, what in ((first, "receiver"), (first + 1, "inbox"), (first + 2, "simulated model")):
        try:
            require_free(port, what)
        except (StartError, OverflowError) as error:
            taken = f"port {port} for the {what} is taken" if port < 65536 else f"port {port} is too high"
            raise StartError(f"{taken}; `--port {_three_free()}` would use three free ones") from error


def _three_free() -> int:
    for first in range(8180, 60000, 100):
        try:
            for port in range(first, first + 3):
                require_free(port, "demo")
        except StartError:
            continue
        return first
    return 0


def _start_sandbox(
    args: argparse.Namespace, settings: Settings, family: Family, env: Mapping[str, str]
) -> tuple[Child, Desk]:
    url = f"http://127.0.0.1:{args.port}"
    command = own_command(
        "sandbox",
        *("--zendesk-port", str(args.port + 1)),
        *("--model-port", str(args.port + 2)),
        *("--deskhand-url", url),
        *("--dashboard-url", url),
        *("--webhook-secret", env["ZENDESK_WEBHOOK_SECRETS"]),
        *("--model-latency", args.model_latency),
        *("--model-character", args.model_character),
    )
    child = family.add(Child("sandbox", command, settings.data / "logs" / "sandbox.log", env))
    return child, Desk(f"http://127.0.0.1:{args.port + 1}")


def _load(desk: Desk, world: World) -> None:
    articles = [article_row(article) for article in world.articles]
    for start in range(0, len(articles), 100):
        desk.post("load", {"articles": articles[start : start + 100]})
    desk.post("load", people_row(world.people))
