"""`deskhand scheduler`: sweeps and starts scheduled runs. Any number may run; one leads."""

import argparse
import signal

from config.logs import set_up_logs
from config.settings import load_settings
from workers.housekeeping import Housekeeper, own_keys
from workers.job_queue import process_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    set_up_logs()
    housekeeper = Housekeeper(own_keys(load_settings()), process_name())
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: housekeeper.stop())
    housekeeper.run()
    return 0
