"""Which budget a call counts against."""

import pytest


@pytest.mark.parametrize(
    ("method", "path", "name", "total"),
    [
        ("GET", "/tickets", "tickets-index", 100),
        ("PUT", "/tickets/1", "tickets-update", 100),
        ("PUT", "/tickets/1/tags", "per-ticket-updates", 30),
        ("PUT", "/tickets/update_many?ids=1", "tickets-update", 100),
        ("POST", "/tickets", "ticket-request-create-by-user-and-ip", 300),
        ("DELETE", "/tickets/1", "tickets-delete", 400),
        ("GET", "/search?query=x", "search-index", 100),
        ("GET", "/search/export?query=x", "search-export", 100),
        ("GET", "/incremental/tickets/cursor?start_time=0", "incremental-exports", 10),
        ("GET", "/incremental/tickets/sample?start_time=0", "incremental-exports-sample", 10),
        ("PUT", "/users/1", "per-user-updates", 5),
        ("PUT", "/organizations/1", "per-organization-updates", 5),
        ("GET", "/views/1/execute", "execute-view", 5),
        ("POST", "/webhooks/test", "webhooks-test", 20),
        ("GET", "/webhooks", "webhooks", 100),
    ],
)
def test_call_shows_its_budget(api, method, path, name, total):
    """The answer tells what is left of the endpoint's budget, whatever its status."""
    shown = getattr(api, method.lower())(path, {})
    assert shown.headers[f"zendesk-ratelimit-{name}"].startswith(f"total={total}; remaining={total - 1}; resets=")
    assert shown.headers["ratelimit-remaining"] == "699"


def test_trial_account_updates_less(api, control, ticket):
    """In a trial the twenty-first update of the minute is refused, on whichever ticket."""
    control("switches", limits=True, trial=True)
    person = {"name": "A", "email": "a@x.example"}
    others = [control("messages", subject="S", body="x", requester=person)["ticket_id"] for _ in range(20)]
    answers = [api.put(f"/tickets/{key}", {"ticket": {"priority": "low"}}).status_code for key in (ticket, *others)]
    assert answers == [200] * 20 + [429]


def test_help_centre_has_a_budget_of_its_own(api):
    """It tells its total alone, without a time of reset, as recorded."""
    shown = api.get("/help_center/articles").headers
    assert shown["X-Rate-Limit"] == "700"
    assert "ratelimit-reset" not in shown
