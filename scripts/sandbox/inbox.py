"""The web inbox: a small helpdesk in plain HTML where one writes as a requester, answers as staff, and watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from scripts.sandbox import acts, files, richtext
from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.state import PRIORITIES, Article, Comment, Ticket, User
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.calls import twin
from scripts.sandbox.zendesk.wire import slug

ROOT = Path(__file__).parent
PAGE = 50
LIVE_SECONDS = 3

bp = Blueprint("inbox", __name__)

_TOLD = {
    "status": "status", "priority": "priority", "group_id": "group", "assignee_id": "assignee", "tags": "tags",
    "type": "type", "subject": "subject",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a thread: a message (`comment` set) or a line about what changed (`changes`)."""

    author: str
    kind: str  # requester | staff | bot | note | change
    at: str
    comment: Comment | None = None
    html: Markup | None = None
    changes: tuple[str, ...] = ()


@bp.app_context_processor
def _everywhere() -> dict[str, Any]:
    return {"dashboard_url": twin().options.dashboard_url, "account": twin().world.account}


@bp.app_template_filter("when")
def when(stamp: str) -> str:
    """Return a time as people write it."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


@bp.app_template_filter("initials")
def initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper() or "?"


@bp.get("/")
def start() -> BaseResponse:
    return redirect(url_for("inbox.tickets"))


@bp.get("/inbox")
def tickets() -> str:
    """Show tickets, the latest changed first, filtered by status, group and words."""
    world = twin().world
    rows = sorted((t for t in world.tickets.values() if t.status != "deleted"), key=lambda t: -t.change_index)
    counts = dict.fromkeys(("new", "open", "pending", "hold", "solved", "closed"), 0)
    for row in rows:
        counts[row.status] += 1
    asked = {name: request.args.get(name, "").strip() for name in ("status", "group", "q")}
    rows = [row for row in rows if _fits(row, asked)]
    number = max(1, request.args.get("page", 1, type=int))
    shown = rows[(number - 1) * PAGE : number * PAGE]
    return render_template(
        "list.html",
        tickets=[(row, _sides(row)) for row in shown],
        counts=counts,
        groups=_groups(),
        asked=asked,
        found=len(rows),
        page=number,
        has_more=len(rows) > number * PAGE,
        live_seconds=LIVE_SECONDS if "live" in request.args else None,
        url_with=_url_with,
    )


def _url_with(**changes: Any) -> str:
    args = {name: value for name, value in {**request.args.to_dict(), **changes}.items() if value not in (None, "")}
    return url_for("inbox.tickets", **args)


def _fits(ticket: Ticket, asked: Mapping[str, str]) -> bool:
    if asked["status"] and ticket.status != asked["status"]:
        return False
    if asked["group"] and str(ticket.group_id) != asked["group"]:
        return False
    words = asked["q"].lower()
    if not words:
        return True
    requester = twin().world.users[ticket.requester_id]
    text = f"#{ticket.id} {ticket.subject} {requester.name} {requester.email} {' '.join(ticket.tags)}".lower()
    return words in text or any(words in comment.plain_body.lower() for comment in ticket.comments)


def _sides(ticket: Ticket) -> dict[str, Any]:
    world = twin().world
    return {
        "requester": world.users[ticket.requester_id],
        "assignee": world.users.get(ticket.assignee_id or 0),
        "group": world.groups.get(ticket.group_id or 0),
        "organization": world.organizations.get(ticket.organization_id or 0),
    }


def _groups() -> list[Any]:
    return sorted((g for g in twin().world.groups.values() if not g.deleted), key=lambda g: g.name)


def _agents() -> list[User]:
    held = twin()
    return [user for user in held.world.staff() if user.id != held.world.account.oauth_owner_id]


def _find(ticket_id: int) -> Ticket:
    ticket = twin().world.live_ticket(ticket_id)
    if ticket is None:
        abort(404)
    return ticket


@bp.get("/inbox/<int:ticket_id>")
def thread(ticket_id: int) -> str:
    return _thread(_find(ticket_id))


def _thread(ticket: Ticket, problem: str = "", form: Mapping[str, str] | None = None) -> str:
    return render_template(
        "thread.html",
        ticket=ticket,
        sides=_sides(ticket),
        entries=_entries(ticket),
        staff=_agents(),
        groups=_groups(),
        priorities=PRIORITIES,
        problem=problem,
        form=form or {},
        live_seconds=LIVE_SECONDS if "live" in request.args else None,
    )


def _entries(ticket: Ticket) -> list[Entry]:
    """Return the thread in order: every audit's message, then the line of what else it changed."""
    comments = {comment.audit_id: comment for comment in ticket.comments}
    entries = []
    for audit in ticket.audits:
        if comment := comments.get(audit.id):
            entries.append(_message(comment))
        changes = tuple(_told(event) for event in audit.events if event["type"] == "Change" and _is_told(event))
        if changes:
            actor = twin().world.users.get(audit.author_id)
            entries.append(Entry(actor.name if actor else "System", "change", audit.created_at, changes=changes))
    return entries


def _message(comment: Comment) -> Entry:
    held = twin()
    author = held.world.users[comment.author_id]
    if not comment.public:
        kind = "note"
    elif author.id == held.world.account.oauth_owner_id:
        kind = "bot"
    else:
        kind = "staff" if author.is_staff else "requester"
    html = Markup(richtext.safe(comment.html_body))  # noqa: S704 - cleaned by nh3 one call before
    return Entry(author.name, kind, comment.created_at, comment, html)


