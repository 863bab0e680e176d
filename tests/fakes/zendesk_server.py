"""A small Zendesk over real HTTP for tests of the client: the reference's shapes, a little state, faults on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

BOT_ID = 8447388090494
REQUESTER_ID = 8447388092001
AGENT_ID = 8447388093333
GROUP_ID = 8447320466430
SECRET = "client-secret-of-tests"

Fault = Callable[[Callable[[], Response]], Response]


def user(user_id: int, name: str, role: str = "end-user", **more: Any) -> dict[str, Any]:
    return {
        "id": user_id,
        "name": name,
        "email": f"{name.split()[0].lower()}@example.com",
        "role": role,
        "locale": "en-US",
        "tags": [],
        "suspended": False,
        "active": True,
        "verified": True,
        "organization_id": None,
        "created_at": "2025-01-02T03:04:05Z",
        **more,
    }


def comment(comment_id: int, author_id: int, text: str, *, public: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "id": comment_id,
        "type": "Comment",
        "author_id": author_id,
        "body": text,
        "plain_body": text,
        "html_body": f'<div class="zd-comment" dir="auto"><p dir="auto">{text}</p></div>',
        "public": public,
        "attachments": [],
        "audit_id": comment_id - 1,
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": f"2026-01-02T03:{comment_id % 60:02}:00Z",
        "metadata": {"system": {}, "custom": {}},
        **more,
    }


def ticket(ticket_id: int = 5158, **more: Any) -> dict[str, Any]:
    return {
        "url": f"https://acme.zendesk.com/api/v2/tickets/{ticket_id}.json",
        "id": ticket_id,
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": "2026-01-02T03:00:00Z",
        "updated_at": "2026-01-02T03:04:04Z",
        "type": "question",
        "subject": "Shift swap",
        "raw_subject": "Shift swap",
        "description": "How do I swap a shift?",
        "priority": None,
        "status": "open",
        "recipient": "support@acme.zendesk.com",
        "requester_id": REQUESTER_ID,
        "submitter_id": REQUESTER_ID,
        "assignee_id": None,
        "organization_id": 77001,
        "group_id": GROUP_ID,
        "tags": ["web", "plan_pro"],
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "followup_ids": [],
        "brand_id": 8447346621310,
        "from_messaging_channel": False,
        **more,
    }


def article(article_id: int, title: str, **more: Any) -> dict[str, Any]:
    return {
        "id": article_id,
        "html_url": f"https://acme.zendesk.com/hc/en-us/articles/{article_id}",
        "title": title,
        "name": title,
        "body": f"<p>{title}</p>",
        "locale": "en-us",
        "section_id": 31,
        "user_segment_id": None,
        "user_segment_ids": [],
        "draft": False,
        "label_names": ["shifts"],
        "created_at": "2026-01-01T09:00:00Z",
        "updated_at": "2026-01-01T09:00:00Z",
        "edited_at": "2026-01-01T09:00:00Z",
        **more,
    }


class ZendeskServer:
    """State in plain dicts, changed freely by tests. `seen` is every request as (method, path, query, body)."""

    def __init__(self) -> None:
        self.url = ""
        self.users = {
            u["id"]: u
            for u in (
                user(BOT_ID, "Deskhand Bot", "agent"),
                user(REQUESTER_ID, "Ada Doe"),
                user(AGENT_ID, "Grace Hill", "admin"),
            )
        }
        self.organizations = [{"id": 77001, "name": "Harbour Cafe", "tags": ["vip"]}]
        self.groups = [{"id": GROUP_ID, "name": "Support", "deleted": False}]
        self.tickets = {5158: ticket()}
        self.comments = {5158: [comment(9001, REQUESTER_ID, "How do I swap a shift?")]}
        self.articles: dict[str, list[dict[str, Any]]] = {"": [article(41, "Swap a shift")]}
        self.changed_articles: list[dict[str, Any]] = []
        self.locales: Any = None
        self.sections = [{"id": 31, "name": "Shifts", "category_id": 21, "parent_section_id": None}]
        self.categories = [{"id": 21, "name": "Scheduling"}]
        self.export: list[dict[str, Any]] = []
        self.tokens = {"token-1"}
        self.tokens_issued = 0
        self.page_size = 100
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.agents: list[str] = []
        self.faults: list[tuple[str, str, Fault]] = []
        self._lock = threading.RLock()

    # --- what tests ask for

    def fail(self, method: str, path: str, fault: Fault) -> None:
        """Play this fault on the next request that fits; `path` is the beginning of one."""
        self.faults.append((method, path, fault))

    def requests(self, method: str, path: str = "") -> list[tuple[str, str, dict[str, str], Any]]:
        return [row for row in self.seen if row[0] == method and path in row[1]]

    # --- answering

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self._lock:
            body = json.loads(request.get_data()) if request.get_data() else None
            self.seen.append((request.method, request.path, dict(request.args), body))
            self.agents.append(request.headers.get("User-Agent", ""))
            fault = self._next_fault(request)
        if fault:
            return fault(lambda: self._serve(request, body))
        return self._serve(request, body)

    def _next_fault(self, request: Request) -> Fault | None:
        for row in self.faults:
            if row[0] == request.method and request.path.startswith(row[1]):
                self.faults.remove(row)
                return row[2]
        return None

    def _serve(self, request: Request, body: Any) -> Response:
        path = request.path.removeprefix("/api/v2")
        with self._lock:
            if path == "/oauth/tokens":
                return self._issue(body)
            is_known = request.headers.get("Authorization", "") in {f"Bearer {token}" for token in self.tokens}
            if not is_known and path == "/users/me":
                return answer({"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})
            if not is_known:
                return answer({"error": "invalid_token", "error_description": "The access token is invalid"}, 401)
            parts = path.strip("/").split("/")
            if parts[0] == "tickets" and parts[1].isdecimal():
                return self._ticket(request, body, parts)
            return self._list(request, path)

    def _issue(self, body: Any) -> Response:
        if body.get("client_secret") != SECRET:
            return answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        self.tokens_issued += 1
        token = f"issued-{self.tokens_issued}"
        self.tokens = {token}
        return answer({"access_token": token, "token_type": "bearer", "scope": "read write", "expires_in": 600})

    def _ticket(self, request: Request, body: Any, parts: list[str]) -> Response:
        ticket_id = int(parts[1])
        found = self.tickets.get(ticket_id)
        if found is None:
            return answer({"error": "RecordNotFound", "description": "Not found"}, 404)
        if parts[2:] == ["comments"]:
            page = self._page(request, "comments", self.comments[ticket_id])
            ids = {row["author_id"] for row in page["comments"]}
            return answer({**page, "users": [u for u in self.users.values() if u["id"] in ids]})
        if request.method == "PUT":
            return self._update(found, body["ticket"])
        people = {found["requester_id"], found["submitter_id"], found["assignee_id"]}
        return answer(
            {
                "ticket": found,
                "users": [u for u in self.users.values() if u["id"] in people],
                "groups": self.groups,
                "organizations": self.organizations,
            }
        )

    def _update(self, found: dict[str, Any], change: dict[str, Any]) -> Response:
        if found["status"] == "closed":
            details = {"status": [{"description": "Status: closed prevents ticket update", "error": "ClosedTicket"}]}
            error = {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
            return answer(error, 422)
        if "safe_update" in change and change.get("updated_stamp") != found["updated_at"]:
            return answer({"error": "UpdateConflict", "description": "Safe Update prevented the update"}, 409)
        events: list[dict[str, Any]] = []
        if said := change.get("comment"):
            number = 9100 + len(self.comments[found["id"]])
            new = comment(number, BOT_ID, "", public=said.get("public", True))
            new |= {"html_body": said["html_body"], "metadata": {"system": {}, "custom": change.get("metadata", {})}}
            self.comments[found["id"]].append(new)
            events.append({**new, "type": "Comment"})
        for name in ("status", "priority", "group_id", "assignee_id", "tags"):
            if name in change:
                events.insert(0, {"id": 1, "type": "Change", "field_name": name, "value": change[name]})
                found[name] = change[name]
        minute = int(found["updated_at"][14:16]) + 1
        found["updated_at"] = f"2026-01-02T03:{minute:02}:04Z"
        audit = {"id": 9000, "metadata": {"system": {}, "custom": change.get("metadata", {})}, "events": events}
        return answer({"ticket": found, "audit": audit})

    def _list(self, request: Request, path: str) -> Response:
        args = request.args
        if path == "/users/me":
            return answer({"user": self.users[BOT_ID]})
        if path == "/users/show_many":
            ids = {int(text) for text in args["ids"].split(",")}
            return answer({"users": [u for u in self.users.values() if u["id"] in ids]})
        if path.endswith("/tickets/requested"):
            asked_of = int(path.split("/")[2])
            return answer({"tickets": [t for t in self.tickets.values() if t["requester_id"] == asked_of]})
        if path == "/groups":
            return answer(self._page(request, "groups", self.groups))
        if path == "/incremental/tickets/cursor":
            return answer(self._export(args.get("cursor", "")))
        if path == "/help_center/sections":
            return answer(self._page(request, "sections", self.sections))
        if path == "/help_center/categories":
            return answer(self._page(request, "categories", self.categories))
        if path == "/help_center/locales" and self.locales is not None:
            return answer(self.locales)
        if path == "/help_center/incremental/articles":
            return answer(self._changed(int(args["start_time"])))
        if path.startswith("/help_center/") and path.endswith("articles"):
            locale = path.removeprefix("/help_center/").removesuffix("articles").strip("/")
            return answer(self._page(request, "articles", self.articles[locale]))
        return answer({"error": "InvalidEndpoint", "description": "Not found"}, 404)

    def _page(self, request: Request, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        begin = int(request.args.get("page[after]", "0"))
        end = begin + min(self.page_size, int(request.args["page[size]"]))
        link = f"{self.url}{request.path}?page[after]={end}"
        return {
            name: rows[begin:end],
            "meta": {"has_more": end < len(rows), "after_cursor": str(end), "before_cursor": str(begin)},
            "links": {"prev": None, "next": link},
        }

    def _export(self, cursor: str) -> dict[str, Any]:
        begin = int(cursor or "0")
        end = min(begin + self.page_size, len(self.export))
        is_last = end >= len(self.export)
        return {"tickets": self.export[begin:end], "after_cursor": str(end), "end_of_stream": is_last}

    def _changed(self, start: int) -> dict[str, Any]:
        rows = [row for row in self.changed_articles if row["_at"] >= start][: self.page_size]
        end = rows[-1]["_at"] if rows else start
        following = f"{self.url}/api/v2/help_center/incremental/articles?start_time={end}" if rows else None
        return {"articles": rows, "count": len(rows), "end_time": end, "next_page": following}


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    response = Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
    response.headers["X-Request-Id"] = "req-7"
    response.headers["X-Rate-Limit"] = "700"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


# --- faults ----------------------------------------------------------------------------------------------------------


def refuse(body: Any, status: int, **headers: str) -> Fault:
    """Answer with an error instead of doing anything."""
    if isinstance(body, str):
        return lambda _: Response(body, status, headers={n.replace("_", "-"): v for n, v in headers.items()})
    return lambda _: answer(body, status, **headers)


def do_and_say(text: str, status: int) -> Fault:
    """Carry the request out, and answer with something else."""

    def play(serve: Callable[[], Response]) -> Response:
        serve()
        return Response(text, status, content_type="text/html")

    return play


def do_and_hang(seconds: float) -> Fault:
    """Carry the request out, and answer too late."""

    def play(serve: Callable[[], Response]) -> Response:
        response = serve()
        time.sleep(seconds)
        return response

    return play


def do_and_drip(pause_seconds: float) -> Fault:
    """Carry the request out, and send the answer byte by byte."""

    def play(serve: Callable[[], Response]) -> Response:
        data = serve().get_data()

        def bytes_of_answer() -> Iterator[bytes]:
            for byte in data:
                yield bytes([byte])
                time.sleep(pause_seconds)

        return Response(bytes_of_answer(), 200, content_type="application/json")

    return play


@contextmanager
def zendesk_server() -> Iterator[ZendeskServer]:
    app = ZendeskServer()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    app.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
