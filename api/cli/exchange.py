"""``onegrid exchange``: files to and from the system above."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from api.cli.importing import long_transaction
from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import json_option, progress, tell
from data import clock
from data.scope import apply
from layers.exchange.upper import receiving, sending


class Moment(click.ParamType[datetime]):
    """A time with its zone."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read RFC 3339."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is no time with a zone, as 2026-03-17T14:32:00+08:00", param, ctx)
        return moment


@click.group()
def exchange() -> None:
    """Exchange files with the system above (county, province); the format is docs/exchange.md."""


@exchange.command("out")
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path), required=True, help="A new .zip, else a new folder."
)
@click.option("--since", type=Moment(), help="Also what changed from then on and went out before.")
@json_option
@pass_invocation
def out(invocation: Invocation, file: Path, since: datetime | None, as_json: bool) -> None:
    """Write the cases that changed since the last exchange, each with its steps."""
    clock.set_now(invocation.settings.now)
    with progress(f"exchange → {file.name}", as_json), long_transaction(invocation) as session:
        sent = sending.send(session, file, since)
    lines = [f"{file}: {sent.cases:,} cases, {sent.steps:,} steps"]
    lines += [f"personal fields of {sent.personal:,} cases are in it; the audit says so"] if sent.personal else []
    tell(as_json, sent.as_dict(), [*lines, *(f"note: {note}" for note in sent.notes)])


@exchange.command("in")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Do everything but keep nothing.")
@json_option
@pass_invocation
def in_(invocation: Invocation, file: Path, dry_run: bool, as_json: bool) -> None:
    """Take FILE: cases sent down, results and returns of cases that went up.

    Rows that are not taken stand in FILE.rejects.csv with their number and the reason.
    """
    clock.set_now(invocation.settings.now)
    with progress(f"exchange {file.name}", as_json), long_transaction(invocation) as session:
        scope = session.info["scope"]

        def checkpoint() -> None:
            session.commit()
            apply(session, scope)

        taken = receiving.receive(session, file, dry_run=dry_run, checkpoint=checkpoint)
        if dry_run:
            session.rollback()
    rejects = taken.write_rejects()
    done = "would be" if dry_run else "were"
    lines = [
        f"{file.name}: {taken.added:,} cases {done} taken in, {taken.changed:,} answers, {taken.unchanged:,} were there, "
        f"{taken.rejected:,} rejected",
        *(f"note: {note}" for note in taken.notes),
        *([f"rejected rows: {rejects}"] if rejects else []),
    ]
    tell(as_json, taken.as_dict(), lines)


commands = (exchange,)
