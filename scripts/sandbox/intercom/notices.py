"""What a notification carries, as it is when it is delivered: conversations, articles, contacts, the ping."""

from collections.abc import Callable
from typing import Any

from scripts.sandbox.intercom import wire, wire_library, wire_people
from scripts.sandbox.intercom.state import Article, Contact, Conversation, Part, World
from scripts.sandbox.intercom.webhooks import Sender
from scripts.sandbox.intercom.wire import Style


class Notices:
    """Tells the app what happened. The text of what is told is in the version the app is set to."""

    def __init__(self, world: World, sender: Sender, version: Callable[[], tuple[int, int]]) -> None:
        self._world, self._sender, self._version = world, sender, version
        self.is_quiet = False

    def _style(self) -> Style:
        version = self._version()
        return Style(version, is_plain=version >= (2, 15), is_webhook=True)

    def _fire(self, topic: str, make: Callable[[Style], dict[str, Any] | None], **told: Any) -> None:
        def content() -> dict[str, Any] | None:
            with self._world.lock:
                return make(self._style())

        if not self.is_quiet:
            self._sender.fire(topic, content, **told)

    def conversation(self, topic: str, row: Conversation, part: Part | None = None, **more: Any) -> None:
        """Tell that something happened in a conversation; only the part that caused it comes along."""

        def make(style: Style) -> dict[str, Any] | None:
            if row.id not in self._world.conversations:
                return None
            parts = [part] if part else []
            return {**wire.conversation(row, self._world, style, parts), **more}

        self._fire(topic, make, ticket_id=row.id, conversation_id=row.id, part_id=part.id if part else None)

    def deleted(self, kind: str, topic: str, number: str) -> None:
        """Tell that something is gone: its id is all there is."""
        self._fire(topic, lambda _: {"type": kind, "id": number}, ticket_id=number)

    def ticket(self, topic: str, shown: Callable[[], dict[str, Any]], conversation_id: str) -> None:
        self._fire(topic, lambda _: shown(), ticket_id=conversation_id, conversation_id=conversation_id)

    def article(self, topic: str, row: Article) -> None:
        self._fire(topic, lambda style: wire_library.article(row, self._world, style), article_id=row.id)

    def merged(self, row: Contact, gone: Contact) -> None:
        """Tell which contact is left of two."""
        self._fire("contact.merged", lambda _: wire_people.contact(row, self._world) | {"merged_from": {"id": gone.id}})

    def ping(self) -> None:
        self._fire("ping", lambda _: {"type": "ping", "message": "something something interzen"})
