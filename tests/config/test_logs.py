"""Log lines carry ids, and neither personal data nor secrets."""

import json
import logging

import pytest

from config.logs import get_logger, set_up_logs


@pytest.fixture
def lines_of(capsys):
    """Return what a function logs, as parsed lines. Logs are set up inside the test: pytest has its own handlers."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def run(log):
        set_up_logs()
        try:
            log()
        finally:
            root.handlers[:] = before
            root.setLevel(level)
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return run


def test_a_line_is_json_with_its_ids(lines_of):
    """An event is one JSON object with level, time and what was given."""
    (line,) = lines_of(lambda: get_logger("x").info("settled", ticket="42"))
    assert (line["event"], line["ticket"], line["level"]) == ("settled", "42", "info")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("field", ["text", "body", "subject", "email", "token", "password"])
def test_fields_that_hold_text_or_secrets_are_left_out(lines_of, field):
    """Whoever logs such a field, its value does not reach the log."""
    (line,) = lines_of(lambda: get_logger("x").info("event", **{field: "private words"}))
    assert line[field] == "[left out]"


@pytest.mark.parametrize(
    "value", ["mail ana@example.com now", "Bearer abcdef123", "sk-ant-secret-1", "card 4111 1111 1111 1111"]
)
def test_secrets_inside_a_value_are_masked(lines_of, value):
    """Addresses, tokens and card numbers are masked in any value, also from the standard library's loggers."""

    def log():
        get_logger("x").warning("event", detail=value)
        logging.getLogger("y").warning("said %s", value)

    lines = lines_of(log)
    assert len(lines) == 2
    assert all("[masked]" in json.dumps(line) and value not in json.dumps(line) for line in lines)
