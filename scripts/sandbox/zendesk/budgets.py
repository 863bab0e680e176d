"""Which of the vendor's limits one API call counts against, and how the answer shows them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from scripts.sandbox import limits
from scripts.sandbox.limits import Budget, Limits, Rule

_PREFIX = "/api/v2"


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule for calls of these methods whose path, after the prefix, matches; `key` tells budgets apart."""

    rule: Rule
    methods: tuple[str, ...]
    path: re.Pattern[str]
    key: Callable[[int, str], object] = lambda _user, _found: None


def _match(rule: Rule, methods: str, path: str, key: Callable[[int, str], object] | None = None) -> _Match:
    found = re.compile(path + "$")
    return _Match(rule, tuple(methods.split()), found, key) if key else _Match(rule, tuple(methods.split()), found)


def _by_user(user: int, found: str) -> object:
    return (user, found)


def _by_row(_user: int, found: str) -> object:
    return found


# By the first part of the path, so that a call looks at few of them.
_MATCHES: dict[str, tuple[_Match, ...]] = {
    "tickets": (
        _match(limits.TICKET_UPDATES, "PUT POST DELETE", r"/tickets/(\d+)(?:/tags)?"),
        _match(limits.PER_TICKET_UPDATES, "PUT POST DELETE", r"/tickets/(\d+)(?:/tags)?", _by_user),
        _match(limits.TICKET_UPDATES, "PUT", r"/tickets/(update_many)"),
        _match(limits.TICKET_CREATES, "POST", r"/tickets()", _by_user),
        _match(limits.TICKETS_INDEX, "GET", r"/tickets()"),
        _match(limits.TICKET_DELETES, "DELETE", r"/tickets/(\d+)"),
    ),
    "incremental": (
        _match(limits.EXPORT_SAMPLE, "GET", r"/incremental/(.+)/sample"),
        _match(limits.INCREMENTAL, "GET", r"/incremental/(?!.*/sample)(.+)"),
    ),
    "search": (
        _match(limits.SEARCH, "GET", r"/search()"),
        _match(limits.SEARCH_EXPORT, "GET", r"/search/(export)"),
    ),
    "users": (_match(limits.USER_UPDATES, "PUT", r"/users/(\d+)", _by_row),),
    "organizations": (_match(limits.ORGANIZATION_UPDATES, "PUT", r"/organizations/(\d+)", _by_row),),
    "views": (_match(limits.VIEW_EXECUTIONS, "GET", r"/views/(\d+)/(?:execute|tickets)", _by_user),),
    "webhooks": (
        _match(limits.WEBHOOKS, "GET POST PUT PATCH DELETE", r"/webhooks(.*)"),
        _match(limits.WEBHOOK_TESTS, "POST", r"/webhooks/(test)"),
    ),
}


def count(held: Limits, method: str, path: str, user_id: int) -> list[Budget]:
    """Count one call against each rule that fits; the account's or the Help Center's budget comes first."""
    rest = path.removeprefix(_PREFIX)
    first = rest[1:].partition("/")[0]
    if first == "help_center":
        return [held.count(limits.HELP_CENTER)]
    budgets = [held.count(limits.ACCOUNT)]
    for match in _MATCHES.get(first, ()):
        if method in match.methods and (found := match.path.match(rest)):
            budgets.append(held.count(match.rule, match.key(user_id, found.group(1))))
    return budgets


def headers(budgets: list[Budget]) -> dict[str, str]:
    """Return the headers that tell what is left. The Help Center tells its total alone, as recorded."""
    first, *more = budgets
    shown = {"X-Rate-Limit": str(first.total)}
    if first.rule is not limits.HELP_CENTER:
        shown["X-Rate-Limit-Remaining"] = shown["ratelimit-remaining"] = str(first.remaining)
        shown["ratelimit-limit"], shown["ratelimit-reset"] = str(first.total), str(first.resets)
    for budget in more:
        text = f"total={budget.total}; remaining={budget.remaining}; resets={budget.resets}"
        shown[f"zendesk-ratelimit-{budget.rule.name}"] = text
    return shown
