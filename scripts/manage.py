"""The management command: finds the subcommand's module, has the database running, turns errors into sentences."""

from __future__ import annotations

import argparse
import contextlib
import gettext
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from scripts.cluster import Cluster
from scripts.commands import COMMANDS, Command
from scripts.console import Failure, complain, failure_of, run_command
from scripts.paths import ROOT, VAR
from scripts.setup import load_env_file, own_database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def parse_arguments(arguments: list[str]) -> tuple[argparse.Namespace, Command]:
    """Return the parsed options and the subcommand they belong to; only that one's module is imported."""
    parser = argparse.ArgumentParser(prog="./scripts/manage")
    parser.add_argument("--debug", action="store_true", help="hiện chi tiết lỗi (show tracebacks)")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        if command.name == wanted:
            importlib.import_module(command.module).configure(subparser)
    options = parser.parse_args(arguments)
    return options, next(command for command in COMMANDS if command.name == options.command)


@contextlib.contextmanager
def database(command: Command) -> Iterator[None]:
    """Have the database running, and DATABASE_URL name it, for the duration of a command."""
    if not own_database():
        yield
        return
    with Cluster(VAR / "pg").in_use() as cluster:
        os.environ["DATABASE_URL"] = cluster.url()
        if command.needs_schema:
            from scripts.prepare import migrate

            migrate()
        yield


@contextlib.contextmanager
def database_session() -> Iterator[Session]:
    """Open a session for a subcommand, which commits itself."""
    from sqlalchemy.orm import Session

    from geodata.database import new_engine

    engine = new_engine(pool_size=1)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def main() -> int:
    """Run one subcommand."""
    load_env_file()
    options, command = parse_arguments(sys.argv[1:])
    try:
        with database(command):
            return run_subcommand(options, command)
    except Failure as failure:
        show_traceback(failure, options)
        complain(failure)
    except OSError as error:
        show_traceback(error, options)
        complain(failure_of(error))
    return 1


def run_subcommand(options: argparse.Namespace, command: Command) -> int:
    """Run the subcommand's module; what the domain refuses becomes a sentence."""
    from geodata.errors import GeodataError

    try:
        result: int = importlib.import_module(command.module).run(options)
    except GeodataError as error:
        show_traceback(error, options)
        sys.stderr.write(f"{sentence(error.message_template, error.details)}\n")
        return 1
    return result


def sentence(template: str, details: Mapping[str, object]) -> str:
    """Return a domain error in Vietnamese and English, or in English where there is no translation."""
    catalogue = gettext.translation("messages", str(ROOT / "webmap" / "translations"), ["vi"], fallback=True)
    english, vietnamese = template.format_map(details), catalogue.gettext(template).format_map(details)
    return english if english == vietnamese else f"{vietnamese} ({english})"


def show_traceback(error: BaseException, options: argparse.Namespace) -> None:
    """Print the traceback when --debug asks for it."""
    if options.debug:
        traceback.print_exception(error)


if __name__ == "__main__":
    run_command(main)
