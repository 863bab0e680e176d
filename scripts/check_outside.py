"""The checks of what lies outside: each helpdesk's credentials, set-up, groups, clock and signatures; the model."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from pydantic import BaseModel

from config.policy import Policy
from config.settings import Settings
from integrations import registry
from integrations.errors import IntegrationError, PermanentError
from integrations.helpdesk import Helpdesk
from integrations.llm import LanguageModel, ModelOutcome, RenderedPrompt
from integrations.setup import Act, Setup, Step
from scripts.checkup import Check, fail, ok, skipped, warn
from scripts.connect import SECRETS, wish_of

CLOCK_SKEW = timedelta(seconds=60)
TOKENS_END = datetime.fromisoformat("2027-04-30T00:00:00+00:00")


# A right token at the wrong door is refused like a wrong one.
_HOMES = {"intercom": ", and see that INTERCOM_URL is of the workspace's region (api, api.eu or api.au.intercom.io)"}


class Pong(BaseModel):
    word: str


def helpdesk(vendor: str, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Iterator[Check]:
    """Look at one vendor, in the order in which one thing needs the other."""
    desk = registry.build_helpdesk(vendor, settings)
    try:
        account = desk.me()
    except PermanentError as error:
        mend = f"renew the credentials in the environment{_HOMES.get(vendor, '')}; docs/{vendor}.md, step 2"
        yield fail(f"{vendor}: credentials", str(error), why="nothing can be read or written", mend=mend)
        return
    except IntegrationError as error:
        mend = "is the address right, and is the helpdesk reachable from here?"
        yield fail(f"{vendor}: address", str(error), why="nothing can be read or written", mend=mend)
        return
    yield ok(f"{vendor}: credentials", f"act as {account.name}")
    yield from _older_token(vendor, settings, now())
    yield from _scopes(vendor, desk, now())
    setup = registry.build_setup(vendor, settings)
    yield from _clock(vendor, setup, now)
    yield from _set_up(vendor, setup, settings, policy)
    yield from _signatures(vendor, setup, settings)


def _older_token(vendor: str, settings: Settings, now: datetime) -> Iterator[Check]:
    if vendor != "zendesk" or settings.zendesk_client_id:
        return
    days = (TOKENS_END - now).days
    mend = "make an OAuth client (docs/zendesk.md, step 2) and set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"
    why = "Zendesk ends API tokens on 2027-04-30"
    level = fail if days <= 0 else warn
    yield level("zendesk: API token", f"works for {max(days, 0)} more days", why=why, mend=mend)


def _scopes(vendor: str, desk: Helpdesk, now: datetime) -> Iterator[Check]:
    """Try one harmless call of each kind a worker makes."""
    guide = f"The rights it needs: docs/{vendor}.md, steps 1 and 2"
    tries: tuple[tuple[str, str, str, Callable[[], object]], ...] = (
        ("groups", "escalations reach no team", f"may the account list groups? {guide}", desk.teams),
        (
            "changed tickets",
            "what webhooks lose stays lost",
            f"may the account ask for them? {guide}",
            lambda: desk.changes("", since=now - timedelta(minutes=5)),
        ),
        (
            "help centre",
            "the library stays empty",
            "is the Help Center switched on, and may the account read it?",
            lambda: next(iter(desk.articles()), None),
        ),
    )
    for name, why, mend, call in tries:
        try:
            call()
        except IntegrationError as error:
            yield fail(f"{vendor}: {name}", str(error), why=why, mend=mend)
        else:
            yield ok(f"{vendor}: {name}")


def _set_up(vendor: str, setup: Setup, settings: Settings, policy: Policy) -> Iterator[Check]:
    """Hold the helpdesk against what `connect` would make of it."""
    name = f"{vendor}: set-up"
    if not settings.public_url:
        yield skipped(name, "set DESKHAND_PUBLIC_URL to have what `deskhand connect` makes checked")
        return
    try:
        steps = list(setup.connect(wish_of(policy, settings.public_url), is_dry=True))
    except IntegrationError as error:
        mend = f"the account's rights do not do: docs/{vendor}.md, steps 1 and 2"
        yield fail(name, str(error), why="webhook and triggers cannot be looked at", mend=mend)
        return
    yield from _missing_groups(vendor, steps)
    differing = [step for step in steps if step.act not in (Act.KEEP, Act.MISSING)]
    if not differing:
        looked_at = sum(not step.is_proved_by_a_delivery for step in steps)
        yield ok(name, f"{looked_at} things as wanted")
        return
    listed = "; ".join(f"{step.act.value} {step.kind} {step.name}" for step in differing[:5])
    rest = f"; and {len(differing) - 5} more" if len(differing) > 5 else ""
    is_deaf = any(step.kind in ("webhook", "trigger") for step in differing)
    is_mute = any(step.kind == "attribute" for step in differing)
    why = "staff miss macros, fields, tags or views"
    why = "no reply can be sent: none goes out without its entry" if is_mute else why
    why = "deliveries do not come, or not all" if is_deaf else why
    yield (fail if is_deaf or is_mute else warn)(name, listed + rest, why=why, mend=f"`deskhand connect {vendor}`")


def _missing_groups(vendor: str, steps: list[Step]) -> Iterator[Check]:
    missing = [step.name for step in steps if step.act is Act.MISSING and step.kind == "group"]
    if missing:
        mend = "create them in the helpdesk, or name others under [teams] in taxonomy.toml"
        why = "escalations to them go to the fallback team"
        yield warn(f"{vendor}: teams", f"no group {', '.join(missing)}", why=why, mend=mend)


def _signatures(vendor: str, setup: Setup, settings: Settings) -> Iterator[Check]:
    """Compare the secrets, then let the helpdesk sign and deliver."""
    name = f"{vendor}: signatures"
    try:
        secret = setup.signing_secret()
    except IntegrationError as error:
        mend = f"the account's rights do not do: docs/{vendor}.md, steps 1 and 2"
        yield fail(name, str(error), why="nobody can tell whether deliveries are believed", mend=mend)
        return
    if not secret and (vendor in SECRETS or not settings.public_url):
        yield skipped(name, "the helpdesk tells no signing secret of ours")
        return
    if secret and secret not in settings.webhook_secrets(vendor):
        mend = f"`deskhand connect {vendor} --env .env`, then restart the receiver"
        yield fail(name, "the webhook's secret is not in the settings", why="every delivery is refused", mend=mend)
        return
    try:
        trial = setup.try_delivery()
    except IntegrationError as error:
        mend = "is the public address reachable from the internet, with a valid certificate?"
        yield fail(name, str(error), why="deliveries do not arrive", mend=mend)
        return
    if trial.is_ok:
        yield ok(name, trial.detail)
    else:
        mend = "does the proxy pass /webhooks/ through unchanged, and was the receiver restarted with the secret?"
        yield fail(name, trial.detail, why="deliveries are refused", mend=mend)


def _clock(vendor: str, setup: Setup, now: Callable[[], datetime]) -> Iterator[Check]:
    """Hold our clock against the one in the vendor's answers."""
    name = f"{vendor}: clock"
    told = setup.vendor_time()
    if told is None:
        yield skipped(name, "the helpdesk tells no time")
        return
    skew = abs(now() - told)
    said = f"{skew.total_seconds():.0f} s apart from the helpdesk's"
    if skew > CLOCK_SKEW:
        why = "signatures outside the time window are refused, and leases run out early"
        yield fail(name, said, why=why, mend="switch time synchronisation on (chrony, systemd-timesyncd)")
    else:
        yield ok(name, said)


