"""Structured logs: one JSON line an event, with ids and without personal data or secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Fields that may hold text of a person or a secret are dropped whole, whoever logs them.
_FORBIDDEN = frozenset({"text", "body", "html", "subject", "email", "name", "token", "secret", "password", "vault"})
_SECRETS = re.compile(
    r"(?i)(bearer\s+\S+|basic\s+[a-z0-9+/=]{8,}|sk-ant-\S+"
    r"|[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}|\b(?:\d[ -]?){13,19}\b)"
)


def _scrub(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in list(event):
        if key in _FORBIDDEN:
            event[key] = "[left out]"
        elif isinstance(event[key], str):
            event[key] = _SECRETS.sub("[masked]", event[key])
    return event


def set_up_logs(level: str = "INFO") -> None:
    """Configure structlog and the standard library's loggers to write scrubbed JSON lines to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("alembic", "bm25s", "chromadb", "httpx", "httpx2", "rq", "rq.worker", "urllib3", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """Return a bound logger; call it with an event name and ids: `log.info("settled", ticket=…, case=…)`."""
    return structlog.stdlib.get_logger(name)
