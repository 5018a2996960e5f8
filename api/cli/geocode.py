"""``onegrid geocode``: a table in, the same table with places out."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from api.cli.importing import long_transaction
from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted, json_option, progress, tell
from gis.formats import FormatError, harmless, known_system, pieces
from layers.exchange import geocode as geocoding

PIECE_ROWS = 20_000


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The CSV to write."
)
@click.option(
    "--crs", metavar="CRS", help="Of rows without one: EPSG:N, wgs84, cgcs2000, gcj02 or bd09; default wgs84."
)
@click.option("--accuracy", type=click.FloatRange(min=0), metavar="METRES", help="Of rows that do not say.")
@json_option
@pass_invocation
def geocode(
    invocation: Invocation, file: Path, output: Path, crs: str | None, accuracy: float | None, as_json: bool
) -> None:
    """Find the place of each row of FILE, by lon, lat[, crs, accuracy_m] or address; columns and encoding stay."""
    _check_target(file, output)
    known_system(crs)
    partial = output.with_name(output.name + ".part")
    notes: list[str] = []
    rows = placed = 0
    try:
        with progress(file.name, as_json) as show, long_transaction(invocation) as session:
            stream = None
            for source in pieces(file, PIECE_ROWS):
                out, told = geocoding.geocode(session, source.frame, crs, accuracy)
                notes += [note for note in told if note not in notes]
                notes += [f"row {row} {reason}: left out" for row, reason in source.broken]
                if stream is None:
                    stream = partial.open("w", encoding=_encoding(source.encoding), newline="")
                    writer = csv.writer(stream)
                    writer.writerow([harmless(str(name)) for name in out.columns])
                writer.writerows([harmless(cell) for cell in row] for row in out.itertuples(index=False, name=None))
                rows += len(out)
                placed += int((out["grid_code"] != "").sum())
                show(rows)
            if stream is not None:
                stream.close()
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    facts = {"file": str(output), "rows": rows, "placed": placed, "notes": notes}
    tell(
        as_json,
        facts,
        [f"{output}: {counted(rows, 'row')}, {placed:,} in a grid", *(f"note: {note}" for note in notes)],
    )


def _check_target(file: Path, output: Path) -> None:
    if not output.parent.is_dir():
        raise FormatError("file.not_found", f"{output} cannot be written: there is no folder {output.parent}")
    if output.exists() and file.exists() and output.samefile(file):
        raise FormatError("file.same", f"{output} is the file that is read: name another one with -o")


def _encoding(given: str | None) -> str:
    """Return the encoding of the input, so that who wrote it can read the answer; UTF-16 becomes UTF-8 with mark."""
    return "utf-8-sig" if given in (None, "utf-16") else str(given)


commands = (geocode,)
