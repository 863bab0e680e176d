"""`deskhand evaluate redaction`: how much labelled personal data is masked, and how much is masked for nothing."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from scripts.cases import by_kind, read_cases, share, show, timed
from scripts.output import add_json_argument, write_json
from workers.personal_data import Span, find_personal_data

ENOUGH = 0.9  # share of a span's characters that must be masked
# Types and kinds that a form, a grammar or a check digit tells: only of these can a false alarm be counted.
STRUCTURED_TYPES = frozenset(
    "EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD IBAN_CODE IP_ADDRESS US_SSN NATIONAL_ID TOKEN API_KEY".split()  # noqa: SIM905
)
STRUCTURED_KINDS = frozenset({"email", "phone", "card", "iban", "ip", "national-id", "token"})


class Masked(NamedTuple):
    """What was labelled in the rows and found in them, span by span."""

    labelled: list[tuple[str, bool]]  # type, is it masked
    structured: list[bool]  # of each masked span of a structured kind: is it one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", required=True, type=Path, metavar="FILE", help="JSON Lines: text, spans")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    cases = read_cases(args.cases, ("text", "spans"))
    found, milliseconds = timed(lambda case: find_personal_data(str(case["text"])), cases, name="masking")
    result = figures(compare(cases, found)) | {"ms_per_case": milliseconds}
    write_json(args.json, result)
    show(f"{len(cases)} texts masked", result, on_stderr=args.json == "-")
    return 0


def compare(cases: list[dict[str, Any]], found: list[list[Span]]) -> Masked:
    result = Masked([], [])
    for case, spans in zip(cases, found, strict=True):
        masked = {place for span in spans for place in range(span.start, span.end)}
        for label in case["spans"]:
            covered = sum(place in masked for place in range(label["start"], label["end"]))
            is_masked = covered >= ENOUGH * (label["end"] - label["start"])
            result.labelled.append((str(label["type"]), is_masked))
        real = {
            place
            for label in case["spans"]
            if label["type"] in STRUCTURED_TYPES
            for place in range(label["start"], label["end"])
        }
        result.structured.extend(
            any(place in real for place in range(span.start, span.end))
            for span in spans
            if span.kind in STRUCTURED_KINDS
        )
    return result


def figures(masked: Masked) -> dict[str, Any]:
    """Compute what CONTRACT names; None where the file has no row for it."""
    return {
        "recall": share(is_masked for _, is_masked in masked.labelled),
        "structured_recall": share(is_masked for kind, is_masked in masked.labelled if kind in STRUCTURED_TYPES),
        "structured_precision": share(masked.structured),
        "by_type": by_kind(masked.labelled, "recall"),
    }
