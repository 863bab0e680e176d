"""`deskhand export-model`: build the ONNX model in the data folder. Set-up calls it, so that workers need not."""

import argparse
import sys
import time

from config.settings import SettingsError, load_settings
from kb.embed import EmbedError, export_minilm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Export the embedding model to DESKHAND_DATA/models. Does nothing if it is there."


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 (every command has this shape)
    """Export and say where. Return 1 with one line on stderr if it cannot be done."""
    started = time.perf_counter()
    try:
        path = export_minilm(load_settings().data)
    except (SettingsError, EmbedError, OSError) as error:
        print(f"export-model: {error}", file=sys.stderr)
        return 1
    print(f"{path} ({path.stat().st_size / 1e6:.0f} MB, {time.perf_counter() - started:.1f} s)")
    return 0
