"""`deskhand scheduler`: sweeps and starts scheduled runs. Any number may run; one leads."""

import argparse
import signal

from config.logs import set_up_logs
from config.settings import load_settings
from workers.crew import process_name
from workers.housekeeping import Housekeeper
from workers.services import build


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    set_up_logs()
    housekeeper = Housekeeper(build(load_settings()), process_name())
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: housekeeper.stop())
    housekeeper.run()
    return 0
