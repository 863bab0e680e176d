"""The fixed words of notes by language: workers/templates/words.<language>.toml, English where one is missing."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from config.policy import Policy

FOLDER = Path(__file__).parent / "templates"
ENGLISH = "en"

Words = Mapping[str, str]


@cache
def words(language: str = ENGLISH) -> Words:
    """Return every fixed text by its name, "section.name"; a language without a file speaks English."""
    own = _load(language.partition("-")[0].lower() or ENGLISH)
    return {**_load(ENGLISH), **own}


def spoken(team: str, policy: Policy) -> Words:
    """Return the words for a team, or for the one that gets what nobody else has."""
    teams = policy.teams
    key = next((key for key in (team, policy.answering.fallback_team) if key in teams), "")
    return words(teams[key].language if key else ENGLISH)


def section(fixed: Words, name: str) -> Words:
    """Return the texts of one section by their own names."""
    return {key.partition(".")[2]: text for key, text in fixed.items() if key.startswith(f"{name}.")}


def languages() -> tuple[str, ...]:
    return tuple(sorted(path.name.split(".")[1] for path in FOLDER.glob("words.*.toml")))


@cache
def _load(language: str) -> Words:
    if language not in languages():
        return {}
    raw = tomllib.loads((FOLDER / f"words.{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, named in raw.items() for name, text in named.items()}
