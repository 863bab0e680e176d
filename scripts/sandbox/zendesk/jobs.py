"""Job statuses, and the calls that start a job: many tickets changed, deleted or merged at once."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from scripts.sandbox import merging
from scripts.sandbox.desk import Origin
from scripts.sandbox.jobs import Job, Row, TooManyJobsError
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.zendesk import ticket_body
from scripts.sandbox.zendesk.calls import MAX_IDS, answer, body, ids_asked, listing, origin, twin, whole_number

bp = Blueprint("jobs", __name__, url_prefix="/api/v2")


def start(kind: str, items: Sequence[Callable[[], Row]]) -> dict[str, Any]:
    """Start a job and return its status object; 429 while thirty are under way. An item that refuses fails alone."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    guarded = [_guarded(app, place, item) for place, item in enumerate(items)]
    try:
        return _show(twin().jobs.submit(kind, guarded))
    except TooManyJobsError as error:
        description = "Too many jobs are running or queued; try again when some are done"
        payload = {"error": "TooManyJobs", "description": description, "current_job_ids": error.ids}
        raise RefusedError(429, payload, {"Retry-After": "5"}) from error


def _guarded(app: Flask, place: int, item: Callable[[], Row]) -> Callable[[], Row]:
    def work() -> Row:
        with app.app_context():
            try:
                return item()
            except RefusedError as error:
                return {"index": place, **_failure(error)}

    return work


def _failure(error: RefusedError) -> Row:
    details = error.payload.get("details") or {}
    words = " ".join(row["description"] for rows in details.values() for row in rows)
    return {"error": error.payload["error"], "details": words or error.payload.get("description", "")}


def _show(job: Job) -> dict[str, Any]:
    is_over = job.status in ("completed", "failed", "killed")
    return {
        "id": job.id,
        "job_type": job.type,
        "url": f"{twin().world.base_url}/api/v2/job_statuses/{job.id}.json",
        "total": len(job.items),
        "progress": job.progress,
        "status": job.status,
        "message": job.message,
        "results": list(job.results) if is_over else None,
    }


@bp.get("/job_statuses/<job_id>")
def show_job(job_id: str) -> Response:
    job = twin().jobs.find(job_id)
    if job is None:
        raise not_found()
    return answer({"job_status": _show(job)})


@bp.get("/job_statuses")
def list_jobs() -> Response:
    return listing("job_statuses", twin().jobs.newest_first(), _show)


@bp.get("/job_statuses/show_many")
def show_jobs() -> Response:
    wanted = request.args.get("ids", "").split(",")
    found = [job for key in wanted if (job := twin().jobs.find(key))]
    return answer({"job_statuses": [_show(job) for job in found], "count": len(found)})


# -- many tickets


@bp.put("/tickets/update_many")
def update_many() -> Response:
    """Change many tickets: `?ids=` with one `ticket`, or a list `tickets` with an id in each."""
    who, given = origin(), body()
    if "ids" in request.args:
        values = body("ticket")
        rows = [(key, values) for key in ids_asked()]
    else:
        listed = [row for row in given.get("tickets") or () if isinstance(row, dict)]
        rows = [(whole_number(row.get("id")) or 0, row) for row in listed]
    _check_count(len(rows))
    items = [_later(_update, key, values, who) for key, values in rows]
    return answer({"job_status": start("Bulk Update Ticket", items)})


def _check_count(count: int) -> None:
    if count > MAX_IDS:
        description = f"The maximum number of values is {MAX_IDS}"
        raise RefusedError(400, {"error": "TooManyValues", "description": description, "max_count": MAX_IDS})
    if not count:
        raise RefusedError(400, {"error": "InvalidValue", "description": "ids or tickets are required"})


def _later(work: Callable[..., Row], *args: Any) -> Callable[[], Row]:
    return lambda: work(*args)


def _update(ticket_id: int, values: dict[str, Any], who: Origin) -> Row:
    ticket = twin().world.live_ticket(ticket_id)
    if ticket is None:
        return {"id": ticket_id, "action": "update", "success": False, **_failure(not_found())}
    try:
        ticket_body.update_in_bulk(ticket, values, who)
    except RefusedError as error:
        return {"id": ticket_id, "action": "update", "success": False, **_failure(error)}
    return {"id": ticket_id, "action": "update", "status": "Updated", "success": True}


@bp.delete("/tickets/destroy_many")
def delete_many() -> Response:
    who, ids = origin(), ids_asked()
    _check_count(len(ids))
    return answer({"job_status": start("Bulk Delete Ticket", [_later(_delete, key, who) for key in ids])})


def _delete(ticket_id: int, who: Origin) -> Row:
    ticket = twin().world.live_ticket(ticket_id)
    if ticket is None:
        raise not_found()
    twin().desk.delete(ticket, who)
    return {"id": ticket_id, "action": "delete", "status": "Deleted", "success": True}


@bp.post("/tickets/<int:ticket_id>/merge")
def merge(ticket_id: int) -> Response:
    """Merge the tickets `ids` into this one, in a job."""
    if twin().world.live_ticket(ticket_id) is None:
        raise not_found()
    given, who = body(), origin()
    ids = given.get("ids")
    if not isinstance(ids, list) or not ids:
        raise RefusedError(400, {"error": "InvalidValue", "description": "ids are required"})
    _check_count(len(ids))
    return answer({"job_status": start("Ticket Merge", [_later(_merge, ticket_id, ids, given, who)])})


def _merge(ticket_id: int, ids: list[Any], given: dict[str, Any], who: Origin) -> Row:
    world = twin().world
    target = world.live_ticket(ticket_id)
    sources = [world.live_ticket(whole_number(key) or 0) for key in ids]
    found = [source for source in sources if source and source is not target]
    if target is None or len(found) != len(ids):
        raise not_found()
    notes = {
        "target": (str(given.get("target_comment") or ""), bool(given.get("target_comment_is_public", False))),
        "source": (str(given.get("source_comment") or ""), bool(given.get("source_comment_is_public", False))),
    }
    merging.merge(twin().desk, who, target, found, notes)
    return {"id": ticket_id, "action": "merge", "status": "Merged", "success": True}
