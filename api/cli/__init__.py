"""The command line ``onegrid``.

One list names every command and the module it lives in; a module is imported only when its command is used, so that
``onegrid status`` does not wait for geometry libraries. A module lists its commands in ``commands``.
"""

from __future__ import annotations

import importlib
import importlib.util
import signal
import sys
from typing import Any, NoReturn

import click
import psycopg2

from api.cli.invocation import Invocation
from data.errors import OneGridError
from gis.errors import GisError

COMMANDS = {
    "up": "process",
    "down": "process",
    "status": "process",
    "db": "database",
    "load": "town",
    "town": "town",
    "import": "importing",
    "export": "importing",
    "exchange": "exchange",
    "geocode": "geocode",
    "plan": "plan",
    "simulate": "simulate",
    "briefing": "briefing",
    "user": "user",
    "token": "user",
}


class Commands(click.Group):
    """A group that finds its commands in the list above and turns expected errors into one line and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the list."""
        return [name for name, module in COMMANDS.items() if importlib.util.find_spec(f"api.cli.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, importing its module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"api.cli.{COMMANDS[cmd_name]}")
        return next((command for command in module.commands if command.name == cmd_name), None)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what a person can act on is told in one line."""
        try:
            return super().invoke(ctx)
        except (OneGridError, GisError) as error:
            if error.message:
                click.echo(f"onegrid: {error.message}", err=True)
        except Exception as error:
            reason = _reason(error)
            if reason is None:
                raise
            click.echo(f"onegrid: {reason}", err=True)
        ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--town", metavar="CODE", help="The town to work on; default: the only one, or the demo town.")
@click.version_option(package_name="onegrid", message="%(version)s")
@click.pass_context
def main(ctx: click.Context, town: str | None) -> None:
    """One net of grids for a town: boundaries in PostGIS, every incident in its grid, one live map."""
    # ended by a signal, a command still closes what it opened
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _end)
    ctx.obj = Invocation(town_code=town)


def _reason(error: Exception) -> str | None:
    """Return the line for a file or a database that does not answer, None for what is a fault of the program."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    # SQLAlchemy wraps the driver's error; it is not imported here for its own
    origin = getattr(error, "orig", error)
    if isinstance(origin, psycopg2.OperationalError):
        return f"the database does not answer: {str(origin).strip().splitlines()[0]}"
    return None


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)