def _is_told(event: Mapping[str, Any]) -> bool:
    return event["field_name"] in _TOLD


def _told(event: Mapping[str, Any]) -> str:
    name, value, before = event["field_name"], event["value"], event["previous_value"]
    if name == "tags":
        added, removed = set(value) - set(before or []), set(before or []) - set(value)
        parts = [f"tagged {', '.join(sorted(added))}"] if added else []
        parts += [f"untagged {', '.join(sorted(removed))}"] if removed else []
        return " and ".join(parts) or "tags unchanged"
    world = twin().world
    if name == "group_id" and value:
        value = world.groups[int(value)].name
    if name == "assignee_id" and value:
        value = world.users[int(value)].name
    by_rule = f" (trigger: {event['via']['source']['from']['title']})" if "via" in event else ""
    return f"{_TOLD[name]} → {value or 'none'}{by_rule}"


@bp.post("/inbox/<int:ticket_id>/reply")
def reply(ticket_id: int) -> str | BaseResponse | tuple[str, int]:
    """Write as the requester."""
    return _submit(ticket_id, lambda held, form: acts.message(held, {"ticket_id": ticket_id, "body": form.get("body")}))


@bp.post("/inbox/<int:ticket_id>/staff")
def answer_as_staff(ticket_id: int) -> str | BaseResponse | tuple[str, int]:
    """Reply, note or change properties as the staff member chosen."""

    def act(held: Twin, form: Mapping[str, str]) -> Any:
        values: dict[str, Any] = {"ticket_id": ticket_id, "staff": form.get("staff"), "body": form.get("body", "")}
        values["public"] = form.get("kind") != "note"
        values["status"] = form.get("status")
        for name in ("group", "assignee", "tags", "priority"):
            if name in form:
                values[name] = form[name]
        return acts.staff(held, values)

    return _submit(ticket_id, act)


def _submit(ticket_id: int, act: Any) -> str | BaseResponse | tuple[str, int]:
    ticket = _find(ticket_id)
    try:
        changed, comment_id = act(twin(), request.form)
    except ValueError as error:
        return _thread(ticket, str(error), request.form), 400
    except RefusedError as error:
        return _thread(ticket, _words(error), request.form), error.status
    anchor = f"c{comment_id}" if comment_id else None
    return redirect(url_for("inbox.thread", ticket_id=changed.id, _anchor=anchor), 303)


def _words(error: RefusedError) -> str:
    details = error.payload.get("details", {})
    found = [row["description"] for rows in details.values() for row in rows]
    return "; ".join(found) or str(error.payload.get("description", "Refused"))


@bp.route("/inbox/new", methods=["GET", "POST"])
def new() -> str | BaseResponse | tuple[str, int]:
    """Write a new ticket as a requester."""
    if request.method == "GET":
        return render_template("new.html", form={}, problem="")
    form = request.form
    values = {
        "subject": form.get("subject"),
        "body": form.get("body"),
        "requester": {"name": form.get("name"), "email": form.get("email")},
        "channel": form.get("channel") or "email",
    }
    if form.get("organization", "").strip():
        values["organization"] = form["organization"].strip()
    try:
        if not form.get("body", "").strip():
            raise ValueError("the message is empty: write something")
        ticket, _ = acts.message(twin(), values)
    except (ValueError, RefusedError) as error:
        problem = _words(error) if isinstance(error, RefusedError) else str(error)
        return render_template("new.html", form=form, problem=problem), 400
    return redirect(url_for("inbox.thread", ticket_id=ticket.id), 303)


# -- articles


@bp.get("/inbox/articles")
def articles() -> str:
    world, words = twin().world, request.args.get("q", "").strip()
    shelves: dict[str, list[Article]] = {}
    for row in world.articles.values():
        if words.lower() in f"{row.title} {row.body}".lower():
            shelves.setdefault(_shelf(row), []).append(row)
    return render_template("articles.html", shelves=sorted(shelves.items()), words=words, slug=slug)


def _shelf(article: Article) -> str:
    world = twin().world
    section = world.sections[article.section_id]
    return f"{world.categories[section.category_id].name} / {section.name}"


@bp.get("/inbox/articles/<int:article_id>")
def article(article_id: int) -> str:
    row = twin().world.articles.get(article_id)
    if row is None:
        abort(404)
    return _article(row, is_public_page=False)


@bp.get("/hc/<locale>/articles/<key>")
def public_article(locale: str, key: str) -> str:
    """Show an article as anyone sees it; a draft or a restricted one is not there."""
    number = key.partition("-")[0]
    row = twin().world.articles.get(int(number)) if number.isdigit() else None
    if row is None or not row.is_public or row.locale != locale.lower():
        abort(404)
    return _article(row, is_public_page=True)


def _article(row: Article, *, is_public_page: bool) -> str:
    html = Markup(richtext.safe(row.body or ""))  # noqa: S704 - cleaned by nh3 in the same line
    return render_template(
        "article.html", article=row, html=html, shelf=_shelf(row), is_public_page=is_public_page, slug=slug
    )


# -- addresses of the real thing


@bp.get("/agent/tickets/<int:ticket_id>")
def agent_ticket(ticket_id: int) -> BaseResponse:
    return redirect(url_for("inbox.thread", ticket_id=ticket_id))


@bp.get("/attachments/token/<int:number>/")
def attachment(number: int) -> Response:
    """Serve an attachment as a download, so that no browser runs what is in it."""
    held = files.read(twin().world, number)
    if held is None:
        abort(404)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(held[1], 200, headers, content_type=held[0])
