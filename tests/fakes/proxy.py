"""A TCP proxy that can go wrong: it swallows what it is sent, or is slow. And whose process is at the end of a line."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

_PIECE = 64 * 1024


class Proxy:
    """Stands before a server on this machine. `seen` is called with the client's port and each piece it sends."""

    def __init__(self, target: int, *, seen: Callable[[int, bytes], None] | None = None) -> None:
        self.is_black_hole = False  # connections are accepted, also kept ones, and nothing ever comes of them
        self.delay_seconds = 0.0  # of each piece, in both directions
        self.connections = 0
        self._target = target
        self._seen = seen
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        port = writer.get_extra_info("peername")[1]
        with suppress(OSError, asyncio.CancelledError):
            await self._open_eyed()
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._pump(reader, onward, port), self._pump(there, writer, None))
        with suppress(OSError, RuntimeError):
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, port: int | None) -> None:
        try:
            while piece := await source.read(_PIECE):
                if port is not None and self._seen:
                    self._seen(port, piece)
                await self._open_eyed()
                sink.write(piece)
                await sink.drain()
        finally:
            with suppress(OSError, RuntimeError):
                sink.close()

    async def _open_eyed(self) -> None:
        await asyncio.sleep(self.delay_seconds)
        while self.is_black_hole:
            await asyncio.sleep(0.02)


def process_of(port: int, among: Iterable[int]) -> int | None:
    """Return which of these processes holds the local port of a connection, None if none does."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for pid in among:
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if str(entry.readlink()) in sockets:
                        return pid
    return None


def _inodes(port: int) -> list[str]:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [row.split()[9] for row in rows if int(row.split()[1].rpartition(":")[2], 16) == port]
