"""The pages' routes: who may see them, what each one asks of the record, and the headers that keep them harmless."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import access
from app.dashboard import views
from app.dashboard.login import Patience, form_token, is_form_ours, is_logged_in, log_in, prepare_sessions
from config.logs import get_logger
from config.settings import Settings
from workers.intake import CaseFilter, Intake

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OPEN = frozenset({"dashboard.static", "dashboard.login"})

log = get_logger(__name__)


def install(app: Flask, settings: Settings, intake: Intake) -> None:
    """Add the dashboard to the application."""
    prepare_sessions(app, settings)
    app.register_blueprint(_blueprint(settings, intake))


def _blueprint(settings: Settings, intake: Intake) -> Blueprint:
    pages = Blueprint(
        "dashboard",
        __name__,
        url_prefix="/dashboard",
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
    )
    patience = Patience()
    story, figures = intake.story, intake.story.overview
    for name, view in views.FILTERS.items():
        pages.add_app_template_filter(view, name)

    @pages.before_request
    def guard() -> Response | None:
        if request.endpoint == "dashboard.static":
            return None
        if not settings.api_token.get_secret_value():
            return make_response(render_template("dashboard/off.html"), 403)
        if request.endpoint in OPEN or is_logged_in(settings, request):
            return None
        return _ask_for_token(401)

    @pages.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "dashboard.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @pages.context_processor
    def shared() -> dict[str, Any]:
        return {"form_token": form_token, "logged_in": bool(session.get("is_in")), "now": intake.now()}

    @pages.get("", strict_slashes=False)
    def overview() -> str:
        now = intake.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return render_template(
            "dashboard/overview.html",
            periods=[
                ("Today", figures.period(midnight, now + timedelta(seconds=1))),
                ("Last 7 days", figures.period(now - timedelta(days=7), now + timedelta(seconds=1))),
            ],
            waiting=figures.waiting(now=now),
            model=figures.model_state(now=now),
            has_model=settings.has_model,
            failing=figures.breakers(now=now),
            away=figures.outages(now=now),
            standings=figures.progress.standings(),
            brakes=figures.progress.brakes(now=now),
            steps=figures.progress.steps(),
            is_paused=figures.is_paused(),
            runs=figures.runs(8),
            attention=story.attention(now=now).count,
        )

    @pages.get("/cases")
    def cases() -> str:
        wanted = CaseFilter(**{name: views.printable(request.args.get(name, "")) for name in views.FILTER_FIELDS})
        page = story.cases(wanted, request.args.get("page", 1, type=_page_number))
        links = {name: value for name in views.FILTER_FIELDS if (value := getattr(wanted, name))}
        return render_template(
            "dashboard/cases.html",
            page=page,
            wanted=wanted,
            intents=story.intents(),
            actions=views.ACTIONS,
            reasons=story.reason_codes,
            link=lambda number: url_for("dashboard.cases") + "?" + urlencode({**links, "page": number}),
        )

    @pages.get("/tickets/<vendor>/<ticket_id>")
    def ticket(vendor: str, ticket_id: str) -> AnyResponse:
        found = story.ticket(views.printable(vendor), views.printable(ticket_id))
        if found is None:
            return make_response(render_template("dashboard/missing.html", what=f"{vendor} ticket {ticket_id}"), 404)
        return make_response(render_template("dashboard/ticket.html", ticket=found))

    @pages.get("/attention")
    def attention() -> str:
        return render_template("dashboard/attention.html", found=story.attention(now=intake.now()))

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> AnyResponse:
        if request.method == "GET":
            return redirect(url_for("dashboard.overview")) if is_logged_in(settings, request) else _ask_for_token(200)
        if patience.is_over():
            return _ask_for_token(429, "Too many wrong tokens. Wait a minute, then try again.")
        if not is_form_ours(request):
            return _ask_for_token(400, "This page was too old. Please try again.")
        if not access.is_token(settings, request.form.get("token", "")):
            patience.note_failure()
            log.warning("dashboard_login_refused")
            return _ask_for_token(401, "That is not the token.")
        log_in()
        log.info("dashboard_login")
        return redirect(_local(request.form.get("next", "")), code=303)

    @pages.post("/logout")
    def logout() -> AnyResponse:
        if not is_form_ours(request):
            return _ask_for_token(400, "This page was too old. Please try again.")
        session.clear()
        return redirect(url_for("dashboard.login"), code=303)

    return pages


def _ask_for_token(status: int, problem: str = "") -> Response:
    wanted = request.form.get("next", "") or request.full_path.rstrip("?")
    page = render_template("dashboard/login.html", problem=problem, next=_local(wanted))
    response = make_response(page, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="deskhand"'
    return response


def _local(target: str) -> str:
    """Return the target if it is a page of the dashboard other than the log-in, else the overview."""
    here = url_for("dashboard.overview")
    is_page = target == here or target.startswith((f"{here}/", f"{here}?"))
    safe = is_page and "\\" not in target and not target.startswith(f"{here}/log")
    return target if safe and target.isprintable() else here


def _page_number(text: str) -> int:
    return int(text[:9])
