"""HTTP to a vendor: one total deadline a call, one body limit, and four kinds of failure instead of a library's dozens.

The only module that knows requests. It never repeats a write: retry has one owner, the job.
"""

import math
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from integrations import deadline
from integrations.errors import ConflictError, IntegrationError, NotFoundError, PermanentError, TransientError
from integrations.json_body import read_json
from integrations.limits import ACCOUNT, Limit, read_limits

CONNECT_SECONDS = 3.0
MAX_BODY_BYTES = 20 * 1024 * 1024
MAX_RETRY_AFTER_SECONDS = 900.0
_FILES = "/attachments/"  # where a vendor keeps files at its own address
_CLIMBS = re.compile(r"(?i)(?:\.|%2e){2}|\\|%5c|//")
_MOST_HOPS = 3  # of a file: its address, and two redirects
_WINDOW_SECONDS = 60.0  # of a budget whose end the vendor does not tell

_LIMIT_HEADER = re.compile(r"(?i)(x-rate-?limit|rate-?limit|zendesk-rate-?limit).*")
_PASSING = frozenset({408, 425, 429})  # 4xx that are about the moment, not about the request
_UNUSABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidJSONError,
)


class Auth(Protocol):
    """Where the Authorization header comes from. Used by many threads at once."""

    def header(self) -> str:
        """Return the header's value, fetching a token first if need be."""

    def renew(self, refused: str) -> bool:
        """Say whether `header()` is worth another try after the vendor answered 401 to the value `refused`."""


