"""SLA policies over the API: which tickets they are for and within what time something has to happen.

Policies are kept and checked as the vendor does; no clock runs, and no ticket is ever in breach.
"""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import triggers
from scripts.sandbox.records import SlaPolicy
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.zendesk.calls import answer, body, listing, need_admin, nothing, twin, whole_number

bp = Blueprint("slas", __name__, url_prefix="/api/v2/slas")

METRICS = (
    "first_reply_time", "next_reply_time", "periodic_update_time", "pausable_update_time", "requester_wait_time",
    "agent_work_time", "total_resolution_time",
)  # fmt: skip
PRIORITIES = ("low", "normal", "high", "urgent")


def show_policy(row: SlaPolicy) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"{twin().world.base_url}/api/v2/slas/policies/{row.id}.json",
        "title": row.title,
        "description": row.description,
        "position": row.position,
        "filter": row.filter,
        "policy_metrics": row.policy_metrics,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _policy(policy_id: int) -> SlaPolicy:
    row = twin().world.sla_policies.get(policy_id)
    if row is None:
        raise not_found()
    return row


@bp.get("/policies")
def list_policies() -> Response:
    need_admin()
    rows = sorted(twin().world.sla_policies.values(), key=lambda row: (row.position, row.id))
    return listing("sla_policies", rows, show_policy)


@bp.get("/policies/<int:policy_id>")
def show_one_policy(policy_id: int) -> Response:
    need_admin()
    return answer({"sla_policy": show_policy(_policy(policy_id))})


@bp.post("/policies")
def create_policy() -> Response:
    need_admin()
    world = twin().world
    row = SlaPolicy(world.next_id(), "", position=len(world.sla_policies) + 1, created_at=world.stamp())
    _fill(row, body("sla_policy"))
    world.sla_policies[row.id] = row
    shown = show_policy(row)
    return answer({"sla_policy": shown}, 201, {"Location": shown["url"]})


@bp.put("/policies/<int:policy_id>")
def update_policy(policy_id: int) -> Response:
    """Change a policy. Filter and metrics that are given replace all."""
    need_admin()
    row = _policy(policy_id)
    _fill(row, body("sla_policy"))
    return answer({"sla_policy": show_policy(row)})


@bp.put("/policies/reorder")
def reorder_policies() -> Response:
    need_admin()
    for place, key in enumerate(request.args.get("sla_policy_ids", "").split(","), 1):
        _policy(whole_number(key) or 0).position = place
    return answer("")


@bp.delete("/policies/<int:policy_id>")
def delete_policy(policy_id: int) -> Response:
    need_admin()
    del twin().world.sla_policies[_policy(policy_id).id]
    return nothing()


def _fill(row: SlaPolicy, values: dict[str, Any]) -> None:
    """Set what a body gives; refuse what cannot be, with nothing changed."""
    title = str(values.get("title", row.title) or "").strip()
    if not title:
        raise invalid("title", "Title: cannot be blank", "BlankValue")
    given = values.get("filter", row.filter)
    if not isinstance(given, dict):
        raise invalid("filter", "Filter: cannot be blank", "BlankValue")
    wanted = {name: list(given.get(name) or ()) for name in ("all", "any")}
    if faults := triggers.faults_of(wanted):
        raise invalid("filter", faults[0])
    metrics = [_metric(one) for one in values.get("policy_metrics", row.policy_metrics) or ()]
    row.title, row.filter, row.policy_metrics = title, wanted, metrics
    row.description = str(values.get("description", row.description) or "")
    row.position = int(values.get("position") or row.position)
    row.updated_at = twin().world.stamp()


def _metric(values: Any) -> dict[str, Any]:
    """Return a target in minutes for one priority; refuse what is no metric."""
    if not isinstance(values, dict) or values.get("metric") not in METRICS:
        raise invalid("policy_metrics", "Metric is not included in the list")
    target = values.get("target")
    is_time = isinstance(target, int) and not isinstance(target, bool) and target > 0
    if values.get("priority") not in PRIORITIES or not is_time:
        raise invalid("policy_metrics", "Metric needs a priority and a target of at least one minute")
    return {
        "priority": values["priority"],
        "metric": values["metric"],
        "target": target,
        "business_hours": values.get("business_hours") is True,
    }
