"""Load the demo data into a database that was started without it."""

import argparse

from scripts.cluster.prepare import load_demo
from scripts.cluster.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Load the demo data and accounts unless they are there."""
    with database_session() as session:
        load_demo(session)
    return 0