@dataclass(frozen=True, slots=True)
class FixedAuth:
    """A header that never changes: an API token, a bearer token from the settings."""

    value: str

    def header(self) -> str:
        return self.value

    def renew(self, refused: str) -> bool:  # noqa: ARG002
        return False

    def __repr__(self) -> str:
        return "FixedAuth(...)"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the JSON value (None for an empty body) and the vendor's name for the request.

    `at` is the time the vendor's clock gave with it, to the second; None if it gave none.
    """

    body: Any
    status: int
    request_id: str = ""
    at: datetime | None = None


class Transport:
    """JSON over HTTP to one vendor, safe to share between threads.

    Every method returns the decoded JSON body (None if empty) or raises an error of `integrations.errors`:

    - 401, 403 and other 4xx: PermanentError with `status`; 404 and 410: NotFoundError; 409: ConflictError
    - 408, 425, 429, 5xx, timeouts, broken connections: TransientError, with what Retry-After asked for

    `maybe_done` is set on a TransientError of a write whose bytes may have reached the vendor and that the vendor did
    not clearly refuse. `timeout_seconds` bounds the whole call, from looking for a connection to the last byte.
    Redirects are not followed and no cookie is kept: a vendor cannot send our credentials elsewhere.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        vendor: str = "",
        timeout_seconds: float = 20.0,
        user_agent: str = "deskhand",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.vendor = vendor
        self.timeout_seconds = timeout_seconds
        self.last_limits: Mapping[str, str] = {}  # rate-limit headers of the newest answer, names in lower case
        self._auth = auth
        self._session = _session(self.base_url, user_agent)
        self._session.headers.update(headers or {})
        self._limits: dict[str, tuple[Limit, float]] = {}

    def limits(self) -> tuple[Limit, ...]:
        """Return what the newest answers said is left of each of the vendor's budgets, as of this moment.

        A budget whose window has ended since is left out.
        """
        now = time.monotonic()
        return tuple(
            limit if limit.resets_seconds is None else replace(limit, resets_seconds=limit.resets_seconds - (now - at))
            for limit, at in list(self._limits.values())
            if now - at < (_WINDOW_SECONDS if limit.resets_seconds is None else limit.resets_seconds)
        )

    def note_limits(self, headers: Mapping[str, str]) -> tuple[Limit, ...]:
        """Remember what an answer's headers say of budgets, and return it.

        A reset that is a moment is one of the vendor's clock: only the answer's own date tells how far off it is.
        """
        self.last_limits = {n.lower(): v for n, v in headers.items() if _LIMIT_HEADER.fullmatch(n)}
        found = read_limits(self.last_limits, now=_moment(headers.get("Date")) or datetime.now(UTC))
        self._limits |= {limit.name: (limit, time.monotonic()) for limit in found if not limit.is_of_one_ticket}
        return found

    def get(self, path: str, *, params: Mapping[str, str] | None = None, operation: str = "") -> Any:
        return self.call("GET", path, params=params, operation=operation).body

    def post(self, path: str, *, json: Any = None, params: Mapping[str, str] | None = None, operation: str = "") -> Any:
        return self.call("POST", path, params=params, json=json, operation=operation).body

    def put(self, path: str, *, json: Any = None, params: Mapping[str, str] | None = None, operation: str = "") -> Any:
        return self.call("PUT", path, params=params, json=json, operation=operation).body

    def patch(
        self, path: str, *, json: Any = None, params: Mapping[str, str] | None = None, operation: str = ""
    ) -> Any:
        return self.call("PATCH", path, params=params, json=json, operation=operation).body

    def delete(self, path: str, *, params: Mapping[str, str] | None = None, operation: str = "") -> Any:
        return self.call("DELETE", path, params=params, operation=operation).body

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        raw: bytes | None = None,
        operation: str = "",
        changes_data: bool | None = None,
    ) -> Answer:
        """Make one call. `changes_data` says whether a lost answer matters; by default every method but GET does.

        The body is `json`, or these very bytes where somebody has signed them.

        `path` starts with a slash; whatever stands in it must be quoted already. After a 401 the call is made once
        more if the credentials could be renewed: the vendor refused the first one, so nothing is done twice.
        """
        exchange = _Exchange(
            transport=self,
            method=method,
            path=path,
            params=params,
            json=json,
            raw=raw,
            operation=operation or f"{method} {path}",
            is_write=method != "GET" if changes_data is None else changes_data,
            until=time.monotonic() + self.timeout_seconds,
        )
        header = self._auth.header() if self._auth else ""
        try:
            return exchange.run(self._session, header)
        except PermanentError as error:
            if error.status != 401 or self._auth is None or not self._auth.renew(header):
                raise
        return exchange.run(self._session, self._auth.header())

    def fetch(self, url: str, hosts: Sequence[str], *, most_bytes: int, operation: str = "fetch") -> bytes:
        """Return a file of the vendor's. Its address came with a message, so nothing about it is trusted.

        It must lie among the files at our own base address, where credentials go along, or by https at one of `hosts`
        or under it, at a public network address and without credentials. Each redirect is held against the same rule.
        A file that comes packed is not taken: a few bytes could unfold into many. Raise PermanentError for all that,
        with status 413 for one longer than `most_bytes`.
        """
        until = time.monotonic() + self.timeout_seconds
        for _ in range(_MOST_HOPS):
            is_own = _is_file_at(url, self.base_url)
            if not is_own and not _is_public_at(url, hosts):
                raise PermanentError("the file lies elsewhere", vendor=self.vendor, operation=operation)
            found = self._fetch_once(url, most_bytes, until, operation, with_credentials=is_own)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
        raise PermanentError("sent from place to place", vendor=self.vendor, operation=operation)

    def _fetch_once(
        self, url: str, most_bytes: int, until: float, operation: str, *, with_credentials: bool
    ) -> bytes | str:
        """Return the content, or the address that we are sent on to."""
        header = self._auth.header() if with_credentials and self._auth else ""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"} | ({"Authorization": header} if header else {})

        def failed(kind: type[IntegrationError], message: str, **more: Any) -> IntegrationError:
            return kind(message, vendor=self.vendor, operation=operation, **more)

        left = max(until - time.monotonic(), 0.01)
        deadline.call.begin(until)
        try:
            with self._session.get(
                url,
                headers=headers,
                auth=_leave_as_is,
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.is_redirect:
                    return str(response.headers["Location"])
                if response.status_code in _PASSING or response.status_code >= 500:
                    raise failed(TransientError, f"HTTP {response.status_code}")
                if response.status_code != 200:
                    raise failed(PermanentError, f"HTTP {response.status_code}", status=response.status_code)
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise failed(PermanentError, "the file comes packed")
                content = _read_body(response, most_bytes)
        except _UNUSABLE as error:
            raise failed(PermanentError, f"the file cannot be asked for ({type(error).__name__})") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise failed(TransientError, f"the file did not come ({type(error).__name__})") from None
        if content is None:
            raise failed(PermanentError, "longer than allowed", status=413)
        return content


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One call and how its failures are named."""

    transport: Transport
    method: str
    path: str
    params: Mapping[str, str] | None
    json: Any
    raw: bytes | None
    operation: str
    is_write: bool
    until: float

    def run(self, session: requests.Session, header: str) -> Answer:
        try:
            return self._attempt(session, header)
        except _DroppedError:
            # The vendor closed an idle connection while we picked it up. Nobody has read the request.
            return self._attempt(session, header)

    def _attempt(self, session: requests.Session, header: str) -> Answer:
        left = self.until - time.monotonic()
        if left <= 0:
            raise self._error(TransientError, "no time left")
        deadline.call.begin(self.until)
        try:
            response = session.request(
                self.method,
                self.transport.base_url + self.path,
                params=self.params,
                json=self.json,
                data=self.raw,
                headers={"Authorization": header} if header else None,
                auth=_leave_as_is,
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
            )
            with response:
                raw = _read_body(response)
        except _UNUSABLE as error:
            raise self._error(PermanentError, f"the request cannot be sent ({type(error).__name__})") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            if (
                self.method == "GET"
                and deadline.call.is_reused
                and time.monotonic() < self.until
                and not _is_timeout(error)
            ):
                raise _DroppedError from None
            what = "no answer in time" if _is_timeout(error) else "the connection failed"
            raise self._error(
                TransientError, f"{what} ({type(error).__name__})", maybe_done=self.is_write and deadline.call.has_sent
            ) from None
        return self._judge(response, raw)

    def _judge(self, response: requests.Response, raw: bytes | None) -> Answer:
        """Return a good answer, raise what a bad one means. `raw` is None if it was longer than allowed."""
        headers, status = response.headers, response.status_code
        limits = self.transport.note_limits(headers)
        request_id = (headers.get("X-Request-Id") or headers.get("X-Zendesk-Request-Id") or "")[:100]
        if 200 <= status < 300:
            return Answer(self._decode(raw, request_id), status, request_id, _moment(headers.get("Date")))
        message = f"HTTP {status}{explain(raw or b'')}"
        if status in _PASSING or status >= 500:
            spent = next((limit for limit in reversed(limits) if limit.is_spent), None) if status == 429 else None
            asked = retry_after_seconds(headers.get("Retry-After"), now=datetime.now(UTC))
            raise self._error(
                TransientError,
                message,
                request_id=request_id,
                retry_after_seconds=spent.resets_seconds if asked is None and spent else asked,
                maybe_done=self.is_write and (status >= 500 or status == 408),
                limit=(spent.name if spent else ACCOUNT) if status == 429 else "",
            )
        if status == 409:
            raise self._error(ConflictError, message, request_id=request_id)
        kind = NotFoundError if status in (404, 410) else PermanentError
        raise self._error(kind, message, request_id=request_id, status=status)

    def _decode(self, raw: bytes | None, request_id: str) -> Any:
        if raw is not None and not raw.strip():
            return None
        try:
            if raw is not None:
                return read_json(raw, is_trusted=True)
        except ValueError:
            # A log-in page or a cut body under a 200. A write was most likely done: reading back will tell.
            raise self._error(
                TransientError, "the answer is not JSON", request_id=request_id, maybe_done=self.is_write
            ) from None
        if self.is_write:
            raise self._error(TransientError, "the answer is too long", request_id=request_id, maybe_done=True)
        raise self._error(PermanentError, "the answer is too long", request_id=request_id)

    def _error(self, kind: type[IntegrationError], message: str, **more: Any) -> IntegrationError:
        return kind(message, vendor=self.transport.vendor, operation=self.operation, **more)


class _DroppedError(Exception):
    """A kept connection was gone before the vendor could have read the request."""


def _is_timeout(error: BaseException) -> bool:
    # While a body is read, requests wraps urllib3's timeout in a plain ConnectionError.
    return isinstance(error, requests.Timeout | TimeoutError) or "timed out" in str(error).lower()


def _moment(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand where requests would otherwise put the credentials of a .netrc file."""
    return request


def _is_file_at(url: str, base_url: str) -> bool:
    """Say whether an address is that of a file at the base address, and leads to nothing else there."""
    try:
        one, own = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return False
    is_there = one.netloc != "" and (one.scheme, one.netloc.lower()) == (own.scheme, own.netloc.lower())
    return is_there and one.path.startswith(_FILES) and not _CLIMBS.search(one.path)


def _is_public_at(url: str, hosts: Sequence[str]) -> bool:
    """Say whether an address leads by https to one of these hosts, and they to public addresses only."""
    try:
        found = urlsplit(url)
        host, port = (found.hostname or "").lower(), found.port
    except ValueError:
        return False
    is_named = any(host == name or host.endswith(f".{name}") for name in hosts)
    if found.scheme != "https" or found.username or port not in (None, 443) or not is_named:
        return False
    try:
        places = socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)
    except OSError:
        return False
    return bool(places) and all(ip_address(str(place[4][0])).is_global for place in places)


