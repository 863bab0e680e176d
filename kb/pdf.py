"""The text of a PDF. The only module that knows pypdf.

A stranger's file is read in a process of its own that has little memory, little time and none of our secrets: a small
PDF can unfold into hours of work.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

from kb.markup import plain_to_text

_MEMORY = 1 << 30  # bytes of address space
_ROOT = Path(__file__).parent.parent


def read_pdf(file: Path | io.BytesIO, most_pages: int, *, is_cut: bool = False) -> tuple[str, str]:
    """Return title and text. Raise ValueError for a file that is broken, locked or longer; with `is_cut` it is cut."""
    from pypdf import PdfReader  # 6 MB that a worker without PDFs need not hold
    from pypdf.errors import PyPdfError

    try:
        with PdfReader(file) as reader:
            if reader.is_encrypted and not reader.decrypt(""):
                raise ValueError("locked with a password")
            if len(reader.pages) > most_pages and not is_cut:
                raise ValueError(f"more than {most_pages} pages")
            pages = [page.extract_text() or "" for page in reader.pages[:most_pages]]
            title = str(reader.metadata.title or "") if reader.metadata else ""
    except PyPdfError as error:
        raise ValueError((str(error).splitlines() or [type(error).__name__])[0]) from None
    return title, plain_to_text("\n\n".join(_unwrapped(page) for page in pages))


def text_of_strangers_pdf(raw: bytes, *, most_pages: int, seconds: float) -> str:
    """Return the text of the first pages. Raise ValueError if there is none to be had within the time."""
    command = [sys.executable, "-m", "kb.pdf", str(most_pages), str(int(seconds) + 1)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and the file comes in through a pipe
            command, input=raw, capture_output=True, timeout=seconds, cwd=_ROOT, env={"PYTHONUTF8": "1"}, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError("takes too long") from None
    if done.returncode:
        raise ValueError("cannot be read")
    return done.stdout.decode("utf-8", "replace")


def _unwrapped(page: str) -> str:
    """Join the lines of a paragraph that a page breaks, and words hyphenated at a line's end."""
    page = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", page)
    return re.sub(r"(?<![.:;!?\n])\n(?=[a-z(])", " ", page)


def _serve(most_pages: int, seconds: int) -> int:
    """Read a PDF from stdin and write its text to stdout, within limits the system holds where it has them."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of the caller alone holds
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        _, text = read_pdf(io.BytesIO(sys.stdin.buffer.read()), most_pages, is_cut=True)
    except Exception:  # a stranger's file may break the reader in any way; the caller only needs to know that it did
        return 1
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(_serve(int(sys.argv[1]), int(sys.argv[2])))
