"""Faults on request: a list of rules that spoil matching calls of any stand-in, before or after the work is done."""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Fault:
    """One way to go wrong. `status` replaces the answer: before the work, or with `after_commit` after it.

    `drop_answer`, `reset_mid_body`, `drip_seconds`, `stall_seconds` and `wrong_json` all spoil the answer of work
    that was done. `answer` and `error_code` are the model's own ways to go wrong.
    """

    path: re.Pattern[str]
    service: str = ""  # which stand-in: zendesk, model...; "" is any
    method: str = ""
    status: int | None = None
    body: str = ""
    error_code: str = ""
    answer: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_before: float = 0.0
    delay_after_commit: float = 0.0
    drop_answer: bool = False
    reset_mid_body: bool = False
    drip_seconds: float = 0.0  # the body takes this long to arrive, a piece at a time
    stall_seconds: float = 0.0  # after half of the body nothing comes for so long
    wrong_json: bool = False  # cut in the middle, under the status and headers of the whole
    after_commit: bool = False
    times: int | None = None
    share: float = 1.0

    @property
    def does_the_work(self) -> bool:
        return self.status is None or self.after_commit or self.drop_answer


_KNOWN = {known.name for known in fields(Fault)}
_NUMBERS = ("delay_before", "delay_after_commit", "drip_seconds", "stall_seconds", "share")
_WHOLE = ("status", "times")
_FLAGS = ("drop_answer", "reset_mid_body", "wrong_json", "after_commit")
_WORDS = ("service", "body", "error_code", "answer")
# What the model's stand-in may say instead of a whole answer; model_answer.py has what each looks like.
MODEL_ANSWERS = (
    "truncated", "context_full", "refused", "invalid_json", "wrong_schema", "no_content", "blank", "error_event",
)  # fmt: skip


def parse(values: Mapping[str, Any], service: str = "") -> Fault:
    """Read one fault as the control API of a service takes it; raise ValueError with what is wrong."""
    unknown = set(values) - _KNOWN
    if unknown:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}; known are {', '.join(sorted(_KNOWN))}")
    try:
        path = re.compile(str(values.get("path", "")))
    except re.error as error:
        raise ValueError(f"path is not a regular expression: {error}") from error
    for names, kind, words in ((_NUMBERS, int | float, "a number"), (_FLAGS, bool, "true or false")):
        for name in names:
            if name in values and not isinstance(values[name], kind):
                raise ValueError(f"{name} wants {words}")
    for name in _WHOLE:
        if not isinstance(values.get(name), int | None):
            raise ValueError(f"{name} wants a whole number")
    for name in _WORDS:
        if not isinstance(values.get(name, ""), str):
            raise ValueError(f"{name} wants text")
    if values.get("answer") and values["answer"] not in MODEL_ANSWERS:
        raise ValueError(f"unknown answer {values['answer']}; known are {', '.join(MODEL_ANSWERS)}")
    rest = {name: value for name, value in values.items() if name not in ("path", "method")}
    return Fault(path=path, method=str(values.get("method", "")).upper(), **{"service": service, **rest})


class Faults:
    """The present list. The first that matches and is not used up is taken."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - chance of faults, not a secret
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults = faults

    def rows(self) -> list[dict[str, Any]]:
        """Return the present list as it was given, with what is left of each `times`."""
        with self._lock:
            return [_row(fault) for fault in self._faults]

    def take(self, method: str, path: str, service: str = "") -> Fault | None:
        """Return the fault for this call, counting it, or None."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.service not in ("", service) or (fault.method and fault.method != method):
                    continue
                if fault.times == 0 or not fault.path.search(path):
                    continue
                if self._random.random() >= fault.share:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


def _row(fault: Fault) -> dict[str, Any]:
    given = {known.name: getattr(fault, known.name) for known in fields(Fault) if known.name != "path"}
    unset = {known.name: known.default for known in fields(Fault)}
    return {"path": fault.path.pattern} | {
        name: value for name, value in given.items() if value != unset[name] and value != {}
    }
