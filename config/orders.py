"""orders.txt: orders to an assistant, by kind, and ordinary sentences; teaches the screen the difference."""

from pathlib import Path

ORDINARY = "ordinary"


def load_orders(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the sentences under each "[kind]" of the file, each once."""
    found: dict[str, dict[str, None]] = {}
    kind = ORDINARY
    for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()):
        if line.startswith("[") and line.endswith("]"):
            kind = line[1:-1]
        elif line and not line.startswith("#"):
            found.setdefault(kind, {})[line] = None
    return {name: tuple(sentences) for name, sentences in found.items()}
