"""prompts/*.md -> Prompt. Inputs are declared at the top of each file; a missing or extra one is an error.

A file has a TOML head between `+++` lines, then `## system` (stable over tickets, cached by the API) and `## user`.
Inputs stand as `{{name}}`; those used in the system part must be stable for a deployment (taxonomy, tone).
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SLOT = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class PromptError(Exception):
    """A prompt file, or a call of it, does not fit its declared inputs."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt with declared inputs. `hash` covers the whole file and stands in the ledger beside each call."""

    name: str
    hash: str
    inputs: frozenset[str]
    system: str
    user: str

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return (system, user) with every declared input put in. Raise PromptError on a missing or undeclared one.

        Values are put in as they are, in one pass: a value that looks like a slot stays text.
        """
        if values.keys() != self.inputs:
            missing, extra = self.inputs - values.keys(), values.keys() - self.inputs
            raise PromptError(f"prompt {self.name}: missing {sorted(missing)}, not declared {sorted(extra)}")

        def fill(text: str) -> str:
            return _SLOT.sub(lambda slot: values[slot[1]], text)

        return fill(self.system), fill(self.user)


def load_prompt(folder: Path, name: str) -> Prompt:
    """Read `<folder>/<name>.md`. Raise PromptError if head, parts or slots do not fit together."""
    path = folder / f"{name}.md"
    try:
        raw = path.read_text(encoding="utf-8")
        _, head, body = raw.split("+++\n", 2)
        declared = frozenset(tomllib.loads(head)["inputs"])
        _, system, user = re.split(r"^## (?:system|user)\n", body, flags=re.MULTILINE)
    except FileNotFoundError:
        raise PromptError(f"{path}: missing") from None
    except (ValueError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PromptError(f"{path}: wants a +++ head with `inputs`, then `## system` and `## user` ({error})") from None
    used = set(_SLOT.findall(system)) | set(_SLOT.findall(user))
    if used != declared:
        raise PromptError(f"{path}: declares {sorted(declared)}, uses {sorted(used)}")
    digest = hashlib.sha256(raw.encode()).hexdigest()[:16]
    return Prompt(name, digest, declared, system.strip(), user.strip())
