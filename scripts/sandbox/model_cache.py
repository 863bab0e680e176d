"""The API's prompt cache: prefixes up to marked blocks, found again byte for byte within their life.

As documented: order tools, system, messages; at most four marks; a prefix shorter than the model's minimum is not
cached; a mark finds what was written at most twenty blocks before it; an entry can be read once the answer that
wrote it has begun.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.sandbox.model_errors import ApiError

CHARACTERS_PER_TOKEN = 4
LIFE_SECONDS = {"5m": 300.0, "1h": 3600.0}
MAX_MARKS = 4
LOOK_BACK = 20
_MINIMUM_TOKENS = {"haiku": 4096}  # by family; the others cache from 1,024 on
_MINIMUM_ELSE = 1024


def count_tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def family_of(model: str) -> str:
    """Return the class of a model, which shares limits and rules: the word between "claude" and the version."""
    return next((word for word in model.split("-") if word.isalpha() and word != "claude"), model)


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    life: str = ""  # "5m" or "1h" where the block is marked


@dataclass(slots=True)
class Counted:
    """How the input of one request is billed. `entries` are to be stored when its answer begins."""

    input_tokens: int = 0
    read_tokens: int = 0
    written: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIFE_SECONDS, 0))
    entries: list[tuple[str, str]] = field(default_factory=list)


class PromptCache:
    """Remembers prefixes by their hash; a read starts an entry's life again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def count(self, model: str, blocks: list[Block]) -> Counted:
        """Say what of a request is read from the cache, what will be written to it, and what is neither."""
        sizes, keys = _prefixes(model, blocks)
        whole = count_tokens("".join(block.text for block in blocks))
        minimum = _MINIMUM_TOKENS.get(family_of(model), _MINIMUM_ELSE)
        marks = [place for place, block in enumerate(blocks) if block.life and sizes[place] >= minimum]
        if not marks:
            return Counted(whole)
        read = self._longest(keys, marks)
        counted = Counted(whole - sizes[marks[-1]], sizes[read] if read >= 0 else 0)
        before = counted.read_tokens
        for place in marks:
            if place > read:
                counted.written[blocks[place].life] += sizes[place] - before
                counted.entries.append((keys[place], blocks[place].life))
                before = sizes[place]
        return counted

    def store(self, counted: Counted) -> None:
        """Let later requests find what this one wrote. To be called when its answer begins."""
        with self._lock:
            for key, life in counted.entries:
                self._ends[key] = (self._clock() + LIFE_SECONDS[life], life)

    def clear(self) -> None:
        with self._lock:
            self._ends.clear()

    def _longest(self, keys: list[str], marks: list[int]) -> int:
        """Return the place of the longest prefix that is cached and within reach of a mark, -1 if there is none."""
        with self._lock:
            for mark in reversed(marks):
                for place in range(mark, max(mark - LOOK_BACK, -1), -1):
                    end, life = self._ends.get(keys[place], (0.0, ""))
                    if end > self._clock():
                        self._ends[keys[place]] = (self._clock() + LIFE_SECONDS[life], life)
                        return place
        return -1


def _prefixes(model: str, blocks: list[Block]) -> tuple[list[int], list[str]]:
    """Return for each block the tokens and the hash of everything up to and with it."""
    digest = hashlib.sha256(model.encode())
    letters, sizes, keys = 0, [], []
    for block in blocks:
        digest.update(b"\0" + block.text.encode("utf-8", "surrogatepass"))
        letters += len(block.text)
        sizes.append(-(-letters // CHARACTERS_PER_TOKEN))
        keys.append(digest.hexdigest())
    return sizes, keys


def blocks_of(request: dict[str, Any]) -> list[Block]:
    """Return the parts of a request in the order they are cached in; raise ApiError for marks the API refuses.

    The schema of a structured answer becomes part of what the model is told, before everything else.
    """
    schema = ((request.get("output_config") or {}).get("format") or {}).get("schema")
    found = [Block(_as_text(schema))] if schema else []
    parts = [*(request.get("tools") or ()), *_listed(request.get("system"))]
    for message in request["messages"]:
        parts += _listed(message.get("content"))
    found += [Block(_as_text(part), _life_of(part)) for part in parts]
    if request.get("cache_control") and found and not found[-1].life:  # the API then marks the last block by itself
        found[-1] = Block(found[-1].text, _life_of(request))
    lives = [block.life for block in found if block.life]
    if len(lives) > MAX_MARKS:
        raise ApiError(
            "invalid_request_error",
            f"A maximum of {MAX_MARKS} blocks with cache_control may be provided. Found {len(lives)}.",
        )
    if lives != sorted(lives):  # "1h" sorts before "5m"
        words = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"
        raise ApiError("invalid_request_error", words)
    return found


def _listed(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content) if isinstance(content, list) else []


def _as_text(part: dict[str, Any]) -> str:
    if part.get("type") == "text":
        return str(part.get("text", ""))
    return json.dumps({key: value for key, value in part.items() if key != "cache_control"}, ensure_ascii=False)


def _life_of(part: dict[str, Any]) -> str:
    mark = part.get("cache_control")
    if not mark:
        return ""
    life = mark.get("ttl", "5m") if isinstance(mark, dict) else ""
    if not isinstance(mark, dict) or mark.get("type") != "ephemeral" or life not in LIFE_SECONDS:
        raise ApiError("invalid_request_error", "cache_control: type must be 'ephemeral' and ttl '5m' or '1h'")
    if part.get("type") == "text" and not str(part.get("text", "")):
        raise ApiError("invalid_request_error", "cache_control cannot be set for empty text blocks")
    return str(life)
