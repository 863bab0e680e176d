"""`deskhand export`: the correction log as JSON Lines: what was asked, what was wrong, and what staff said is right."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from config.settings import load_settings
from workers.store.orders import Orders
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FILE", default="-", help="where to write (default: the screen)")


def run(args: argparse.Namespace) -> int:
    rows = Orders(open_engine(load_settings().sql_url)).corrections()
    with _opened(args.to) as out:
        for row in rows:
            out.write(f"{json.dumps(line_of(row), ensure_ascii=False)}\n")
    sys.stderr.write(f"{len(rows)} corrections\n")
    return 0


def line_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return one correction as it is exported. All texts are masked already, as the record keeps them."""
    draft = row["draft"] or {}
    return {
        "vendor": row["vendor"],
        "ticket_id": row["ticket_id"],
        "message_id": row["message_id"],
        "intent": row["intent"],
        "language": row["language"],
        "subject": row["subject"],
        "question": row["question"],
        "answer": "\n".join(str(one.get("text", "")) for one in draft.get("sentences") or ()),
        "was_sent": row["was_sent"],
        "correction": row["words"],
        "passages": [passage.get("chunk_id", "") for passage in row["passages"]],
        "at": row["at"].isoformat(),
    }


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield sys.stdout
        return
    with Path(name).open("w", encoding="utf-8") as out:
        yield out
