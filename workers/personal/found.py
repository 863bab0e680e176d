"""What every finder of personal data yields, and the shortest way to yield it. Pure."""

import re
from collections.abc import Iterable, Iterator

Found = tuple[str, int, int]
"""Kind, start and end of a piece of personal data."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def groups(kind: str, patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[Found]:
    """Yield what a pattern's first group caught, or the whole match of one without groups."""
    for pattern in patterns:
        group = 1 if pattern.groups else 0
        for found in pattern.finditer(text):
            yield kind, found.start(group), found.end(group)
