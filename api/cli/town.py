"""``onegrid load`` and ``onegrid town``: towns of this installation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted, json_option, progress, tell
from data import clock
from data.scope import Scope
from data.session import Database
from layers.exchange import pack
from layers.exchange import town as towns


@contextlib.contextmanager
def owner(invocation: Invocation) -> Iterator[Session]:
    """Open one transaction of the owner: setting up a town is beyond the application role."""
    with invocation.database() as urls:
        database = Database(urls.need_owner(), statement_timeout_s=0)
        try:
            with database.transaction(Scope.system(None)) as session:
                yield session
        finally:
            database.close()


@click.command()
@click.argument("pack_dir", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Only check the pack; load nothing.")
@json_option
@pass_invocation
def load(invocation: Invocation, pack_dir: Path, only_check: bool, as_json: bool) -> None:
    """Load the town pack in PACK_DIR: checked whole first, then everything in one transaction."""
    clock.set_now(invocation.settings.now)
    if only_check:
        with progress(pack_dir.name, as_json) as show:
            faults = pack.check(pack_dir, show)
        if faults:
            _tell_faults(pack_dir, faults, as_json)
        tell(as_json, {"pack": str(pack_dir), "faults": []}, [f"{pack_dir}: no fault"])
        return
    try:
        with progress(pack_dir.name, as_json) as show, owner(invocation) as session:
            done = pack.load(
                session, pack_dir, now=clock.now(), progress=show, assets_dir=invocation.settings.assets_dir
            )
    except pack.PackFaulty as refused:
        _tell_faults(pack_dir, refused.faults, as_json)
    counts = ", ".join(f"{count:,} {name}" for name, count in done.counts.items())
    tell(as_json, {"town": done.town_code, "counts": done.counts}, [f"{done.town_code}: {counts}"])


def _tell_faults(pack_dir: Path, faults: list[pack.Fault], as_json: bool) -> NoReturn:
    if as_json:
        tell(True, {"pack": str(pack_dir), "faults": [fault._asdict() for fault in faults]}, [])
    else:
        for fault in faults:
            click.echo(str(fault))
    raise pack.PackFaulty(str(pack_dir), faults) from None


@click.group()
def town() -> None:
    """Add, list and show towns."""


@town.command()
@click.argument("code")
@click.argument("name")
@click.option(
    "--metric-crs", required=True, metavar="EPSG:N", help="Projected system in metres for everything measured."
)
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="Of times without a zone.")
@click.option("--name-en", help="English name.")
@json_option
@pass_invocation
def add(
    invocation: Invocation, code: str, name: str, metric_crs: str, timezone: str, name_en: str | None, as_json: bool
) -> None:
    """Add an empty town; boundaries, addresses and cases come with "onegrid import"."""
    with owner(invocation) as session:
        towns.add(session, code, name, metric_crs, timezone, name_en)
    tell(as_json, {"town": code}, [f"{code} {name}: added"])


@town.command("list")
@json_option
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the towns of this installation."""
    found = _shown(invocation, None)
    lines = [
        f"{row['code']:<16} {row['name']}  {counted(row['incidents'], 'incident')}, {counted(row['grids'], 'grid')}"
        for row in found
    ]
    tell(as_json, {"towns": found}, lines or ["no town yet: onegrid load PACK_DIR, or onegrid town add"])


@town.command()
@click.argument("code")
@json_option
@pass_invocation
def show(invocation: Invocation, code: str, as_json: bool) -> None:
    """Show a town and what it holds."""
    facts = _shown(invocation, code)[0]
    tell(as_json, facts, [f"{name}: {value}" for name, value in facts.items() if value is not None])


def _shown(invocation: Invocation, code: str | None) -> list[dict[str, Any]]:
    with invocation.database() as urls:
        database = Database(urls.application)
        try:
            if code is not None:
                invocation.town_code = code
                ids = [invocation.choose_town(database)[0]]
            else:
                with database.transaction(Scope.login()) as session:
                    ids = list(session.execute(text("select town_id from list_towns()")).scalars())
            found = []
            for town_id in ids:
                with database.transaction(Scope.system(town_id)) as session:
                    found.append(towns.show(session, town_id))
            return found
        finally:
            database.close()


commands = (load, town)
