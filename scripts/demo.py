"""`deskhand demo`: everything on this machine, sample tickets through signed webhooks, and what became of each."""

import argparse
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from config.policy import load_policy
from config.settings import Settings, load_settings
from integrations import registry
from scripts import demo_screen
from scripts.connect import wish_of
from scripts.demo_config import write_config
from scripts.output import add_json_argument, write_json
from scripts.processes import Child, Family, StartError, own_command, require_free, wait_for_port
from scripts.rehearsal import Desk, Rehearsal, article_row, duplicates, people_row
from scripts.up import start_all, wait_until_ready
from scripts.world.load import World, articles_from_jsonl, load_world, tickets_from_jsonl
from workers.store.ledger import Ledger
from workers.store.lessons import Lessons
from workers.store.overview import Overview, Period
from workers.store.tables import open_engine

_STALLED_SECONDS = 90.0
_PLAN = 20  # times the calls a minute of a usual plan
_TICKETS_A_ROUND = 6
VENDORS = {"zendesk": ("zendesk",), "intercom": ("intercom",), "both": ("zendesk", "intercom")}
_INTERCOM_TOKEN = "sandbox-intercom-token"  # noqa: S105 - of the stand-in, public on purpose


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="stop after the last ticket; exit 1 if any is not settled")
    parser.add_argument("--tickets", type=Path, metavar="FILE", help="JSON Lines of tickets instead of the sample ones")
    parser.add_argument(
        "--articles", type=Path, metavar="FILE", help="JSON Lines of articles instead of the sample ones"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N tickets")
    parser.add_argument(
        "--vendor", choices=list(VENDORS), default="zendesk", help="which helpdesk the tickets come to, or both"
    )
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
    parser.add_argument("--port", type=int, default=8080, help="of Deskhand; inboxes and model take the next ones")
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
    vendors = VENDORS[args.vendor]
    _require_ports(args.port, 4 if "intercom" in vendors else 3)
    world = _world(args)
    data = Path(os.environ.get("DESKHAND_DATA", "var")) / "demo"
    _clear(data)
    config = write_config(data / "config", world, is_sample=args.articles is None)
    env = _environment(args, data, config)
    os.environ.update(env)
    settings = load_settings()
    sandbox, desks = _start_sandbox(args, settings, family, env)

    def load() -> None:
        wait_for_port(args.port + 1, sandbox)
        for desk in desks:
            wait_for_port(args.port + demo_screen.INBOXES[desk.vendor], sandbox)
            _load(desk, world)
        if "intercom" in vendors:
            _connect_intercom(settings, args.port)
        screen.step(
            f"sandbox {' and '.join(vendors)}: {len(world.articles)} articles, {len(world.tickets)} tickets to write"
        )

    with screen.starting():
        start_all(settings, family, say=screen.step, env=env, meanwhile=load)
        wait_until_ready(settings, family)
    character = args.model_character if env["ANTHROPIC_API_KEY"] == "sandbox" else ""
    seconds = time.monotonic() - started
    screen.welcome(args.port, env["DESKHAND_API_TOKEN"], character, seconds=seconds, vendors=vendors)
    return _rehearse(args, settings, desks, world, family, screen)


def _rehearse(
    args: argparse.Namespace,
    settings: Settings,
    desks: Sequence[Desk],
    world: World,
    family: Family,
    screen: demo_screen.Screen,
) -> dict[str, Any]:
    started = time.monotonic()
    engine = open_engine(settings.sql_url)
    ledger = Ledger(engine)
    rehearsal = Rehearsal(desks, ledger, Lessons(engine), world)
    if rehearsal.left_out:
        screen.say(f"{rehearsal.left_out} sample tickets are left out: Intercom has no flags of mail")
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
    doubled = sum(duplicates(desk.state()) for desk in desks)
    summary = demo_screen.summarise(rehearsal, doubled, _figures(engine), time.monotonic() - started)
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
    return Overview(engine).period(now - timedelta(days=1), now + timedelta(minutes=1))


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
        **_helpdesks(args),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "CHROMA_URL": "",
    }


