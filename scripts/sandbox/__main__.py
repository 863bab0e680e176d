"""Run the sandbox by itself: `python -m scripts.sandbox`."""

import argparse
import sys

from scripts.sandbox.command import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.sandbox", description=run.__doc__)
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
