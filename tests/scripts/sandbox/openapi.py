"""The vendor's description as a judge: which operation is a call, and in what do request and answer not fit it."""

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

_URI = "urn:description"
_NOT_IN_12 = ("tag:yaml.org,2002:value", "tag:yaml.org,2002:timestamp")


class _Loader(yaml.CSafeLoader):
    """Reads a bare `=` and dates as the text they are, as YAML 1.2 does."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in _NOT_IN_12]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit: at which call, at which place (numbers of lists left out), which rule, and how."""

    call: str
    place: str
    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.call} at {self.place or '(top)'} [{self.kind}]: {self.words}"


@dataclass(frozen=True)
class Exchange:
    """One request with its answer, as they went over the wire. `body` and `answer` are JSON values or None."""

    method: str
    path: str
    query: str
    body: Any
    status: int
    answer: Any


class Description:
    def __init__(self, file: Path) -> None:
        self._document = yaml.load(file.read_text(encoding="utf-8"), _Loader)
        resource = Resource.from_contents(self._document, default_specification=DRAFT4)
        self._registry = Registry().with_resource(_URI, resource)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Return the paths as patterns, those with fewer variables first: `/tickets/count` before `/tickets/{id}`."""
        paths = sorted(self._document["paths"], key=lambda path: (path.count("{"), path))
        return [(re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + r"(\.json)?$"), path) for path in paths]

    def covered(self, method: str, path: str) -> str | None:
        """Return the path in the description that a call belongs to, or None if it has no such operation."""
        for pattern, known in self._patterns:
            if pattern.match(path) and method.lower() in self._document["paths"][known]:
                return known
        return None

    def faults(self, exchange: Exchange) -> Iterator[Fault]:
        """Yield what does not fit in the request and in the answer of a call that is covered."""
        known = self.covered(exchange.method, exchange.path)
        if known is None:
            return
        yield from self.request_faults(exchange, known)
        yield from self.answer_faults(exchange, known)

    def request_faults(self, exchange: Exchange, known: str) -> Iterator[Fault]:
        call = f"{exchange.method} {known} request"
        operation = self._document["paths"][known][exchange.method.lower()]
        places = [(known, "parameters"), (known, exchange.method.lower(), "parameters")]
        given = parse_qs(exchange.query, keep_blank_values=True)
        for parameter in self._parameters(places):
            if parameter["in"] != "query":
                continue
            values = given.pop(parameter["name"], None)
            if values is None and parameter.get("required"):
                yield Fault(call, f"?{parameter['name']}", "missing parameter", "is required")
            if values and parameter.get("schema", {}).get("type") == "integer" and not values[0].isdigit():
                yield Fault(call, f"?{parameter['name']}", "parameter", f"{values[0]} is no integer")
        for name in given:
            yield Fault(call, f"?{name}", "unknown parameter", "is not described")
        content = operation.get("requestBody", {}).get("content", {})
        if exchange.body is None:
            return
        if "application/json" not in content:
            yield Fault(call, "", "unknown body", "no request body is described")
            return
        keys = ("paths", known, exchange.method.lower(), "requestBody", "content", "application/json", "schema")
        yield from self._unfit(call, exchange.body, keys)

    def answer_faults(self, exchange: Exchange, known: str) -> Iterator[Fault]:
        call = f"{exchange.method} {known} {exchange.status}"
        responses = self._document["paths"][known][exchange.method.lower()]["responses"]
        code = str(exchange.status)
        if code not in responses:
            yield Fault(call, "", "unknown status", f"described are {', '.join(responses)}")
            return
        content = responses[code].get("content", {})
        if "application/json" in content and "schema" in content["application/json"]:
            keys = ("paths", known, exchange.method.lower(), "responses", code, "content", "application/json", "schema")
            yield from self._unfit(call, exchange.answer, keys)

    def _parameters(self, places: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
        for place in places:
            node: Any = self._document["paths"]
            for key in place:
                node = node.get(key, {})
            for row in node or ():
                yield self._followed(row)

    def _followed(self, row: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in row:
            return row
        node: Any = self._document
        for key in row["$ref"].removeprefix("#/").split("/"):
            node = node[key]
        return node

    def _unfit(self, call: str, value: Any, keys: tuple[str, ...]) -> Iterator[Fault]:
        pointer = "/".join(quote(key.replace("~", "~0").replace("/", "~1"), safe="~") for key in keys)
        validator = OAS30Validator(
            {"$ref": f"{_URI}#/{pointer}"}, registry=self._registry, format_checker=oas30_format_checker
        )
        for error in validator.iter_errors(value):
            for leaf in _leaves(error):
                place = "/".join(str(part) for part in leaf.absolute_path if not isinstance(part, int))
                kind = "null" if leaf.instance is None else str(leaf.validator)
                yield Fault(call, place, kind, leaf.message[:160])


def _leaves(error: Any) -> Iterator[Any]:
    """Yield what is wrong; of several forms a value may have, what is wrong with the one it comes closest to."""
    branches: dict[Any, list[Any]] = {}
    for part in error.context or ():
        branches.setdefault(part.relative_schema_path[0], []).append(part)
    if not branches or error.instance is None:
        yield error
        return
    for part in min(branches.values(), key=len):
        yield from _leaves(part)


@dataclass(frozen=True)
class Difference:
    """A way in which the twin departs from the file on purpose. `why` names the section of the reference and its mark.

    `call` and `place` are patterns over a fault's call and place; `kind` is the rule of the file that is broken.
    """

    kind: str
    place: str
    why: str
    call: str = ""


def unlisted(faults: Iterable[Any], known: Iterable[Difference]) -> list[str]:
    """Return the faults that no known difference explains, each once."""
    return sorted(
        {
            str(fault)
            for fault in faults
            if not any(
                row.kind == fault.kind and re.search(row.place, fault.place) and re.search(row.call, fault.call)
                for row in known
            )
        }
    )


def read_description(file: Path) -> "Description":
    """Read a vendor's description; where it is not there the test is skipped by name, and fails on CI."""
    if not file.exists():
        words = f"the vendor's description is not there: {file}"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return Description(file)


class Recorder:
    """Stands before the application and keeps each API call as it went over the wire."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.kept: list[Any] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(data)
        path, method, query = environ["PATH_INFO"], environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        status: list[str] = []

        def note(words: str, headers: Any, exc_info: Any = None) -> Any:
            status.append(words)
            return start_response(words, headers, exc_info)

        result = b"".join(self._app(environ, note))
        code = int(status[-1].split()[0])
        self.kept.append(Exchange(method, path, query, _json(data), code, _json(result)))
        return [result]


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return None


def record(app: Any) -> list[Any]:
    """Have an application's calls kept from now on; return the list they go into."""
    app.wsgi_app = Recorder(app.wsgi_app)
    kept: list[Any] = app.wsgi_app.kept
    return kept
