"""One import from beginning to end, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from data import audit, clock
from data.scope import scope_of
from gis.formats import checked, known_system
from layers.exchange import queries
from layers.exchange.importing.areas import import_areas
from layers.exchange.importing.columns import KINDS
from layers.exchange.importing.incidents import Incidents
from layers.exchange.importing.report import Imported, StrictRefused
from layers.exchange.importing.roads import Roads
from layers.exchange.importing.sheet import PIECE_ROWS, read_pieces
from layers.exchange.importing.tables import IMPORTERS, Importer


@dataclass(frozen=True)
class Options:
    """What the user says about a file.

    Parameters
    ----------
    mapping : our column → the file's. crs : system of its coordinates. layer : part of a file with several.
    accuracy_m : of coordinates that do not say. level, repair_m, replace : of areas. strict : all rows or none.
    keep : columns of incidents kept as attributes.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    layer: str | None = None
    level: str | None = None
    accuracy_m: float | None = None
    repair_m: float | None = None
    replace: bool = False
    strict: bool = False
    dry_run: bool = False
    keep: tuple[str, ...] = ()


def import_file(
    session: Session,
    kind: str,
    path: str | Path,
    options: Options = Options(),
    progress: Callable[[int], None] = lambda _: None,
    checkpoint: Callable[[], None] | None = None,
) -> Imported:
    """Bring the rows of a file in and return what became of each. Does not commit, but for `checkpoint`.

    Needs the permission `import` (`publish` for areas). Good rows are written, the others listed in
    `Imported.rejects`. Emits the events of the tables it writes; the check of the partition runs before it returns.

    Parameters
    ----------
    kind : one of `KINDS`.
    progress : called with the number of rows done so far.
    checkpoint : commits and opens the next transaction under the same scope; called every `sheet.PIECE_ROWS` rows (not
        for areas, not if `strict` or `dry_run`). A writer that stays open keeps every later event from every open map,
        so a long import must end its transactions; broken off, it goes on where it stopped when it is run again.

    Raises
    ------
    FormatError : the file. Invalid : the mapping. StrictRefused : `import.strict`. AreasRefused : the boundaries.
    """
    imported = Imported(kind, checked(path), options.dry_run)
    known_system(options.crs)
    if kind == "areas":
        import_areas(
            session, imported, level=options.level or "grid", mapping=options.mapping, crs=options.crs,
            layer=options.layer, repair_m=options.repair_m, replace=options.replace, valid_from=clock.now(),
        )  # fmt: skip
    else:
        scope_of(session).require("import")
        _import_rows(session, kind, imported, options, progress, checkpoint)
    if options.strict and imported.rejects:
        raise StrictRefused(imported)
    counts = {name: value for name, value in imported.as_dict().items() if isinstance(value, int)}
    audit.record(session, f"import.{kind}", "file", imported.path.name, detail=counts)
    session.execute(queries.CHECK_NOW)
    return imported


def _import_rows(
    session: Session,
    kind: str,
    imported: Imported,
    options: Options,
    progress: Callable[[int], None],
    checkpoint: Callable[[], None] | None,
) -> None:
    importer = _importer(session, kind, imported, options)
    done = 0
    whole = options.strict or options.dry_run or checkpoint is None
    for piece in read_pieces(imported.path, KINDS[kind], options.mapping, options.crs, options.layer, imported):
        importer.take(piece)
        done += len(piece)
        progress(done)
        if not whole and len(piece) == PIECE_ROWS:
            assert checkpoint is not None
            checkpoint()
    importer.finish()
    if kind in ("roads", "addresses") and scope_of(session).may("manage_town"):
        session.execute(queries.SET_CENTRE, {"town_id": scope_of(session).town_id})


def _importer(session: Session, kind: str, imported: Imported, options: Options) -> Importer:
    if kind == "incidents":
        return Incidents(session, imported, options.crs, options.accuracy_m, options.keep)
    return {**IMPORTERS, "roads": Roads}[kind](session, imported, options.crs, options.accuracy_m)
