"""What the demo shows: one screen that tells what is happening, and the figures at the end."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from scripts.rehearsal import Played, Rehearsal, mismatches, seconds_of
from workers.store.overview import Period

INBOXES = {"zendesk": 1, "intercom": 3}  # vendor -> how far its inbox is from Deskhand's port
_LOOK = {"send": "green", "draft": "cyan", "assist": "yellow", "hand_off": "magenta", "ignore": "dim", "": "red"}
_WORDS = {
    "send": "sent",
    "draft": "drafted",
    "assist": "assisted",
    "hand_off": "handed off",
    "ignore": "left alone",
    "": "not settled",
}


class Screen:
    """Says things once; shows what is being started, then a progress bar while tickets are under way."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._console = Console(stderr=is_quiet, highlight=False)
        if not self._console.is_terminal:
            self._console.width = 132  # a file or a pipe has no width of its own
        self._progress = Progress(
            TextColumn("tickets"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=self._console
        )
        self._task = self._progress.add_task("tickets", total=None)
        self._done = 0
        self._simulated = ""
        self._vendors: tuple[str, ...] = ("zendesk",)
        self.port = 0

    def say(self, words: str) -> None:
        self._console.print(words, markup=False)

    def step(self, words: str) -> None:
        """Say what one step of the start came to."""
        self._console.print(f"[green]✓[/] {escape(words)}")

    def tell(self, words: str) -> None:
        """Tell the next turn of the learning scene."""
        self._console.print(f"[bold blue]Learning[/]  {escape(words)}")

    @contextmanager
    def starting(self) -> Iterator[None]:
        with self._console.status("starting everything on this machine; the first time takes longest"):
            yield

    def welcome(
        self, port: int, token: str, character: str, *, seconds: float, vendors: Sequence[str] = ("zendesk",)
    ) -> None:
        """Say where to look and what is not real; `character` is the simulated model's, "" for the real one."""
        self.port, self._vendors = port, tuple(vendors)
        self._simulated = _simulated(character)
        grid = Table.grid(padding=(0, 2))
        dashboard = f"http://127.0.0.1:{port}/dashboard"
        for vendor in self._vendors:
            inbox = inbox_of(vendor, port)
            name = "Inbox" if len(self._vendors) == 1 else f"{vendor.capitalize()}'s inbox"
            grid.add_row(name, f"[link={inbox}]{inbox}[/link]", "write as a customer, answer as staff")
        grid.add_row(
            "Dashboard", f"[link={dashboard}]{dashboard}[/link]", f"every ticket's story; token {escape(token)}"
        )
        grid.add_row("Simulated", self._simulated)
        grid.add_row("Real", "webhooks, receiver, queue, workers, search, checks, decisions, record")
        self._console.print(Panel(grid, title=f"Deskhand, ready after {seconds:.0f} s", expand=False))

    @contextmanager
    def live(self) -> Iterator[None]:
        with self._progress:
            yield

    def show(self, settled: Sequence[Played], rehearsal: Rehearsal) -> None:
        """Print a line for each ticket that got its outcome, and move the bar."""
        for played in settled:
            self._console.print(_line(played, self.port), no_wrap=True, overflow="ellipsis")
        self._done += len(settled)
        self._progress.update(self._task, completed=self._done, total=rehearsal.total)

    def finish(self, rehearsal: Rehearsal, summary: Mapping[str, Any]) -> None:
        """Print what became of all, by kind, what differs from an expert's view, and how the learning scenes went."""
        self._console.print(_by_kind(rehearsal))
        if (differing := _differing(rehearsal, self.port)).row_count:
            self._console.print(differing)
        for play in rehearsal.scenes:
            self._console.print(
                f"Learning: “{escape(play.scene.ticket.subject)}” → staff solved it → "
                f"“{escape(play.scene.similar.subject)}” {play.ending}"
            )
        self._console.print(_figures(summary))
        if summary["expected"]:
            self._console.print(
                f"As an expert expects: {summary['matched']} of {summary['expected']}", style="bold green"
            )
        self._console.print(f"Simulated: {self._simulated}")

    def goodbye(self) -> None:
        """Say that everything stays up, and how it ends."""
        places = " and ".join(f"{inbox_of(vendor, self.port)}/new" for vendor in self._vendors)
        self._console.print(f"Everything keeps running: write tickets at {places}. Ctrl-C stops all.")


def inbox_of(vendor: str, port: int) -> str:
    """Return the address of a helpdesk's inbox."""
    return f"http://127.0.0.1:{port + INBOXES[vendor]}/inbox"


def _simulated(character: str) -> str:
    desk = "the helpdesk (a stand-in on this machine; nothing leaves it)"
    if not character:
        return f"{desk}. The language model is the real one; it costs money"
    if character == "honest":
        honest = (
            "the simulated language model, which quotes the passages it is sent; ANTHROPIC_API_KEY brings the real one"
        )
        return f"{desk} and {honest}"
    return f"{desk} and the simulated language model, which misbehaves on purpose: {escape(character)}"


def _figures(summary: Mapping[str, Any]) -> str:
    waits = summary["latency_ms"]
    return (
        f"{summary['settled']} of {summary['tickets']} settled in {summary['seconds']:.0f} s · "
        f"sent {summary['sent']}, drafted {summary['drafted']}, assisted {summary['assisted']}, "
        f"handed off {summary['handed_off']}, left alone {summary['ignored']}, failed {summary['failed']} · "
        f"learned {summary['learned']} · duplicates {summary['duplicates']} · "
        f"p50 {waits['p50'] / 1000:.1f} s, p95 {waits['p95'] / 1000:.1f} s · ${summary['cost_usd']:.4f} at list prices"
    )


def _line(played: Played, port: int) -> str:
    outcome = played.outcome or {"action": "", "intent": "", "reasons": [], "passages": None}
    action = outcome["action"]
    wrong = mismatches(played)
    sign = "" if not played.ticket.expect else " [green]✓[/]" if not wrong else f" [red]✗ {wrong[0]}[/]"
    reason = outcome["reasons"][0] if outcome["reasons"] else ""
    subject = escape(f"{(played.ticket.subject or '(no subject)')[:44]:<44}")
    return (
        f"[dim]{_number(played, port)}[/] {subject} [{_LOOK[action]}]{_WORDS[action]:<11}[/] "
        f"[dim]{(outcome['intent'] or '-')[:22]:<22} {reason[:30]}[/]{sign}"
    )


def _number(played: Played, port: int) -> str:
    """Return the ticket's number, which a terminal that can makes a link to its thread in the inbox.

    Of Intercom's long numbers the end is enough to tell them apart.
    """
    shown = f"#{played.ticket_id:<5}" if played.ticket_id < 100_000 else f"…{played.ticket_id % 10_000:04d} "
    return f"[link={inbox_of(played.vendor, port)}/{played.ticket_id}]{shown}[/link]"


def _differing(rehearsal: Rehearsal, port: int) -> Table:
    """Return each ticket that did not end as an expert expects, and how it differs: a defect of one of the two."""
    table = Table(title="Not as expected", title_justify="left")
    for name in ("ticket", "kind", "subject", "what differs"):
        table.add_column(name)
    for played in rehearsal.played:
        if played.ticket.expect and (wrong := mismatches(played)):
            subject = escape(played.ticket.subject[:44] or "(no subject)")
            table.add_row(_number(played, port), played.ticket.kind, subject, escape("; ".join(wrong)))
    return table


def _by_kind(rehearsal: Rehearsal) -> Table:
    table = Table(title="What became of the tickets, by kind", title_justify="left")
    for name in ("kind", "tickets", "sent", "drafted", "assisted", "handed off", "left alone", "as expected"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    kinds: dict[str, list[Played]] = {}
    for played in rehearsal.played:
        kinds.setdefault(played.ticket.kind or "-", []).append(played)
    for kind, members in sorted(kinds.items(), key=lambda item: -len(item[1])):
        ends = Counter((p.outcome or {}).get("action", "") for p in members)
        judged = [p for p in members if p.ticket.expect]
        matched = f"{sum(not mismatches(p) for p in judged)} of {len(judged)}" if judged else ""
        counts = [str(ends[action] or "") for action in ("send", "draft", "assist", "hand_off", "ignore")]
        table.add_row(kind, str(len(members)), *counts, matched)
    return table


def summarise(rehearsal: Rehearsal, duplicates: int, period: Period, seconds: float) -> dict[str, Any]:
    """Return the demo's summary in the fields of the contract, and how many outcomes matched an expert's."""
    ends = Counter((played.outcome or {}).get("action", "") for played in rehearsal.played)
    messages = [written for played in rehearsal.played for written in played.written]
    waits = sorted(seconds_of(w.outcome) * 1000 for w in messages if w.outcome and not w.is_folded)
    judged = [played for played in rehearsal.played if played.ticket.expect]
    return {
        "tickets": len(rehearsal.played),
        "settled": sum(played.is_settled for played in rehearsal.played),
        "sent": ends["send"],
        "drafted": ends["draft"],
        "assisted": ends["assist"],
        "handed_off": ends["hand_off"],
        "ignored": ends["ignore"],
        "failed": ends[""],
        "learned": sum(play.is_solved and play.second is not None for play in rehearsal.scenes),
        "lessons_used": sum(play.used_lesson for play in rehearsal.scenes),
        "duplicates": duplicates,
        "expected": len(judged),
        "matched": sum(not mismatches(played) for played in judged),
        "seconds": round(seconds, 1),
        "latency_ms": {"p50": round(_quantile(waits, 0.5)), "p95": round(_quantile(waits, 0.95))},
        "cost_usd": float(period.cost_usd),
        "input_tokens": period.input_tokens,
        "output_tokens": period.output_tokens,
        "input_tokens_per_answer": period.tokens_per_answer,
        "results": [_result(played) for played in rehearsal.played],
    }


def _quantile(values: Sequence[float], share: float) -> float:
    return (
        statistics.quantiles(values, n=100, method="inclusive")[int(share * 100) - 1]
        if len(values) > 1
        else sum(values)
    )


def _result(played: Played) -> dict[str, Any]:
    outcome = played.outcome or {}
    return {
        "ticket": played.ticket.key,
        "vendor": played.vendor,
        "ticket_id": played.ticket_id,
        "subject": played.ticket.subject,
        "kind": played.ticket.kind,
        "action": outcome.get("action", ""),
        "tier": outcome.get("tier"),
        "intent": outcome.get("intent", ""),
        "team": outcome.get("team", ""),
        "reasons": outcome.get("reasons", []),
        "sources": [passage["url"] or passage["title"] for passage in outcome.get("passages") or ()],
        "seconds": round(seconds_of(outcome), 2) if outcome.get("settled_at") else None,
        "mismatches": mismatches(played),
    }