def _read_body(response: requests.Response, most_bytes: int = MAX_BODY_BYTES) -> bytes | None:
    """Return the decoded body, or None if it is longer than we take. The deadline is held by the socket itself."""
    parts, size = [], 0
    for part in response.iter_content(64 * 1024):
        size += len(part)
        if size > most_bytes:
            return None
        parts.append(part)
    return b"".join(parts)


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date, clamped to 0..900. None if absent or not readable."""
    if not value:
        return None
    text = value.strip()[:64]
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def explain(raw: bytes) -> str:
    """Return what an error body says, as ": words" of at most 200 characters, or "" if it says nothing readable.

    Three JSON shapes are known: `{"error": "Word", "description", "details"}`, `{"error": {"title", "message"}}` and
    `{"errors": [{"code", "title", "detail"}]}`. Anything else is taken as plain text, a web page as nothing.
    """
    try:
        words = _words(read_json(raw[: 64 * 1024], is_trusted=True))
    except ValueError:
        text = raw[:200].decode("utf-8", "replace")
        words = [] if "<" in text else [text]
    line = " ".join(" ".join(word for word in words if word).split())
    line = "".join(c for c in line if c.isprintable())[:200]
    return f": {line}" if line else ""


def _words(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    if not isinstance(body, dict):
        return []
    if isinstance(errors := body.get("errors"), list):
        return [word for entry in errors[:3] for word in _fields(entry, "code", "title", "detail", "message")]
    if isinstance(body.get("error"), dict):
        return _fields(body["error"], "title", "message")
    found = _fields(body, "error", "error_description", "description", "message")
    if isinstance(details := body.get("details"), dict):
        for rows in list(details.values())[:3]:
            first = rows[0] if isinstance(rows, list) and rows else None
            found += _fields(first, "error", "description")
    return found


def _fields(entry: Any, *names: str) -> list[str]:
    if not isinstance(entry, dict):
        return []
    return [value for name in names if isinstance(value := entry.get(name), str)]


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = deadline.POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = deadline.POOLS
        return manager


def _session(base_url: str, user_agent: str) -> requests.Session:
    """Make the session. What the environment says of proxies and certificates is read once: requests would read it
    again for every call, a tenth of the time that a call takes.
    """
    session = requests.Session()
    found = session.merge_environment_settings(base_url, {}, None, None, None)
    session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
    session.headers.update({"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=4, pool_maxsize=16, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
