"""Load the demo data into a database that was started without it."""

import argparse

from scripts.prepare import load_demo_once


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Load the demo data and accounts unless they are there."""
    load_demo_once()
    return 0
