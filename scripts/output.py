"""`--json FILE` of every command that has a result: `-` is standard output."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", metavar="FILE", default="", help="write the result as JSON; - is standard output")


def write_json(target: str, result: Mapping[str, object]) -> None:
    """Write the result as one JSON object to the file; "" writes nothing."""
    if not target:
        return
    text = json.dumps(result, indent=2, ensure_ascii=False, default=str) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, encoding="utf-8")
