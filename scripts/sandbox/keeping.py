"""What the accounts of both stand-ins have in common: one lock, one clock, and rows that are kept as JSON."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from scripts.sandbox.clock import Clock


class Kept(ABC):
    """Rows in dictionaries by their id. Whoever reads or changes them holds `lock`, which its holder may take again."""

    makers: ClassVar[Mapping[str, Callable[..., Any]]]  # collection -> what makes a row of its saved values

    def __init__(self, clock: Clock | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.now = self.clock.now
        self.base_url = "http://127.0.0.1"
        self.clear()

    @abstractmethod
    def clear(self) -> None:
        """Forget everything."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return everything that is kept as JSON values."""

    @abstractmethod
    def load_dict(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` returned."""

    def rows_to_dict(self) -> dict[str, Any]:
        return {name: [asdict(row) for row in getattr(self, name).values()] for name in self.makers}

    def load_rows(self, data: Mapping[str, Any]) -> None:
        """Fill the collections, which are empty; one that was not saved stays so."""
        for name, make in self.makers.items():
            collection = getattr(self, name)
            for values in data.get(name, ()):
                row = make(**values)
                collection[row.id] = row

    def save(self, path: Path) -> None:
        """Write the state so that a crash leaves either the old file or the new one."""
        with self.lock:
            text = json.dumps(self.to_dict(), ensure_ascii=False)
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    def load(self, path: Path) -> None:
        with self.lock:
            self.load_dict(json.loads(path.read_text(encoding="utf-8")))
