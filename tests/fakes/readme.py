"""What the tests of a README share: its shell blocks run as they stand, and the switches its table names."""

import re
import subprocess
from pathlib import Path


def curl_blocks(readme: Path) -> list[str]:
    """Return the shell blocks that call the sandbox."""
    blocks = re.findall(r"^```\n(.*?)^```", readme.read_text(encoding="utf-8"), flags=re.S | re.M)
    return [block for block in blocks if "curl" in block]


def run_curls(block: str, *, written: str, served: str) -> None:
    """Run every command of a block against what is served; an answer of 400 or more ends it with an error."""
    script = "set -eu\ncurl() { command curl --noproxy '*' --fail-with-body \"$@\"; echo; }\n" + block
    ran = subprocess.run(
        ["bash", "-c", script.replace(written, served)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr


def switches_in(readme: Path) -> set[str]:
    """Return the names in the table of switches."""
    text = readme.read_text(encoding="utf-8")
    table = text[text.index("| Switch |") :].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}
