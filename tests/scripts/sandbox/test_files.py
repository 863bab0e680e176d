"""Attachments: bytes survive the state's JSON, and the object says what the file is."""

import json

from scripts.sandbox import files
from scripts.sandbox.state import World


def test_bytes_survive_saving_and_loading():
    """Whatever bytes a file has, they come back from a saved state as they were."""
    world, data = World(), bytes(range(256))
    shown = files.keep(world, "ä.bin", "application/octet-stream", data)
    again = World()
    again.load_dict(json.loads(json.dumps(world.to_dict())))
    assert files.read(again, shown["id"]) == ("application/octet-stream", data)
    assert files.read(again, 1) is None


def test_object_names_size_and_address():
    """The size is the file's own unless another is claimed; the name is quoted in the address."""
    world = World()
    shown = files.keep(world, "a b.txt", "text/plain", b"abc", inline=True)
    assert (shown["size"], shown["inline"], shown["content_type"]) == (3, True, "text/plain")
    assert shown["content_url"].endswith("name=a+b.txt")
    assert files.keep(world, "a", "text/plain", b"", size=9)["size"] == 9
