"""`deskhand connect <vendor>`: create or bring up to date what Deskhand needs in a helpdesk; twice changes nothing."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from dotenv import set_key
from rich.console import Console

from config.policy import Policy, load_policy
from config.settings import Settings, SettingsError, load_settings
from integrations import registry
from integrations.errors import IntegrationError
from integrations.setup import Act, Macro, Setup, Step, Trial, Wish
from scripts.output import add_json_argument, write_json
from workers.services import utc_now
from workers.store.inbox import Inbox
from workers.store.migrate import SchemaError, require_head
from workers.store.tables import open_engine

_SIGNS = {Act.KEEP: " ", Act.CREATE: "+", Act.CHANGE: "~", Act.REMOVE: "-", Act.MISSING: "!"}
SECRETS = {"zendesk": "ZENDESK_WEBHOOK_SECRETS"}  # of vendors whose API gives the secret out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("vendor", choices=registry.VENDORS)
    parser.add_argument("--url", default="", help="public address of the receiver (default: DESKHAND_PUBLIC_URL)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--remove", action="store_true", help="take away what connect made")
    parser.add_argument("--env", metavar="FILE", default="", help="write the webhook's signing secret into this .env")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings(needs_webhook_secrets=False)
    if args.vendor not in registry.configured(settings):
        raise SettingsError(f"{args.vendor} is not configured: see docs/{args.vendor}.md for its variables")
    setup = registry.build_setup(args.vendor, settings)
    console = Console(stderr=args.json == "-")
    steps = list(_shown(_steps(args, settings, setup), console))
    result: dict[str, object] = {
        "vendor": args.vendor,
        "is_dry_run": args.dry_run,
        "steps": [{"kind": s.kind, "name": s.name, "act": s.act.value, "detail": s.detail} for s in steps],
    }
    missing = [step for step in steps if step.act is Act.MISSING]
    is_fine = all(step.is_proved_by_a_delivery for step in missing)
    if not args.dry_run and not args.remove:
        trial = _finish(args, settings, setup, result, console)
        is_fine &= trial.is_ok and (trial.has_delivered or not missing)
    write_json(args.json, result)
    changed = sum(step.act not in (Act.KEEP, Act.MISSING) for step in steps)
    console.print(f"{changed} to do" if args.dry_run else f"{changed} done", "of", len(steps))
    return 0 if is_fine else 1


def _steps(args: argparse.Namespace, settings: Settings, setup: Setup) -> Iterator[Step]:
    if args.remove:
        return setup.remove(is_dry=args.dry_run)
    url = (args.url or settings.public_url).rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise SettingsError("DESKHAND_PUBLIC_URL: missing; say where the helpdesk reaches the receiver, or give --url")
    return setup.connect(wish_of(load_policy(settings.config), url), is_dry=args.dry_run)


def wish_of(policy: Policy, url: str) -> Wish:
    """Return what the policy wants to find in a helpdesk."""
    approval = policy.approval
    macros = (
        Macro("send", "Send the draft", approval.send_tag, "Sends Deskhand's newest draft as the public reply."),
        Macro("wrong", "The draft is wrong", approval.wrong_tag, "Tells Deskhand that its newest answer is wrong."),
        Macro("stop", "Keep Deskhand out", policy.answering.stop_tag, "Keeps Deskhand out of this ticket."),
    )
    return Wish(
        public_url=url,
        off_tags=policy.answering.excluded_tags,
        macros=macros,
        intents={name: entry.description.partition(":")[0].rstrip(".") for name, entry in policy.intents.items()},
        groups=tuple(dict.fromkeys(team.group for team in policy.teams.values())),
    )


def _shown(steps: Iterator[Step], console: Console) -> Iterator[Step]:
    for step in steps:
        detail = f"  ({step.detail})" if step.detail else ""
        console.print(f"{_SIGNS[step.act]} {step.act.value:<8}{step.kind:<10}{step.name}{detail}", highlight=False)
        yield step


def _finish(
    args: argparse.Namespace, settings: Settings, setup: Setup, result: dict[str, object], console: Console
) -> Trial:
    """Keep the signing secret where asked, and see a signed delivery arrive."""
    _keep_secret(args, settings, setup.signing_secret(), console)
    try:
        trial = setup.try_delivery(_arrivals(args.vendor, settings))
    except IntegrationError as error:
        trial = Trial(is_ok=False, detail=str(error))
        console.print(f"! no test delivery: {error}", highlight=False)
    else:
        mend = "" if trial.is_ok else "; is the receiver up, reachable from outside, and started with the new secret?"
        console.print(f"{' ' if trial.is_ok else '!'} test delivery: {trial.detail}{mend}", highlight=False)
    result["trial"] = {"is_ok": trial.is_ok, "detail": trial.detail}
    return trial


def _keep_secret(args: argparse.Namespace, settings: Settings, secret: str, console: Console) -> None:
    """Write the signing secret where asked, if this helpdesk tells it."""
    known, name = settings.webhook_secrets(args.vendor), SECRETS.get(args.vendor, "")
    if not name:
        return
    if args.env and secret:
        set_key(Path(args.env), name, ",".join(dict.fromkeys([secret, *known])), quote_mode="never")
        console.print(f"signing secret written to {args.env} as {name}", highlight=False)
    elif secret not in known:
        console.print("the signing secret is not in the settings yet: run again with --env .env", highlight=False)


def _arrivals(vendor: str, settings: Settings) -> Callable[[str], bool] | None:
    """Return how to tell whether a delivery with these words has been stored since now; None without a database."""
    if not settings.database_url and not (settings.data / "deskhand.sqlite3").exists():
        return None
    engine = open_engine(settings.sql_url)
    try:
        require_head(engine)
    except SchemaError:
        return None
    inbox, begun = Inbox(engine), utc_now()
    return lambda text: inbox.holds(vendor, text, since=begun)
