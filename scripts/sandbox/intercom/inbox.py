"""The web inbox of the workspace: write as a contact, answer as a teammate, and watch. Its pages are shared."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from scripts.sandbox import pages, richtext
from scripts.sandbox.intercom import acts, inbox_views, wire_library
from scripts.sandbox.intercom.calls import twin
from scripts.sandbox.intercom.refusals import words
from scripts.sandbox.intercom.state import PRIORITIES, STATES, Article, Conversation
from scripts.sandbox.pages import LIVE_SECONDS
from scripts.sandbox.refusals import RefusedError

bp = Blueprint("inbox", __name__)
pages.set_up(bp)

_FIELDS = ("group", "assignee", "tags", "priority")
_CHANNELS = (("conversation", "Messenger"), ("email", "E-mail"), ("whatsapp", "WhatsApp"), ("sms", "SMS"))


@bp.app_context_processor
def _everywhere() -> dict[str, Any]:
    held = twin()
    return {
        "dashboard_url": held.options.dashboard_url,
        "account": held.world.account,
        "kinds": inbox_views.KINDS,
        "vendor": "intercom",
        "things": "Conversations",
        "channels": _CHANNELS,
    }


@bp.get("/")
def start() -> BaseResponse:
    return redirect(url_for("inbox.tickets"))


@bp.get("/inbox")
def tickets() -> str:
    """Show conversations, the latest changed first, filtered by state, team and words."""
    held = twin()
    rows = sorted(held.world.conversations.values(), key=lambda row: (-row.updated_at, -int(row.id)))
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    return pages.show_list(
        rows,
        _fits,
        lambda row: (inbox_views.row(held, row), inbox_views.sides(held, row), *inbox_views.excerpt(held, row)),
        counts=counts,
        groups=_teams(),
    )


def _fits(row: Conversation, asked: pages.Asked) -> bool:
    if asked["status"] and row.state != asked["status"]:
        return False
    if asked["group"] and str(row.team_assignee_id) != asked["group"]:
        return False
    shown, person = inbox_views.row(twin(), row), inbox_views.sides(twin(), row)["requester"]
    head = f"#{row.id} {shown.subject} {person['name']} {person['email']} {' '.join(shown.tags)}"
    text = " ".join([head, row.source.html, *(part.html or "" for part in row.parts)])
    return asked["q"].lower() in text.lower()


def _teams() -> list[Any]:
    return sorted(twin().world.teams.values(), key=lambda row: row.name)


def _find(number: str) -> Conversation:
    row = twin().world.conversations.get(number)
    if row is None:
        abort(404)
    return row


@bp.get("/inbox/<int:ticket_id>")
def thread(ticket_id: int) -> str:
    return _thread(_find(str(ticket_id)))


def _thread(row: Conversation, problem: str = "", typed: Mapping[str, str] | None = None) -> str:
    held = twin()
    return render_template(
        "thread.html",
        ticket=inbox_views.row(held, row),
        sides=inbox_views.sides(held, row),
        entries=inbox_views.entries(held, row),
        composer="composer_intercom.html",
        typed=typed or {},
        first_kind=(typed or {}).get("kind") or _first_kind(row),
        assigned={"group": row.team_assignee_id, "assignee": row.admin_assignee_id},
        staff=held.world.staff(),
        groups=_teams(),
        priorities=PRIORITIES,
        neighbours=_neighbours(row),
        problem=problem,
        live_seconds=LIVE_SECONDS if "live" in request.args else None,
    )


def _first_kind(row: Conversation) -> str:
    """Offer to answer whoever spoke last."""
    spoken = [part.author["type"] for part in row.parts if part.html and part.part_type != "note"]
    last = spoken[-1] if spoken else row.source.author["type"]
    return "reply" if last in ("user", "lead") else "requester"


def _neighbours(row: Conversation) -> tuple[str | None, str | None]:
    """Return the ids of the conversations before and after, None where there is none."""
    rows = sorted(twin().world.conversations, key=int)
    place = rows.index(row.id)
    return rows[place - 1] if place else None, rows[place + 1] if place + 1 < len(rows) else None


@bp.post("/inbox/<int:ticket_id>")
def write(ticket_id: int) -> str | BaseResponse | tuple[str, int]:
    """Write as the contact, or reply, note and change properties as the teammate chosen."""
    row, form = _find(str(ticket_id)), request.form
    values: dict[str, Any] = {"ticket_id": row.id, "body": form.get("body", "")}
    if form.get("kind") == "requester":
        return _submit(row, lambda: acts.message(twin(), values))
    values |= {"staff": form.get("staff"), "public": form.get("kind") != "note", "status": form.get("status", "")}
    values |= {name: form[name] for name in _FIELDS if name in form}
    return _submit(row, lambda: acts.staff(twin(), values))


def _submit(
    row: Conversation, act: Callable[[], tuple[Conversation, str | None]]
) -> str | BaseResponse | tuple[str, int]:
    try:
        changed, number = act()
    except ValueError as error:
        return _thread(row, str(error), request.form), 400
    except RefusedError as error:
        return _thread(row, words(error), request.form), error.status
    anchor = f"c{number}" if number else None
    return redirect(url_for("inbox.thread", ticket_id=int(changed.id), _anchor=anchor), 303)


@bp.route("/inbox/new", methods=["GET", "POST"])
def new() -> str | BaseResponse | tuple[str, int]:
    """Write a new conversation as a contact."""
    if request.method == "GET":
        return render_template("new.html", form={}, problem="")
    form = request.form
    values = {
        "subject": form.get("subject"),
        "body": form.get("body"),
        "requester": {"name": form.get("name"), "email": form.get("email")},
        "channel": form.get("channel") or "conversation",
        "organization": form.get("organization", "").strip(),
    }
    try:
        if not form.get("body", "").strip():
            raise ValueError("the message is empty: write something")
        row, _ = acts.message(twin(), values)
    except (ValueError, RefusedError) as error:
        problem = words(error) if isinstance(error, RefusedError) else str(error)
        return render_template("new.html", form=form, problem=problem), 400
    return redirect(url_for("inbox.thread", ticket_id=int(row.id)), 303)


# -- articles


@bp.get("/inbox/articles")
def articles() -> str:
    asked = request.args.get("q", "").strip()
    shelves: dict[str, list[Any]] = {}
    for row in twin().world.articles.values():
        if asked.lower() in f"{row.title} {row.body}".lower():
            shelves.setdefault(_shelf(row), []).append(inbox_views.page(twin(), row))
    return render_template("articles.html", shelves=sorted(shelves.items()), words=asked, slug=_slug)


def _shelf(row: Article) -> str:
    if row.is_internal:
        return "For staff alone"
    world, names = twin().world, []
    number = row.parent_ids[0] if row.parent_ids else None
    while number is not None and number in world.collections:
        names.append(world.collections[number].name)
        number = world.collections[number].parent_id
    return " / ".join(reversed(names)) or "No collection"


def _slug(shown: inbox_views.Page) -> str:
    return wire_library.article_url(twin().world.articles[shown.id], twin().world).rpartition("/")[2]


@bp.get("/inbox/articles/<int:article_id>")
def article(article_id: int) -> str:
    row = twin().world.articles.get(article_id)
    if row is None:
        abort(404)
    return _article(row, row.body, is_public_page=False)


@bp.get("/hc/<locale>/articles/<key>")
def public_article(locale: str, key: str) -> str:
    """Show an article as anyone sees it; a draft or a restricted one is not there."""
    number = key.partition("-")[0]
    row = twin().world.articles.get(int(number)) if number.isdigit() else None
    if row is None or row.is_internal or row.audience != "everyone":
        abort(404)
    own = {"state": row.state, "body": row.body}
    text = own if locale == row.locale else row.translations.get(locale, {})
    if text.get("state") != "published":
        abort(404)
    return _article(row, str(text.get("body") or ""), is_public_page=True)


def _article(row: Article, body: str | None, *, is_public_page: bool) -> str:
    html = Markup(richtext.safe(body or ""))  # noqa: S704 - cleaned by nh3 in the same line
    shown = inbox_views.page(twin(), row)
    return render_template(
        "article.html", article=shown, html=html, shelf=_shelf(row), is_public_page=is_public_page, slug=_slug
    )


# -- addresses of the real thing


@bp.get("/a/inbox/<app_id>/inbox/conversation/<int:number>")
def permalink(app_id: str, number: int) -> BaseResponse:
    if app_id != twin().world.account.app_id:
        abort(404)
    return redirect(url_for("inbox.thread", ticket_id=number))


@bp.get("/attachments/<number>/<name>")
def attachment(number: str, name: str) -> Response:
    """Serve an attachment as a download, so that no browser runs what is in it."""
    held = twin().world.files.get(number)
    if held is None or held["name"] != name:
        abort(404)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(urlsafe_b64decode(held["text"]), 200, headers, content_type=held["type"] or "text/plain")
