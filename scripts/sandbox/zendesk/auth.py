"""Who calls: OAuth client credentials and bearer tokens, or an address with the account's API token."""

import binascii
import secrets
from base64 import b64decode
from hmac import compare_digest

from flask import Blueprint, Response, g, request

from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.state import Token, User, World
from scripts.sandbox.zendesk.calls import answer, body, twin

bp = Blueprint("auth", __name__)

_DEFAULT_SECONDS, _LEAST, _MOST = 1800, 300, 172_800
_MAX_TOKENS = 10_000
# Where the name of a scope differs from the path's first part.
_KINDS = {"help_center": "hc", "trigger_categories": "triggers", "group_memberships": "groups"}


@bp.post("/oauth/tokens")
def give_token() -> Response:
    """Answer the client-credentials grant; the token acts as the user who owns the client."""
    wanted = body() if request.is_json else request.form.to_dict()
    account = twin().world.account
    if wanted.get("grant_type") != "client_credentials":
        return answer({"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}, 400)
    known = compare_digest(str(wanted.get("client_id", "")).encode(), account.oauth_client_id.encode())
    if not known or not compare_digest(
        str(wanted.get("client_secret", "")).encode(), account.oauth_client_secret.encode()
    ):
        return answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    seconds = wanted.get("expires_in", _DEFAULT_SECONDS)
    if not str(seconds).isdigit() or not _LEAST <= int(seconds) <= _MOST:
        return answer({"error": "invalid_request", "error_description": "expires_in is out of range"}, 400)
    token = secrets.token_hex(32)
    tokens = twin().world.access_tokens
    if len(tokens) >= _MAX_TOKENS:
        tokens.pop(next(iter(tokens)))
    scope = str(wanted.get("scope") or "read write")
    ends = twin().world.clock.monotonic() + int(seconds)
    tokens[token] = Token(account.oauth_owner_id, ends, frozenset(scope.split()))
    return answer({"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": int(seconds)})


def authenticate() -> None:
    """Set `g.user`, or refuse. `users/me` is open to anyone: without a usable password it shows the anonymous user."""
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    world = twin().world
    g.user = None
    if kind.lower() == "bearer":
        g.user = _bearer(world, credential.strip())
        return
    user = _basic(world, credential) if kind.lower() == "basic" else None
    if user is None and request.path == "/api/v2/users/me":
        return
    if user is None:
        raise RefusedError(
            401, {"error": "Couldn't authenticate you"}, {"WWW-Authenticate": 'Basic realm="Web Password"'}
        )
    if not user.is_staff:
        raise RefusedError(403, {"error": "Forbidden", "description": "You do not have access to this page."})
    g.user = user


def check_scope() -> None:
    """Refuse a call that the token's scopes do not cover: `read`, `write`, or one of both for this kind of thing.

    A name that is no scope was accepted when the token was given out, and shows here. API tokens may do everything.
    """
    token: Token | None = g.get("token")
    if token is None:
        return
    verb = "read" if request.method in ("GET", "HEAD") else "write"
    first = request.path.removeprefix("/api/v2/").partition("/")[0]
    kind = _KINDS.get(first, first)
    if not token.scopes & {verb, f"{kind}:{verb}"}:
        description = "You do not have access to this page. Missing scope: " + verb
        raise RefusedError(403, {"error": "Forbidden", "description": description})


def _bearer(world: World, text: str) -> User:
    token = world.access_tokens.get(text)
    user = world.users.get(token.user_id) if token else None
    if token is None or user is None or world.clock.monotonic() >= token.ends:
        world.access_tokens.pop(text, None)
        words = "The access token provided is expired, revoked, malformed or invalid for other reasons."
        raise RefusedError(401, {"error": "invalid_token", "error_description": words})
    g.token = token
    return user


def _basic(world: World, credential: str) -> User | None:
    try:
        name, _, token = b64decode(credential, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    email, mark, _ = name.rpartition("/token")
    if not mark or not compare_digest(token.encode(), world.account.api_token.encode()):
        return None
    user = world.user_by_email(email)
    return user if user and user.active else None
