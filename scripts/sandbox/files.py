"""Attachments: bytes kept in the state, listed as comments list them, served to whoever has the address."""

from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlencode

from scripts.sandbox.state import World


def keep(world: World, name: str, content_type: str, data: bytes, *, inline: bool = False, size: int = 0) -> Any:
    """Keep a file and return its attachment object; `size` may claim another length than the file has."""
    number = world.next_id()
    address = f"{world.base_url}/attachments/token/{number}/?{urlencode({'name': name})}"
    shown = {
        "id": number,
        "url": f"{world.base_url}/api/v2/attachments/{number}.json",
        "file_name": name,
        "content_url": address,
        "mapped_content_url": address,
        "content_type": content_type,
        "size": size or len(data),
        "inline": inline,
        "deleted": False,
        "malware_access_override": False,
        "malware_scan_result": "malware_not_found",
        "thumbnails": [],
    }
    world.files[str(number)] = {"type": content_type, "base64": b64encode(data).decode(), "object": shown}
    return shown


def read(world: World, number: int) -> tuple[str, bytes] | None:
    """Return type and content of a file, or None if there is none."""
    held = world.files.get(str(number))
    return (held["type"], b64decode(held["base64"])) if held else None
