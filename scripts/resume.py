"""`deskhand resume`: go on after `deskhand pause`."""

import argparse

from scripts.pause import set_paused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    set_paused("")
    print("resumed: waiting tickets are taken up within seconds")
    return 0
