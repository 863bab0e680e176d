"""The search index: each conversation as a search sees it, which may be older than the conversation itself is."""

from collections.abc import Callable, Iterable
from typing import Any

from scripts.sandbox.intercom import wire
from scripts.sandbox.intercom.state import Conversation, World


class Index:
    """Keeps what conversations looked like. A change can be found `lag_seconds` after it was made."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self.lag_seconds = 0.0
        self._world, self._clock = world, clock
        self._versions: dict[str, list[tuple[float, dict[str, Any]]]] = {}

    def note(self, row: Conversation) -> None:
        """Take in a conversation as it is now; it shows when the lag is over."""
        now = self._clock()
        versions = self._versions.setdefault(row.id, [])
        versions.append((now + self.lag_seconds, document(row, self._world)))
        _drop_overtaken(versions, now)

    def forget(self) -> None:
        self._versions.clear()

    def rebuild(self) -> None:
        """Take in everything there is."""
        self.forget()
        for row in self._world.conversations.values():
            self.note(row)

    def seen(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """Yield id and document of each conversation that can be found now."""
        now = self._clock()
        for number, versions in self._versions.items():
            _drop_overtaken(versions, now)
            if versions[0][0] <= now:
                yield number, versions[0][1]


def _drop_overtaken(versions: list[tuple[float, dict[str, Any]]], now: float) -> None:
    """Drop the versions that a later one, visible by now, stands for."""
    while len(versions) > 1 and versions[1][0] <= now:
        del versions[0]


def document(row: Conversation, world: World) -> dict[str, Any]:
    """Return the fields that a search may ask for."""
    shown = wire.head(row, world, wire.Style(is_plain=True))
    del shown["custom_attributes"]
    return {
        **shown,
        "conversation_rating": row.rating or {},
        "statistics": dict(row.statistics),
        "ai_agent": row.ai_agent or {},
        "channel_initiated": row.source.type,
        "tag_ids": [tag["id"] for tag in row.tags],
        "contact_ids": list(row.contact_ids),
        "teammate_ids": [str(number) for number in row.teammate_ids],
    }
