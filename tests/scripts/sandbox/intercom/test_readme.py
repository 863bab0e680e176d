"""The README's examples are run as they stand, against a served workspace."""

import shutil
from pathlib import Path

import pytest

from scripts.sandbox.intercom import twin as twins
from tests.fakes.readme import curl_blocks, run_curls, switches_in

README = Path(twins.__file__).with_name("README.md")


@pytest.mark.real
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_curl_of_the_readme_works(served):
    """Each command answers with a status under 400, in the order of the page."""
    (block,) = curl_blocks(README)
    url, _ = served()
    run_curls(block, written="http://127.0.0.1:8091", served=url)
    assert block.count("curl") > 20


def test_readme_names_every_switch(twin):
    """No switch is missing from the table, and none stands there that is gone."""
    assert switches_in(README) == set(twin.switches())
