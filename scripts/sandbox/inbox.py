"""The web inbox: a small helpdesk in plain HTML where one writes as a requester, answers as staff, and watches."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from scripts.sandbox import acts, files, inbox_thread, pages, richtext, ticket_links
from scripts.sandbox.pages import LIVE_SECONDS
from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.state import PRIORITIES, TYPES, Article, Macro, Ticket, User
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.calls import twin
from scripts.sandbox.zendesk.wire import slug

bp = Blueprint("inbox", __name__)
pages.set_up(bp)

_STAFF_FIELDS = ("group", "assignee", "tags", "priority", "type", "macro", "email_ccs")


@bp.app_context_processor
def _everywhere() -> dict[str, Any]:
    return {"dashboard_url": twin().options.dashboard_url, "account": twin().world.account, "kinds": inbox_thread.KINDS}


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
    return pages.show_list(
        rows,
        _fits,
        lambda row: (row, _sides(row), *inbox_thread.excerpt(twin(), row)),
        counts=counts,
        groups=_groups(),
    )


def _fits(ticket: Ticket, asked: pages.Asked) -> bool:
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
        "copies": [world.users[number] for number in ticket.email_cc_ids],
        "followers": [world.users[number] for number in ticket.follower_ids],
        "problem": world.live_ticket(ticket.problem_id) if ticket.problem_id else None,
        "incidents": ticket_links.incidents_of(world, ticket),
        "status": ticket_links.status_of(world, ticket),
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
    """Show a ticket; with `macro` the form is filled in as that macro would have it."""
    ticket = _find(ticket_id)
    macro = twin().world.macros.get(request.args.get("macro", 0, type=int))
    return _thread(ticket, macro=macro)


def _thread(
    ticket: Ticket, problem: str = "", typed: Mapping[str, str] | None = None, macro: Macro | None = None
) -> str:
    held = twin()
    agents = _agents()
    chosen = next((user for user in agents if str(user.id) == request.args.get("as")), None)
    return render_template(
        "thread.html",
        ticket=ticket,
        sides=_sides(ticket),
        entries=inbox_thread.entries(held, ticket),
        form=inbox_thread.form_for(held, ticket, typed or {}, macro, chosen or (agents[0] if agents else None)),
        chosen=chosen,
        staff=agents,
        groups=_groups(),
        macros=_macros(),
        priorities=PRIORITIES,
        types=TYPES,
        neighbours=_neighbours(ticket),
        problem=problem,
        live_seconds=LIVE_SECONDS if "live" in request.args else None,
    )


def _macros() -> list[Macro]:
    return sorted((row for row in twin().world.macros.values() if row.active), key=lambda row: (row.position, row.id))


def _neighbours(ticket: Ticket) -> tuple[int | None, int | None]:
    """Return the numbers of the tickets before and after, None where there is none."""
    live = [row.id for row in twin().world.tickets.values() if row.status != "deleted"]
    before = max((one for one in live if one < ticket.id), default=None)
    return before, min((one for one in live if one > ticket.id), default=None)


@bp.post("/inbox/<int:ticket_id>")
def write(ticket_id: int) -> str | BaseResponse | tuple[str, int]:
    """Write as the requester, or reply, note and change properties as the staff member chosen."""
    if request.form.get("kind") == "requester":
        return _submit(
            ticket_id, lambda held, form: acts.message(held, {"ticket_id": ticket_id, "body": form.get("body")})
        )

    def act(held: Twin, form: Mapping[str, str]) -> Any:
        values: dict[str, Any] = {"ticket_id": ticket_id, "staff": form.get("staff"), "body": form.get("body", "")}
        values["public"] = form.get("kind") != "note"
        values["status"] = form.get("status")
        values |= {name: form[name] for name in _STAFF_FIELDS if name in form}
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
        "email_ccs": form.get("email_ccs", ""),
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
