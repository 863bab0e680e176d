"""Who may see figures and pages: the holder of DESKHAND_API_TOKEN, compared in constant time."""

import hashlib
import hmac
import ipaddress

from flask import Request

from config.settings import Settings

_FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")


def is_token(settings: Settings, given: str) -> bool:
    """Tell whether this is the token; never true while none is configured."""
    wanted = settings.api_token.get_secret_value()
    # Digests have one length, so that the comparison tells nothing of the token's own.
    same = hmac.compare_digest(_digest(wanted), _digest(given))
    return bool(wanted) and same


def has_bearer(settings: Settings, request: Request) -> bool:
    """Tell whether the request carries the token as `Authorization: Bearer`."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_token(settings, given.strip())


def is_local(request: Request) -> bool:
    """Tell whether the request was made on this machine and did not come through a proxy on it."""
    if any(name in request.headers for name in _FORWARDING):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
