"""Stands before every stand-in's application: carries out faults and writes each call into the books."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from scripts.sandbox.books import Books
from scripts.sandbox.faults import Fault, Faults

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
StandIn = Callable[[Fault], tuple[dict[str, str], bytes]]


def plain_words(fault: Fault) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a fault's own answer: its text, as an edge server would send it."""
    return {"Content-Type": "text/plain; charset=utf-8"}, fault.body.encode()


class Doorman:
    """WSGI middleware for one service. Only paths with one of the prefixes are spoilt and booked."""

    def __init__(
        self,
        app: Callable[[Environ, StartResponse], Iterable[bytes]],
        books: Books,
        faults: Faults,
        *,
        service: str,
        prefixes: tuple[str, ...],
        drops_json: bool = False,
        stand_in: StandIn = plain_words,
    ) -> None:
        """`drops_json` takes `.json` off paths; `stand_in` words the answer of a fault that has a status."""
        self._app, self._books, self._faults = app, books, faults
        self._service, self._prefixes = service, prefixes
        self._drops_json, self._stand_in = drops_json, stand_in

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(self._prefixes):
            return self._app(environ, start_response)
        if self._drops_json and path.endswith(".json"):
            path = environ["PATH_INFO"] = path.removesuffix(".json")
        start = time.monotonic()
        seen: list[str] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.append(status)
            return start_response(status, headers, exc_info)

        fault = self._faults.take(environ["REQUEST_METHOD"], path, self._service)
        result = self._spoil(fault, environ, note) if fault else list(self._app(environ, note))
        self._books.add(
            "request",
            service=self._service,
            method=environ["REQUEST_METHOD"],
            path=path,
            status=int(seen[-1].split()[0]) if seen else 0,
            latency_ms=round((time.monotonic() - start) * 1000, 2),
            fault=fault is not None,
            **environ.get("sandbox.note", {}),
        )
        return result

    def _spoil(self, fault: Fault, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Carry out one fault. A `status` without `after_commit` means that the work is not done at all."""
        time.sleep(fault.delay_before)
        if not fault.does_the_work:
            return self._answer_for(fault, start_response)
        environ["sandbox.answer"] = fault.answer
        kept: list[Any] = []
        data = b"".join(self._app(environ, lambda *args: kept.append(args)))
        time.sleep(fault.delay_after_commit)
        if fault.drop_answer:
            environ["sandbox.spoil"] = "drop"  # the server closes the connection without a word
            start_response("000 dropped", [])
            return []
        if fault.status is not None:
            return self._answer_for(fault, start_response)
        if fault.wrong_json:
            data = data[: max(1, len(data) // 2)]
            kept[-1] = (kept[-1][0], [row for row in kept[-1][1] if row[0].lower() != "content-length"])
        if fault.reset_mid_body:
            environ["sandbox.spoil"] = "reset"
        environ["sandbox.drip_seconds"], environ["sandbox.stall_seconds"] = fault.drip_seconds, fault.stall_seconds
        start_response(*kept[-1])
        return [data]

    def _answer_for(self, fault: Fault, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with what the fault says instead of what the work gave."""
        headers, body = self._stand_in(fault)
        start_response(f"{fault.status} Fault", [*(headers | fault.headers).items()])
        return [body]
