"""``onegrid import`` and ``onegrid export``: files of a town in and out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted, json_option, progress, tell
from data import clock
from data.errors import NotFound
from data.scope import Scope, apply
from data.session import Database
from layers.exchange import export as exporting
from layers.exchange.importing import KINDS, Imported, Options, import_file
from layers.exchange.importing.areas import AreasRefused
from layers.exchange.importing.report import StrictRefused
from layers.people import login, queries
from layers.people.reach import scope_of

LATER = {
    "tracks": "tracks belong to patrols, which this version does not have yet",
    "items": "service items belong to the service catalogue, which this version does not have yet",
}


class Pairs(click.ParamType[tuple[str, str]]):
    """OURS=THEIRS."""

    name = "OURS=FIELD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first equals sign."""
        ours, mark, theirs = str(value).partition("=")
        if not mark or not ours:
            self.fail(f"{value!r} is not of the form code=FIELD", param, ctx)
        return ours.strip(), theirs.strip()


@contextlib.contextmanager
def long_transaction(invocation: Invocation, username: str | None = None) -> Iterator[Session]:
    """Open one transaction of the application role without a time limit, as the system or as a user."""
    with invocation.database() as urls:
        database = Database(urls.application, statement_timeout_s=0)
        try:
            town_id, _ = invocation.choose_town(database)
            scope = Scope.system(town_id) if username is None else user_scope(database, town_id, username)
            with database.transaction(scope) as session:
                yield session
        finally:
            database.close()


def user_scope(database: Database, town_id: int, username: str) -> Scope:
    """Return the scope a user has when signed in.

    Raises
    ------
    NotFound : `user.not_found`.
    """
    with database.transaction(Scope.login()) as session:
        found = session.execute(queries.FIND_LOGIN, {"username": username}).one_or_none()
        if found is None or found.town_id != town_id:
            raise NotFound("user.not_found", f"there is no user {username} in this town")
        narrow = login.reach(session, found.user_id)
    with database.transaction(Scope.system(town_id)) as session:
        return scope_of(login.whole_orgs(session, narrow), town_id, found.user_id)


@click.command("import", context_settings={"max_content_width": 120})
@click.argument("kind", type=click.Choice([*KINDS, *LATER]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--level", type=click.Choice(["village", "grid", "zone", "town"]), help="Of areas: which boundaries these are."
)
@click.option(
    "--map", "mapping", type=Pairs(), multiple=True, help="Our column and the file's, as code=FIELD; repeatable."
)
@click.option("--crs", metavar="CRS", help="EPSG:N, wgs84, cgcs2000, gcj02 or bd09, where the file does not say.")
@click.option("--layer", help="Layer of a GeoPackage, sheet of an Excel file, part of an OpenStreetMap file.")
@click.option("--accuracy", type=click.FloatRange(min=0), metavar="METRES", help="Of coordinates that do not say.")
@click.option("--keep", multiple=True, metavar="FIELD", help="Of incidents: a column kept as attribute; repeatable.")
@click.option("--dry-run", is_flag=True, help="Do everything but keep nothing.")
@click.option(
    "--repair", type=click.FloatRange(min=0), metavar="METRES", help="Of areas: close gaps and overlaps so wide."
)
@click.option("--replace", is_flag=True, help="Of areas: those of this level that the file does not have end.")
@click.option("--strict", is_flag=True, help="All rows or none.")
@json_option
@click.pass_context
def import_(ctx: click.Context, kind: str, file: Path, as_json: bool, **given: Any) -> None:
    """Import FILE: areas, roads, addresses, entities, incidents, households, staff, organisations, calendar or codes.

    Rows that are not taken stand in FILE.rejects.csv with their number and the reason; stderr tells how many they are.

    The exit status is 0 when the good rows are in, even if others were rejected; 1 when nothing was imported (a bad file,
    or a rejected row with --strict); 2 for wrong use.
    """
    if kind in LATER:
        raise click.UsageError(LATER[kind])
    if kind == "areas" and not given["level"]:
        raise click.UsageError("areas need --level village, grid or zone")
    options = Options(
        mapping=dict(given["mapping"]), crs=given["crs"], layer=given["layer"], level=given["level"],
        accuracy_m=given["accuracy"], repair_m=given["repair"], replace=given["replace"], strict=given["strict"],
        dry_run=given["dry_run"], keep=given["keep"],
    )  # fmt: skip
    invocation = ctx.find_object(Invocation)
    assert invocation is not None
    clock.set_now(invocation.settings.now)
    imported = _run(invocation, kind, file, options, as_json)
    rejects = imported.write_rejects()
    tell(as_json, imported.as_dict(), _lines(imported))
    if rejects is not None:
        click.echo(_rejected(imported, rejects), err=True)


def _run(invocation: Invocation, kind: str, file: Path, options: Options, as_json: bool) -> Imported:
    try:
        with progress(f"{kind} {file.name}", as_json) as show, long_transaction(invocation) as session:
            scope = session.info["scope"]

            def checkpoint() -> None:
                session.commit()
                apply(session, scope)

            imported = import_file(session, kind, file, options, show, checkpoint)
            if options.dry_run:
                session.rollback()
            return imported
    except StrictRefused as refused:
        refused.imported.write_rejects()
        raise
    except AreasRefused as refused:
        refused.write()
        raise


def _rejected(imported: Imported, rejects: Path) -> str:
    done = imported.added + imported.changed + imported.unchanged + imported.rejected
    be = "would be" if imported.dry_run else "was" if imported.rejected == 1 else "were"
    return f"{imported.rejected:,} of {counted(done, 'row')} {be} rejected: {rejects}"


def _lines(imported: Imported) -> list[str]:
    done = "would be" if imported.dry_run else "was" if imported.added == 1 else "were"
    line = (
        f"{imported.kind} of {imported.path.name}: {imported.added:,} {done} added, {imported.changed:,} changed, "
        f"{imported.unchanged:,} unchanged, {imported.rejected:,} rejected"
    )
    line += f", {imported.ended:,} ended" if imported.ended else ""
    line += f"; {imported.triage:,} wait{'s' if imported.triage == 1 else ''} for triage" if imported.triage else ""
    lines = [line, *(f"note: {note}" for note in imported.notes)]
    for change in imported.changes:
        lines.append(f"repaired: {change['what'].replace('_', ' ')} ({change['code']}), {change['area_m2']} m²")
    return lines


@click.command()
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--filter", "filters", type=Pairs(), multiple=True, help="As in the layer's addresses: state=closed; repeatable."
)
@click.option("--as", "username", metavar="USERNAME", help="Only what this user sees; default: the whole town.")
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the notice."
)
@json_option
@pass_invocation
def export(
    invocation: Invocation,
    layer: str,
    file: Path,
    filters: tuple[tuple[str, str], ...],
    username: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """Write LAYER to FILE: .geojson .gpkg .csv .xlsx .parquet .shp."""
    with progress(f"{layer} → {file.name}", as_json), long_transaction(invocation, username) as session:
        count = exporting.export(session, layer, file, dict(filters), lang)
    tell(
        as_json, {"layer": layer, "file": str(file), "rows": count}, [f"{file}: {counted(count, 'feature')} of {layer}"]
    )


commands = (import_, export)
