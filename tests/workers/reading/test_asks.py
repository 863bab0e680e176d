"""workers.reading.asks: several asks in one message, by table."""

import tomllib
from pathlib import Path

import pytest

from workers.reading.asks import asks

CASES = tomllib.loads(Path(__file__).with_name("asks.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("why") or case["text"][:40] or "empty")
def test_asks(case):
    """Questions and requests are listed in the writer's words; a bare cry for help adds none."""
    assert list(asks(case["text"])) == case["asks"]


def test_asks_are_few_and_short():
    """However much is asked, the list stays short enough for a prompt."""
    found = asks("\n\n".join(f"How do I do thing number {n} {'very ' * 100}well?" for n in range(30)))
    assert len(found) == 8
    assert all(len(ask) <= 301 for ask in found)
