"""The management command: finds the subcommand's module, has the database running, turns errors into sentences."""

import argparse
import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Iterator

from geodata.base.errors import GeodataError
from scripts.base.console import Failure, complain, failure_of, run_command
from scripts.base.paths import VAR
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER
from scripts.commands import COMMANDS, Command
from scripts.install.setup import load_env_file, own_database


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
    if not own_database() or not command.needs_database:
        yield
        return
    with Cluster(VAR / "pg").in_use() as cluster:
        os.environ |= {"DATABASE_URL": cluster.url(), "DATABASE_OWNER_URL": cluster.url(role=OWNER)}
        if command.needs_schema:
            from scripts.cluster.prepare import migrate

            migrate()
        yield


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
    try:
        result: int = importlib.import_module(command.module).run(options)
    except GeodataError as error:
        show_traceback(error, options)
        sys.stderr.write(f"{sentence(error)}\n")
        return 1
    return result


def sentence(error: GeodataError) -> str:
    """Return a domain error in Vietnamese and English."""
    from webmap.app.i18n import translate_error  # brings Flask along; only errors need it

    vietnamese = translate_error(error, "vi")
    return error.message if vietnamese == error.message else f"{vietnamese} ({error.message})"


def show_traceback(error: BaseException, options: argparse.Namespace) -> None:
    """Print the traceback when --debug asks for it."""
    if options.debug:
        traceback.print_exception(error)


if __name__ == "__main__":
    run_command(main)
