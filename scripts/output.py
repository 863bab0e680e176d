"""What commands write for machines."""

import json
import sys
from pathlib import Path
from typing import Any


def write_json(where: str | None, value: Any) -> None:
    """Write one JSON object to a file, or to the screen for "-"; nothing for None."""
    if where is None:
        return
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
    if where == "-":
        sys.stdout.write(text)
    else:
        Path(where).write_text(text, encoding="utf-8")
