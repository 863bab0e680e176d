"""Fixtures of the library: a real Chroma server, the real model, and a small help centre of Tidemark."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from kb.domain import Audience, Document, Source
from kb.embed import Embedder, load_embedder
from scripts.processes import free_port


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Chroma server of our own."""
    folder = tmp_path_factory.mktemp("chroma")
    port = free_port()
    program = Path(sys.executable).parent / "chroma"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [program, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(server, url)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        assert server.poll() is None, "chroma stopped at once"
        try:
            httpx.get(f"{url}/api/v2/heartbeat", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("chroma did not start")


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load_embedder("minilm", tmp_path_factory.mktemp("model"))


def article(name: str, title: str, text: str, **other: object) -> Document:
    return Document(
        **{  # type: ignore[arg-type]
            "id": f"zendesk:article:{name}",
            "source": Source.ARTICLE,
            "title": title,
            "text": text,
            "audience": Audience.PUBLIC,
        }
        | other
    )


@pytest.fixture
def help_centre() -> list[Document]:
    return [
        article("1", "Publish a schedule", "Open Schedule and choose Publish. Everyone with a shift gets a message."),
        article("2", "Swap a shift", "Tap the shift, choose Offer swap and pick a colleague. A manager approves it."),
        article("3", "Export to payroll", "Go to Timesheets, approve the week, then choose Export and your provider."),
        article(
            "4",
            "Export fails",
            "## ERR-1042\n\nA person has no payroll number. Add it in People.\n\n## ERR-2001\n\nSign in again.",
        ),
        article(
            "5", "Clock in on a phone", "Install the app, allow location and tap Clock in at the start of the shift."
        ),
        article(
            "6", "Change your plan", "Owners change the plan under Billing. The new price holds from the next month."
        ),
    ]


@pytest.fixture
def forbidden() -> list[Document]:
    """Texts that a public question of brand 1 in English, asked in 2026, must never see. Each says CANARY."""
    return [
        article("c1", "Refund limits", "CANARY staff refund up to 500 without asking.", audience=Audience.STAFF),
        article("c2", "Draft: refund policy", "CANARY draft refund policy for owners.", audience=Audience.STAFF),
        article("c3", "Refund policy", "CANARY refund policy of the other brand.", brand_id="2"),
        article("c4", "Refund offer", "CANARY refund offer of 2024.", valid_until=datetime(2025, 1, 1, tzinfo=UTC)),
        article("c5", "Remboursement refund", "CANARY refund en français.", locale="fr"),
    ]
