"""The README's examples are run as they stand, against a served workspace."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.sandbox.intercom import twin as twins

README = Path(twins.__file__).with_name("README.md")


@pytest.mark.real
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_curl_of_the_readme_works(served):
    """Each command answers with a status under 400, in the order of the page."""
    blocks = re.findall(r"^```\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.S | re.M)
    (block,) = [one for one in blocks if "curl" in one]
    url, _ = served()
    script = "set -eu\ncurl() { command curl --noproxy '*' --fail-with-body \"$@\"; echo; }\n" + block
    ran = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:8091", url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr
    assert block.count("curl") > 20


def test_readme_names_every_switch(twin):
    """No switch is missing from the table, and none stands there that is gone."""
    text = README.read_text(encoding="utf-8")
    table = text[text.index("| Switch |") :].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(twin.switches())
