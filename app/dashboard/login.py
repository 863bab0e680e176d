"""Log-in with the API token, a signed cookie, and tokens against forged forms."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from datetime import timedelta

from flask import Flask, Request, session

from app import access
from config.settings import Settings

SESSION_LENGTH = timedelta(hours=12)
TRIES_PER_MINUTE = 10


def prepare_sessions(app: Flask, settings: Settings) -> None:
    """Sign cookies with a key made from the token: a new token ends every session. No token, no sessions."""
    token = settings.api_token.get_secret_value()
    if token:
        app.secret_key = hmac.digest(token.encode(), b"deskhand dashboard session", hashlib.sha256)
    app.config.update(
        SESSION_COOKIE_NAME="deskhand_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_COOKIE_PATH="/dashboard",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LENGTH,
    )


def is_logged_in(settings: Settings, request: Request) -> bool:
    return bool(session.get("is_in")) or access.has_bearer(settings, request)


def log_in() -> None:
    session.clear()
    session.permanent = True
    session["is_in"] = True


def form_token() -> str:
    """Return this session's token for forms, made when it is first asked for."""
    if "form" not in session:
        session["form"] = secrets.token_urlsafe(24)
    return str(session["form"])


def is_form_ours(request: Request) -> bool:
    """Tell whether a posted form came from a page of this session."""
    wanted, given = str(session.get("form", "")), request.form.get("form", "")
    return bool(wanted) and hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass"))


class Patience:
    """Limits wrong log-ins a minute in this process, whoever makes them: there is one token to guess."""

    def __init__(self, tries: int = TRIES_PER_MINUTE, seconds: float = 60.0) -> None:
        self._failures: deque[float] = deque(maxlen=tries)
        self._seconds = seconds
        self._lock = threading.Lock()

    def is_over(self) -> bool:
        with self._lock:
            full = len(self._failures) == self._failures.maxlen
            return full and time.monotonic() - self._failures[0] < self._seconds

    def note_failure(self) -> None:
        with self._lock:
            self._failures.append(time.monotonic())
