"""everyday.txt: what people write to any desk and that no list of intents holds; teaches stage one what is foreign."""

from pathlib import Path


def load_everyday(folder: Path) -> tuple[str, ...]:
    """Return the lines of everyday.txt without comments; none if the folder has no such file."""
    path = folder / "everyday.txt"
    if not path.exists():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
