"""A small Intercom over real HTTP for tests of its client: the real shapes, a little state, faults on request."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

BOT_ID = "7009"
STAFF_ID = "7001"
CONTACT_ID = "65f0c0ffee00000000000001"
TEAM_ID = "5017"
TOKEN = "access-token-of-tests"
START = 1795000000

Fault = Callable[[Callable[[], Response]], Response]
BOT = {"type": "admin", "id": BOT_ID, "name": "Deskhand", "email": "deskhand@tidemark.example"}
INES = {"type": "admin", "id": STAFF_ID, "name": "Ines Roth", "email": "ines@tidemark.example"}
LITE = {"type": "admin", "id": "7002", "name": "Lee Lite", "email": "lee@tidemark.example", "has_inbox_seat": False}
MARA = {"type": "user", "id": CONTACT_ID, "name": "Mara Lind", "email": "mara@harbour.example"}
OPERATOR = {"type": "bot", "id": "9000", "name": "Operator", "email": "operator+ab12cd34@intercom.io"}


def part(part_id: int, author: dict[str, Any], body: str | None, kind: str = "comment", **more: Any) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": str(part_id),
        "part_type": kind,
        "body": body,
        "created_at": START + part_id,
        "updated_at": START + part_id,
        "notified_at": START + part_id,
        "assigned_to": None,
        "author": author,
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": None,
        "state": "open",
        "tags": [],
        "event_details": None,
        "app_package_code": None,
        **more,
    }


def conversation(conversation_id: str = "215470000000101", *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": conversation_id,
        "title": None,
        "created_at": START,
        "updated_at": START + 300,
        "waiting_since": START,
        "snoozed_until": None,
        "open": True,
        "state": "open",
        "read": False,
        "priority": "none",
        "admin_assignee_id": 0,
        "team_assignee_id": 0,
        "source": {
            "type": "conversation",
            "id": "2900001",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": "<p>How do I swap a shift?</p>",
            "author": MARA,
            "attachments": [],
            "url": None,
            "redacted": False,
        },
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": CONTACT_ID, "external_id": "c-881"}],
        },
        "teammates": None,
        "tags": {"type": "tag.list", "tags": []},
        "custom_attributes": {},
        "statistics": None,
        "ai_agent_participated": False,
        "ai_agent": None,
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": list(parts),
            "total_count": len(parts),
        },
        **more,
    }


def article(article_id: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "id": article_id,
        "type": "article",
        "title": title,
        "description": "",
        "body": f"<p>{title}</p>",
        "state": "published",
        "url": f"https://help.tidemark.example/en/articles/{article_id}-a",
        "parent_ids": [32],
        "created_at": START,
        "updated_at": START,
        "help_center_audience": "everyone",
        "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": "shifts"}]},
        **more,
    }


class IntercomServer:
    """State in plain dicts, changed freely by tests. `seen` is every request as (method, path, body)."""

    def __init__(self) -> None:
        self.url = ""
        self.me = {**BOT, "has_inbox_seat": True, "app": {"type": "app", "id_code": "ab12cd34", "region": "US"}}
        self.contacts = {
            CONTACT_ID: {
                "type": "contact",
                "id": CONTACT_ID,
                "external_id": "c-881",
                "role": "user",
                "email": "mara@harbour.example",
                "name": "Mara Lind",
                "language_override": None,
                "browser_language": "de",
                "created_at": START - 9000,
                "custom_attributes": {"plan": "pro", "seats": 7, "gone": None},
                "tags": {"data": [{"type": "tag", "id": "86", "url": "/tags/86"}]},
                "companies": {"data": []},
            }
        }
        self.conversations = {"215470000000101": conversation()}
        self.tags = {"86": "vip"}
        self.teams = [{"type": "team", "id": TEAM_ID, "name": "Billing", "admin_ids": [7001]}]
        self.attributes: list[dict[str, Any]] = []
        self.has_attributes = True  # false: a write to an attribute is refused, as to one that nobody made
        self.articles: list[dict[str, Any]] = [article("41", "Swap a shift")]
        self.collections = [
            {"id": "31", "name": "Scheduling", "parent_id": None},
            {"id": "32", "name": "Shifts", "parent_id": "31"},
        ]
        self.page_size = 150
        self.has_sort = True
        self.headers: dict[str, str] = {}
        self.seen: list[tuple[str, str, Any]] = []
        self.versions: set[str] = set()
        self.faults: list[tuple[str, str, Fault]] = []
        self.next_part = 501
        self._lock = threading.RLock()

    # --- what tests ask for

    def fail(self, method: str, path: str, fault: Fault) -> None:
        """Play this fault on the next request that fits; `path` is a part of one."""
        self.faults.append((method, path, fault))

    def requests(self, method: str, path: str = "") -> list[tuple[str, str, Any]]:
        return [row for row in self.seen if row[0] == method and path in row[1]]

    def add(self, conversation_id: str, author: dict[str, Any], body: str, kind: str = "comment") -> dict[str, Any]:
        """Add a part as somebody would by hand."""
        with self._lock:
            said = part(self.next_part, author, body, kind)
            found = self.conversations[conversation_id]
            found["conversation_parts"]["conversation_parts"].append(said)
            found["updated_at"] = said["created_at"]
            if author["type"] in ("user", "lead"):
                found["waiting_since"] = said["created_at"]
            self.next_part += 1
            return said

    # --- answering

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self._lock:
            body = json.loads(request.get_data()) if request.get_data() else None
            self.seen.append((request.method, request.path, body))
            self.versions.add(request.headers.get("Intercom-Version", ""))
            fault = next((f for f in self.faults if f[0] == request.method and f[1] in request.path), None)
            if fault:
                self.faults.remove(fault)

        def serve() -> Response:
            with self._lock:
                if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return error(401, "unauthorized", "Access Token Invalid")
                return self._serve(request, body)

        response = fault[2](serve) if fault else serve()
        for name, value in self.headers.items():
            response.headers[name] = value
        return response

    def _serve(self, request: Request, body: Any) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["conversations", "search"]:
            return self._search(body)
        if parts[:2] == ["conversations", "attributes"]:
            return self._attributes(request, body, parts)
        if request.method == "POST" and request.path in ("/contacts", "/conversations"):
            return self._make(request.path, body)
        if request.method == "DELETE" and parts[0] in ("contacts", "conversations") and len(parts) == 2:
            gone = (self.contacts if parts[0] == "contacts" else self.conversations).pop(parts[1], None)
            return answer({"id": parts[1], "deleted": True}) if gone else error(404, "not_found", "Not found")
        if parts[0] == "conversations":
            found = self.conversations.get(parts[1])
            return self._conversation(request, body, found, parts) if found else error(404, "not_found", "Not found")
        if parts[0] == "contacts":
            contact = self.contacts.get(parts[1])
            return answer(contact) if contact else error(404, "not_found", "User Not Found")
        if request.path == "/tags" and request.method == "POST":
            return answer({"type": "tag", "id": self._tag(body["name"]), "name": body["name"]})
        if parts[0] == "tags" and request.method == "DELETE":
            return answer({}) if self.tags.pop(parts[1], "") else error(404, "tag_not_found", "Resource Not Found")
        lists = {"/articles": self.articles, "/help_center/collections": self.collections}
        if request.path in lists:
            return answer(self._page(request, lists[request.path]))
        others = {
            "/me": self.me,
            "/admins": {
                "type": "admin.list",
                "admins": [{**one, "has_inbox_seat": True} for one in (BOT, INES)] + [LITE],
            },
            "/teams": {"type": "team.list", "teams": self.teams},
            "/tags": {"type": "list", "data": [{"type": "tag", "id": i, "name": n} for i, n in self.tags.items()]},
        }
        return answer(others[request.path]) if request.path in others else error(404, "not_found", "Not found")

    def _make(self, path: str, body: Any) -> Response:
        if path == "/contacts":
            self.contacts["65f0c0ffee000000000000ff"] = {"type": "contact", "id": "65f0c0ffee000000000000ff", **body}
            return answer(self.contacts["65f0c0ffee000000000000ff"])
        source = {**conversation()["source"], "body": body["body"], "author": {**MARA, "id": body["from"]["id"]}}
        self.conversations["777"] = conversation("777", source=source)
        return answer({"type": "user_message", "id": "403", "body": body["body"], "conversation_id": "777"})

    def _tag(self, name: str) -> str:
        for tag_id, known in self.tags.items():
            if known.lower() == name.lower():
                return tag_id
        tag_id = str(100 + len(self.tags))
        self.tags[tag_id] = name
        return tag_id

    def _attributes(self, request: Request, body: Any, parts: list[str]) -> Response:
        if request.method == "POST":
            made = {"type": "conversation_attribute", "id": len(self.attributes) + 1, "archived": False, **body}
            self.attributes.append(made)
            return answer(made)
        if request.method == "DELETE":
            found = next(row for row in self.attributes if str(row["id"]) == parts[2])
            found["archived"] = True
            return answer(found)
        return answer({"type": "list", "data": self.attributes})

    def _conversation(self, request: Request, body: Any, found: dict[str, Any], parts: list[str]) -> Response:
        if request.method == "GET":
            return answer(found)
        if request.method == "PUT":
            if not self.has_attributes:
                return error(400, "parameter_invalid", "Custom attribute does not exist")
            found["custom_attributes"] |= body["custom_attributes"]
            return answer(found)
        if str(body["admin_id"]) not in (BOT_ID, STAFF_ID):
            return error(404, "not_found", "Resource Not Found")
        tags = found["tags"]["tags"]
        if parts[2] == "tags" and request.method == "POST":
            if body["id"] not in self.tags:
                return error(404, "tag_not_found", "Resource Not Found")
            who = {"type": "admin", "id": body["admin_id"]}
            tag = {
                "type": "tag",
                "id": body["id"],
                "name": self.tags[body["id"]],
                "applied_at": START,
                "applied_by": who,
            }
            tags.append(tag)
            return answer(tag)
        if parts[2] == "tags":
            found["tags"]["tags"] = [tag for tag in tags if tag["id"] != parts[3]]
            return answer({"type": "tag", "id": parts[3], "name": self.tags.get(parts[3], "")})
        return self._say(found, body) if parts[2] == "reply" else self._manage(found, body)

    def _say(self, found: dict[str, Any], body: Any) -> Response:
        said = self.add(found["id"], {**BOT, "id": body["admin_id"]}, body["body"], body["message_type"])
        said["app_package_code"] = "deskhand-app"
        if body["message_type"] == "comment":
            found["waiting_since"] = None
        only = {"type": "conversation_part.list", "conversation_parts": [said], "total_count": 1}
        return answer({**found, "conversation_parts": only})

    def _manage(self, found: dict[str, Any], body: Any) -> Response:
        kind = body["message_type"]
        if kind == "assignment":
            name = "team_assignee_id" if body["type"] == "team" else "admin_assignee_id"
            wanted = int(body["assignee_id"])
            if name == "team_assignee_id" and wanted and str(wanted) not in {team["id"] for team in self.teams}:
                return error(404, "not_found", "Resource Not Found")
            if found[name] == wanted:
                return error(422, "data_invalid", "Conversation is already assigned to this team")
            found[name] = wanted
        else:
            found["state"] = {"close": "closed", "open": "open", "snoozed": "snoozed"}[kind]
            found["open"] = kind != "close"
        self.add(found["id"], BOT, None, kind)  # type: ignore[arg-type]
        return answer(found)

    def _search(self, body: Any) -> Response:
        query, place = body["query"], body.get("pagination", {})
        rows = [row for row in self.conversations.values() if _matches(row, query)]
        if self.has_sort:
            field = body["sort"]["field"]
            rows.sort(key=lambda row: row[field], reverse=body["sort"]["order"] == "descending")
        begin = int(place.get("starting_after") or 0)
        end = begin + min(self.page_size, place["per_page"])
        pages: dict[str, Any] = {"type": "pages", "page": 1, "per_page": str(self.page_size), "total_pages": 1}
        if end < len(rows):
            pages["next"] = {"page": 2, "starting_after": str(end)}
        shown = [{k: v for k, v in row.items() if k != "conversation_parts"} for row in rows[begin:end]]
        return answer({"type": "conversation.list", "conversations": shown, "total_count": len(rows), "pages": pages})

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
        number, size = int(request.args["page"]), min(self.page_size, int(request.args["per_page"]))
        total = -(-len(rows) // size)
        pages = {"type": "pages", "page": number, "per_page": size, "total_pages": total, "next": None}
        shown = rows[(number - 1) * size : number * size]
        return {"type": "list", "data": shown, "pages": pages, "total_count": len(rows)}


def _matches(row: dict[str, Any], query: Any) -> bool:
    if query["field"] == "contact_ids":
        return any(contact["id"] in query["value"] for contact in row["contacts"]["contacts"])
    return bool(row[query["field"]] >= query["value"])


def answer(body: Any, status: int = 200) -> Response:
    response = Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
    response.headers["X-Request-Id"] = "b7c1a2f0"
    return response


def error(status: int, code: str, message: str) -> Response:
    errors = [{"code": code, "message": message}]
    return answer({"type": "error.list", "request_id": "b7c1a2f0", "errors": errors}, status)


# --- faults ----------------------------------------------------------------------------------------------------------


def refuse(status: int, code: str = "server_error", message: str = "") -> Fault:
    """Answer with an error instead of doing anything."""
    return lambda _: error(status, code, message)


def do_and_fail(status: int = 502) -> Fault:
    """Carry the request out, and answer as a proxy that saw nothing of it."""

    def play(serve: Callable[[], Response]) -> Response:
        serve()
        return Response("<html>Bad Gateway</html>", status, content_type="text/html")

    return play


@contextmanager
def intercom_server() -> Iterator[IntercomServer]:
    app = IntercomServer()
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
