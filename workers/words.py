"""The fixed words of notes by language: workers/templates/words.<language>.toml, English where one is missing."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "templates"
ENGLISH = "en"

Words = Mapping[str, str]


@cache
def words(language: str = ENGLISH) -> Words:
    """Return every fixed text by its name, "section.name"; a language without a file speaks English."""
    own = _load(language.partition("-")[0].lower() or ENGLISH)
    return {**_load(ENGLISH), **own}


def languages() -> tuple[str, ...]:
    return tuple(sorted(path.name.split(".")[1] for path in FOLDER.glob("words.*.toml")))


@cache
def _load(language: str) -> Words:
    if language not in languages():
        return {}
    raw = tomllib.loads((FOLDER / f"words.{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, named in raw.items() for name, text in named.items()}
