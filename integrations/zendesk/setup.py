"""Set a Zendesk account up for Deskhand, again and again: webhook, triggers, macros, fields, views.

Nothing in Zendesk keeps names unique, so that our objects are known by a mark in their description.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from config.settings import Settings
from integrations.errors import PermanentError
from integrations.setup import Act, Step, Trial, Wish
from integrations.transport import Auth, Transport
from integrations.zendesk import values, wanted
from integrations.zendesk.client import API, USER_AGENT, auth_of

PAGE_SIZE = 100
MAX_PAGES = 50
_NEW = "(new)"  # the id of what a dry run would have made


def build_setup(settings: Settings) -> "ZendeskSetup":
    """Return it from the settings; the credentials have to be an administrator's."""
    return ZendeskSetup(settings.zendesk_url, auth_of(settings))


class ZendeskSetup:
    def __init__(self, site_url: str, auth: Auth) -> None:
        self._transport = Transport(site_url, auth, vendor=values.VENDOR, timeout_seconds=20, user_agent=USER_AGENT)

    # --- connecting

    def connect(self, wish: Wish, *, is_dry: bool) -> Iterator[Step]:
        """Go through everything in the order in which one thing needs the other."""
        webhook_id, step = self._webhook(wish, is_dry=is_dry)
        yield step
        category_id, steps = self._category(is_dry=is_dry)
        yield from steps
        yield from self._bring("trigger", "triggers", wanted.triggers(wish, webhook_id, category_id), is_dry=is_dry)
        yield from self._bring("macro", "macros", wanted.macros(wish), is_dry=is_dry)
        yield from self._bring("field", "ticket_fields", wanted.fields(wish), is_dry=is_dry)
        yield from self._bring("view", "views", wanted.views(wish), is_dry=is_dry)
        yield from self._groups(wish)

    def _webhook(self, wish: Wish, *, is_dry: bool) -> tuple[str, Step]:
        body = wanted.webhook(wish)
        found = self._own_webhook()
        if found is None:
            made = (
                {} if is_dry else self._one(self._transport.post(f"{API}/webhooks", json={"webhook": body}), "webhook")
            )
            return str(made.get("id", _NEW)), Step("webhook", wanted.NAME, Act.CREATE, body["endpoint"])
        differing = wanted.differences(body, found)
        if differing and not is_dry:
            self._transport.patch(f"{API}/webhooks/{found['id']}", json={"webhook": body})
        return str(found["id"]), _step("webhook", wanted.NAME, differing)

    def _own_webhook(self) -> Mapping[str, Any] | None:
        listed = self._all("webhooks", {"filter[name_contains]": wanted.NAME})
        return next((row for row in listed if row.get("description") == wanted.mark("webhook")), None)

    def _category(self, *, is_dry: bool) -> tuple[str, list[Step]]:
        """Return the id of a category for our triggers; "" where the account has none or lets us make none."""
        try:
            rows = self._all("trigger_categories")
            if found := next((row for row in rows if row.get("name") == wanted.NAME), None):
                return str(found["id"]), [Step("category", wanted.NAME, Act.KEEP)]
            made = Step("category", wanted.NAME, Act.CREATE)
            if is_dry:
                return _NEW, [made]
            answer = self._transport.post(f"{API}/trigger_categories", json={"trigger_category": {"name": wanted.NAME}})
            return str(self._one(answer, "trigger_category")["id"]), [made]
        except PermanentError:
            return "", []  # a plan without categories: triggers go where the account puts them

    def _bring(self, kind: str, path: str, bodies: Mapping[str, wanted.Body], *, is_dry: bool) -> Iterator[Step]:
        """Create what is missing, change what differs; of two that carry the same mark the second is taken away."""
        name = path.removesuffix("s")
        ours = self._ours(path)
        for key, body in bodies.items():
            title = str(body["title"])
            found = ours.get(key, [])
            if not found:
                if not is_dry:
                    self._transport.post(f"{API}/{path}", json={name: body})
                yield Step(kind, title, Act.CREATE)
                continue
            differing = wanted.differences(body, found[0])
            if differing and not is_dry:
                self._transport.put(f"{API}/{path}/{found[0]['id']}", json={name: body})
            yield _step(kind, title, differing)
            for double in found[1:]:
                yield from self._take_away(kind, path, double, is_dry=is_dry)

    def _groups(self, wish: Wish) -> Iterator[Step]:
        there = {str(row.get("name", "")).casefold() for row in self._all("groups") if not row.get("deleted")}
        for name in wish.groups:
            if name.casefold() in there:
                yield Step("group", name, Act.KEEP)
            else:
                yield Step("group", name, Act.MISSING, "create it in Zendesk, or name another in taxonomy.toml")

    # --- removing

    def remove(self, *, is_dry: bool) -> Iterator[Step]:
        """Triggers go before the webhook they name. Fields are only switched off: deleting one deletes what it held."""
        for kind, path in (("trigger", "triggers"), ("macro", "macros"), ("view", "views"), ("field", "ticket_fields")):
            for rows in self._ours(path).values():
                for row in rows:
                    yield from self._take_away(kind, path, row, is_dry=is_dry)
        if found := self._own_webhook():
            yield self._remove_webhook(str(found["id"]), is_dry=is_dry)

    def _remove_webhook(self, webhook_id: str, *, is_dry: bool) -> Step:
        try:
            if not is_dry:
                self._delete(f"/webhooks/{webhook_id}")
        except PermanentError as error:
            return Step("webhook", wanted.NAME, Act.MISSING, f"remove it by hand: {error}")
        return Step("webhook", wanted.NAME, Act.REMOVE)

    def _take_away(self, kind: str, path: str, row: Mapping[str, Any], *, is_dry: bool) -> Iterator[Step]:
        is_field = kind == "field"
        if is_field and row.get("active") is False:
            return
        if not is_dry and is_field:
            self._transport.put(f"{API}/{path}/{row['id']}", json={"ticket_field": {"active": False}})
        elif not is_dry:
            self._delete(f"/{path}/{row['id']}")
        detail = "switched off; what it holds stays on the tickets" if is_field else ""
        yield Step(kind, str(row.get("title", "")), Act.REMOVE, detail)

    def _delete(self, path: str) -> None:
        self._transport.delete(f"{API}{path}")

    # --- the secret, and a trial

    def signing_secret(self) -> str:
        found = self._own_webhook()
        if found is None:
            return ""
        answer = self._transport.get(f"{API}/webhooks/{found['id']}/signing_secret", operation="signing_secret")
        return values.words(self._one(answer, "signing_secret").get("secret"))

    def vendor_time(self) -> datetime | None:
        return self._transport.call("GET", f"{API}/users/me", operation="me").at

    def try_delivery(self, arrived: Callable[[str], bool] | None = None) -> Trial:  # noqa: ARG002
        """Ask Zendesk for a test call. It is signed with the webhook's own secret and holds no ticket."""
        found = self._own_webhook()
        if found is None:
            return Trial(is_ok=False, detail="there is no webhook yet")
        request = {
            "endpoint": found["endpoint"],
            "http_method": "POST",
            "request_format": "json",
            "payload": '{"source": "trigger", "rule": "test"}',
        }
        answer = self._transport.post(
            f"{API}/webhooks/test", params={"webhook_id": str(found["id"])}, json={"request": request}, operation="test"
        )
        status = self._one(answer, "response").get("status_code")
        is_ok = isinstance(status, int) and 200 <= status < 300
        return Trial(is_ok, f"{found['endpoint']} answered {status}")

    # --- reading

    def _ours(self, path: str) -> dict[str, list[Mapping[str, Any]]]:
        """Return the objects of one kind that carry our mark, by key, oldest first."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._all(path):
            text = f"{row.get('agent_description') or ''} {row.get('description') or ''}"
            if key := _key(text):
                found.setdefault(key, []).append(row)
        return found

    def _all(self, path: str, params: Mapping[str, str] | None = None) -> list[Mapping[str, Any]]:
        """Return every row of a list, by cursor."""
        rows: list[Mapping[str, Any]] = []
        cursor = ""
        for _ in range(MAX_PAGES):
            place = {"page[size]": str(PAGE_SIZE)} | ({"page[after]": cursor} if cursor else {})
            page = values.mapping(
                self._transport.get(f"{API}/{path}", params={**(params or {}), **place}, operation=path)
            )
            rows += values.rows(page.get(path))
            meta = values.mapping(page.get("meta"))
            after = values.words(meta.get("after_cursor"))
            if meta.get("has_more") is not True or not after or after == cursor:
                break
            cursor = after
        return rows

    def _one(self, answer: object, name: str) -> Mapping[str, Any]:
        found = values.mapping(values.mapping(answer).get(name))
        if not found:
            raise PermanentError(f"the answer has no {name}", vendor=values.VENDOR, operation="connect")
        return found


def _key(text: str) -> str:
    begin, end = wanted.mark("\0").split("\0")
    _, begun, rest = text.partition(begin)
    key, ended, _ = rest.partition(end)
    return key if begun and ended else ""


def _step(kind: str, name: str, differing: list[str]) -> Step:
    return Step(kind, name, Act.CHANGE, ", ".join(differing)) if differing else Step(kind, name, Act.KEEP)
