"""Says at the end what all storms and outages of this run came to."""

from typing import Any

from tests.chaos.tally import TALLY


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TALLY.messages:
        terminalreporter.write_line(f"chaos: {TALLY}")
