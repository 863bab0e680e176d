"""`deskhand worker`: one worker process. It answers rings, works on tickets in threads, and sweeps if it leads."""

import argparse
import contextlib
import ctypes
import signal
import threading
import time
from collections.abc import Callable

from config.logs import get_logger, set_up_logs
from config.settings import load_settings
from workers import jobs
from workers.crew import Crew
from workers.housekeeping import Housekeeper
from workers.job_queue import serve
from workers.services import build

log = get_logger(__name__)

_M_ARENA_MAX = -8  # of malloc.h
_HEAPS = 2
_HAND_BACK_SECONDS = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, help="tickets at a time (default: DESKHAND_THREADS)")


def run(args: argparse.Namespace) -> int:
    set_up_logs()
    _share_heaps()
    settings = load_settings()
    services = build(settings)
    crew = Crew(services, threads=args.threads or settings.threads)
    jobs.install(services, crew)
    housekeeper = Housekeeper(services, crew.owner, is_free=crew.is_free)
    housekeeper.start()
    stopping = threading.Event()
    threading.Thread(target=hand_back_memory, args=(stopping.wait,), name="memory", daemon=True).start()
    log.info("worker_ready", worker=crew.owner)
    try:
        while not _serve_once(settings.redis_url, crew):
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            time.sleep(1)
    except KeyboardInterrupt:
        log.info("worker_stopping", worker=crew.owner)
    stopping.set()
    housekeeper.stop()
    crew.stop()
    return 0


def _share_heaps() -> None:
    """Keep glibc from giving each thread a heap of its own, which holds on to what the longest text there took."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _HEAPS)


def hand_back_memory(wait: Callable[[float], bool]) -> None:
    """Give free memory back to the system now and then, until `wait` says that it is over.

    glibc gives back only what lies above all that is in use: after a burst of tickets 20 MB stayed with each worker.
    It takes 4 ms.
    """
    with contextlib.suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        while not wait(_HAND_BACK_SECONDS):
            trim(0)


def _serve_once(redis_url: str, crew: Crew) -> bool:
    """Answer rings until asked to stop (True) or until Redis is lost (False); the sweep goes on meanwhile."""
    try:
        return serve(redis_url, crew.owner, crew.is_free)
    except Exception as error:
        log.warning("bell_lost", error=type(error).__name__)
        return False