def _helpdesks(args: argparse.Namespace) -> dict[str, str]:
    """Return what switches the helpdesks of the sandbox on, and any other off."""
    vendors = VENDORS[args.vendor]
    zendesk = {
        "ZENDESK_URL": f"http://127.0.0.1:{args.port + demo_screen.INBOXES['zendesk']}",
        "ZENDESK_CLIENT_ID": "deskhand",
        "ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
        "ZENDESK_WEBHOOK_SECRETS": secrets.token_urlsafe(32),
    }
    intercom = {
        "INTERCOM_URL": f"http://127.0.0.1:{args.port + demo_screen.INBOXES['intercom']}",
        "INTERCOM_ACCESS_TOKEN": _INTERCOM_TOKEN,
        "INTERCOM_CLIENT_SECRETS": secrets.token_urlsafe(32),
    }
    off = {name: "" for name in (*zendesk, *intercom) if name != "INTERCOM_URL"}
    return off | (zendesk if "zendesk" in vendors else {}) | (intercom if "intercom" in vendors else {})


def _connect_intercom(settings: Settings, port: int) -> None:
    """Make the attributes and tags that Deskhand needs there, as `deskhand connect intercom` does."""
    setup = registry.build_setup("intercom", settings)
    wish = wish_of(load_policy(settings.config), f"http://127.0.0.1:{port}")
    for _ in setup.connect(wish, is_dry=False):
        pass


def _require_ports(first: int, count: int) -> None:
    """Raise StartError, with another port to try, unless so many ports from this one on are free."""
    uses = ("receiver", "inbox", "simulated model", "Intercom's inbox")
    for port, what in zip(range(first, first + count), uses, strict=False):
        try:
            require_free(port, what)
        except (StartError, OverflowError) as error:
            taken = f"port {port} for the {what} is taken" if port < 65536 else f"port {port} is too high"
            words = "three" if count == 3 else "four"
            raise StartError(f"{taken}; `--port {_free_ports(count)}` would use {words} free ones") from error


def _free_ports(count: int) -> int:
    for first in range(8180, 60000, 100):
        try:
            for port in range(first, first + count):
                require_free(port, "demo")
        except StartError:
            continue
        return first
    return 0


def _start_sandbox(
    args: argparse.Namespace, settings: Settings, family: Family, env: Mapping[str, str]
) -> tuple[Child, list[Desk]]:
    vendors = VENDORS[args.vendor]
    ports = {vendor: str(args.port + demo_screen.INBOXES[vendor]) for vendor in ("zendesk", "intercom")}
    # With "=" a secret that begins with a hyphen is no option of its own.
    intercom = ("--intercom-port", ports["intercom"], f"--intercom-secret={env['INTERCOM_CLIENT_SECRETS']}")
    url = f"http://127.0.0.1:{args.port}"
    command = own_command(
        "sandbox",
        *("--zendesk-port", ports["zendesk"]),
        *(intercom if "intercom" in vendors else ()),
        *("--model-port", str(args.port + 2)),
        *("--deskhand-url", url),
        *("--dashboard-url", url),
        *((f"--webhook-secret={env['ZENDESK_WEBHOOK_SECRETS']}",) if "zendesk" in vendors else ()),
        *("--model-latency", args.model_latency),
        *("--model-character", args.model_character),
    )
    child = family.add(Child("sandbox", command, settings.data / "logs" / "sandbox.log", env))
    return child, [Desk(f"http://127.0.0.1:{ports[vendor]}", vendor) for vendor in vendors]


def _load(desk: Desk, world: World) -> None:
    # 200 tickets come in at once: with a usual plan's calls a minute the vendor's limit is all one would see.
    desk.post("switches", {"limits_factor": _PLAN})
    articles = [article_row(article) for article in world.articles]
    for start in range(0, len(articles), 100):
        desk.post("load", {"articles": articles[start : start + 100]})
    desk.post("load", people_row(world.people))
