"""The trained first stages on disk: the one in use, the one before it, and one on trial. A new one needs no restart.

Beside each model lies its twin: the same recipe without the rows that are held out for comparing models.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from config.logs import get_logger
from workers.intent_model import IntentModel, IntentModelError

log = get_logger(__name__)

_LOOK_SECONDS = 5.0

Stamp = tuple[int, int, int]


class IntentShelf:
    """Gives the models that lie on disk now. Safe to share between threads."""

    def __init__(
        self,
        path: Path,
        embedder: str,
        *,
        look_seconds: float = _LOOK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._current = _Watched(path, embedder, look_seconds, clock)
        self._candidate = _Watched(candidate_path(path), embedder, look_seconds, clock)

    @property
    def path(self) -> Path:
        return self._current.path

    def load(self) -> IntentModel | None:
        """Return the model in use, None if there is none. Raise IntentModelError if it cannot be used."""
        return self._current.load()

    def models(self, ticket: str, trial_share: float) -> tuple[IntentModel, ...]:
        """Return the model that counts for a ticket and, on this share of tickets, the other one of a trial behind it.

        Either counts on half of the trial's tickets. Staff correct what they see: if always the same one showed, what
        they leave alone would speak for it, and what they correct for the other.
        """
        current = self._current.get()
        drawn = int.from_bytes(hashlib.sha256(ticket.encode()).digest()[:4])  # a checksum of ids in a row is too even
        candidate = self._candidate.get() if current and drawn / 2**32 < trial_share else None
        models = (candidate, current) if drawn % 2 else (current, candidate)
        return tuple(model for model in models if model)


class _Watched:
    """One file, read again when its stamp changes; what cannot be read leaves what was there in use."""

    def __init__(self, path: Path, embedder: str, look_seconds: float, clock: Callable[[], float]) -> None:
        self.path, self._embedder = path, embedder
        self._look_seconds, self._clock = look_seconds, clock
        self._lock = threading.Lock()
        self._model: IntentModel | None = None
        self._stamp: Stamp | None = None
        self._look_at = 0.0

    def load(self) -> IntentModel | None:
        with self._lock:
            self._read(_stamp(self.path))
            return self._model

    def get(self) -> IntentModel | None:
        with self._lock:
            if self._clock() >= self._look_at:
                self._look()
            return self._model

    def _look(self) -> None:
        self._look_at = self._clock() + self._look_seconds
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return
        try:
            self._read(stamp)
        except IntentModelError as error:
            self._stamp = stamp  # said once, not with every look
            log.error("intent_model_unusable", error=str(error), in_use=self._model.version if self._model else "")
        else:
            log.info("intent_model_read", file=self.path.name, version=self._model.version if self._model else "")

    def _read(self, stamp: Stamp | None) -> None:
        self._model = load(self.path, self._embedder) if stamp else None
        self._stamp = stamp
        self._look_at = self._clock() + self._look_seconds


def load(path: Path, embedder: str) -> IntentModel:
    """Read a model with its version, which names its content. Raise IntentModelError if it cannot be used."""
    return replace(IntentModel.load(path, embedder=embedder), version=version_of(path))


def version_of(path: Path) -> str:
    """Name a stored model by its content; "" if there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except FileNotFoundError:
        return ""


def twin_path(path: Path) -> Path:
    return path.with_suffix(".trial.npz")


def previous_path(path: Path) -> Path:
    return path.with_suffix(".previous.npz")


def candidate_path(path: Path) -> Path:
    return path.with_suffix(".candidate.npz")


def put(path: Path, place: Path) -> None:
    """Move a model and its twin to another place; what lies there becomes the previous one.

    At no moment is there no model: a worker may look right now.
    """
    for old, new in ((path, place), (twin_path(path), twin_path(place))):
        if new.exists():
            _link(new, previous_path(new))
        old.replace(new)


def swap(path: Path) -> bool:
    """Let the model in use and the one before change places, with their twins; False if there is none before."""
    if not previous_path(path).exists():
        return False
    for one in (path, twin_path(path)):
        if not previous_path(one).exists():
            continue
        aside = one.with_suffix(".aside")
        _link(one, aside)
        previous_path(one).replace(one)
        aside.replace(previous_path(one))
    return True


def drop(path: Path) -> None:
    """Take a model and its twin away."""
    for one in (path, twin_path(path)):
        one.unlink(missing_ok=True)


def _link(path: Path, name: Path) -> None:
    """Give a file a second name, in place of whatever has that name."""
    name.unlink(missing_ok=True)
    name.hardlink_to(path)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