def model(llm: LanguageModel | None, policy: Policy) -> Iterator[Check]:
    """Ask each model in use one word."""
    if llm is None:
        mend = "set ANTHROPIC_API_KEY"
        yield warn("model", "no key", why="no drafts: people get the passages found", mend=mend)
        return
    prompt = RenderedPrompt("doctor", "", "You answer with one word.", "Say pong.")
    for name in dict.fromkeys(filter(None, (policy.models.classify, policy.models.draft, policy.models.judge))):
        usage = llm.ask(prompt, Pong, model=name, max_tokens=64, deadline_seconds=20).usage
        if usage.outcome in (ModelOutcome.OK, ModelOutcome.MALFORMED, ModelOutcome.EMPTY):
            yield ok(f"model {name}", f"{usage.latency_seconds:.1f} s")
            continue
        mend = "look at the key, the bill, and the names under [models] in policy.toml"
        said = f"{usage.outcome.value} {usage.detail}".strip()
        yield fail(f"model {name}", said, why="no drafts: people get the passages found", mend=mend)


def prices(policy: Policy) -> Iterator[Check]:
    used = dict.fromkeys(filter(None, (policy.models.classify, policy.models.draft, policy.models.judge)))
    if without := [name for name in used if name not in policy.models.prices]:
        mend = "add them under [models.prices] in policy.toml"
        yield warn("prices", f"none for {', '.join(without)}", why="their calls count as free", mend=mend)
    else:
        yield ok("prices", f"of {len(used)} models")
