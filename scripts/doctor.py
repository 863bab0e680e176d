"""`deskhand doctor`: check everything, and say what is wrong, why it matters, and how to mend it."""

import argparse
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape

from config.policy import PolicyError, load_policy
from config.prompts import PromptError, load_prompt
from config.settings import Settings, SettingsError, load_settings
from integrations import registry
from scripts import check_machine, check_outside
from scripts.checkup import Check, State, fail, guarded, ok
from scripts.output import add_json_argument, write_json
from workers.services import PROMPTS, bare_model, utc_now

_SIGNS = {State.OK: "[green]✓[/]", State.WARN: "[yellow]![/]", State.FAIL: "[red]✗[/]", State.SKIPPED: "[dim]·[/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    console = Console(stderr=args.json == "-", highlight=False)
    checks = []
    for check in examine():
        checks.append(check)
        _print(check, console)
    count = {state: sum(check.state is state for check in checks) for state in State}
    console.print(f"{count[State.OK]} fine, {count[State.WARN]} to look at, {count[State.FAIL]} to mend")
    rows = [{"name": c.name, "state": c.state.value, "what": c.what, "why": c.why, "mend": c.mend} for c in checks]
    write_json(args.json, {"is_ok": not count[State.FAIL], "checks": rows})
    return 1 if count[State.FAIL] else 0


def examine() -> Iterator[Check]:
    """Yield every finding, this machine first; a part that cannot be looked at does not hide the others."""
    try:
        settings = load_settings()
        policy = load_policy(settings.config)
        for name in PROMPTS:
            load_prompt(settings.config / "prompts", name)
    except (SettingsError, PolicyError, PromptError) as error:
        mend = "mend what is named; .env.example and config/policy.py list everything"
        yield fail("settings", str(error), why="nothing starts", mend=mend)
        return
    yield ok("settings", f"policy {policy.hash}")
    looks: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("data folder", lambda: check_machine.disk(settings)),
        ("database", lambda: check_machine.database(settings, utc_now())),
        ("redis", lambda: check_machine.queue(settings)),
        ("models", lambda: check_machine.models(settings, policy)),
        ("library", lambda: check_machine.library(settings)),
        ("receiver", lambda: check_machine.receiver(settings)),
        ("dashboard", lambda: check_machine.access(settings)),
        ("helpdesk", lambda: _helpdesks(settings)),
    ]
    for vendor in registry.configured(settings):
        looks += [
            (vendor, lambda vendor=vendor: check_outside.helpdesk(vendor, settings, policy, utc_now)),  # type: ignore[misc]
            (f"{vendor}: deliveries", lambda vendor=vendor: check_machine.deliveries(vendor, settings, utc_now())),  # type: ignore[misc]
        ]
    looks += [
        ("model", lambda: check_outside.model(bare_model(settings, policy), policy)),
        ("prices", lambda: check_outside.prices(policy)),
    ]
    for name, look in looks:
        yield from guarded(name, look)


def _helpdesks(settings: Settings) -> Iterator[Check]:
    if not registry.configured(settings):
        mend = "set the credentials of Zendesk or Intercom; docs/zendesk.md, docs/intercom.md"
        yield fail("helpdesk", "none is connected", why="there is nothing to answer", mend=mend)


def _print(check: Check, console: Console) -> None:
    said = f"  {escape(check.what)}" if check.what else ""
    console.print(f"{_SIGNS[check.state]} {escape(check.name)}{said}", soft_wrap=True)
    if check.why:
        console.print(
            f"    why it matters: {check.why}\n    how to mend it: {check.mend}", markup=False, soft_wrap=True
        )
