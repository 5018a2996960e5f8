"""Many rows at once into a table: COPY as the owner, or one statement over arrays as the application role."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import shapely
from psycopg2 import sql
from sqlalchemy.orm import Session

_PIECE_ROWS = 20_000


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows by COPY in the session's transaction and return how many; the role needs INSERT on the table.

    Values are texts, numbers, booleans, times with zone, tuples (SQL arrays), lists and dictionaries (jsonb), shapely
    geometries (EPSG:4490) or None. Triggers and checks run as for INSERT.
    """
    cursor: Any = session.connection().connection.cursor()
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    statement = sql.SQL("copy {} ({}) from stdin with (format csv, null '\\N')").format(sql.Identifier(table), names)
    text = statement.as_string(cursor)
    count = 0
    buffer = io.StringIO()
    for count, row in enumerate(rows, start=1):
        buffer.write(",".join(_field(value) for value in row))
        buffer.write("\n")
        if count % _PIECE_ROWS == 0:
            buffer = _send(cursor, text, buffer)
    if buffer.tell():
        _send(cursor, text, buffer)
    cursor.close()
    return count


def _send(cursor: Any, text: str, buffer: io.StringIO) -> io.StringIO:
    buffer.seek(0)
    cursor.copy_expert(text, buffer)
    return io.StringIO()


def _field(value: Any) -> str:
    if value is None or value != value:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, shapely.Geometry):
        return ewkb(value)
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, tuple):
        value = "{" + ",".join(_element(item) for item in value) + "}"
    return '"' + str(value).replace('"', '""') + '"'


def _element(value: Any) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def ewkb(geometry: shapely.Geometry) -> str:
    """Return a geometry as PostGIS reads it in text: hexadecimal EWKB with EPSG:4490."""
    return shapely.to_wkb(shapely.set_srid(geometry, 4490), hex=True, include_srid=True)


class Upserted(NamedTuple):
    """Rows by what became of them."""

    added: int
    changed: int
    unchanged: int


def upsert_rows(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], key: Sequence[str]
) -> Upserted:
    """Add rows to a table or change those of the same key, as the application role under its policies.

    The rows go by COPY into a temporary table (COPY into a table under row-level security is not allowed) and from
    there in one statement. A row equal to what is there is not written. Of two rows with one key the caller sends one.
    """
    cursor: Any = session.connection().connection.cursor()
    stage = f"stage_{table}"
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    cursor.execute(
        sql.SQL("drop table if exists pg_temp.{stage}; create temporary table {stage} on commit drop as"
                " select {names} from {table} with no data").format(
            stage=sql.Identifier(stage), names=names, table=sql.Identifier(table))
    )  # fmt: skip
    staged = copy_rows(session, stage, columns, rows)
    others = [name for name in columns if name not in key]
    cursor.execute(
        sql.SQL("insert into {table} as t ({names}) select {names} from pg_temp.{stage} on conflict ({key}) do {action}"
                " returning (xmax = 0)").format(
            table=sql.Identifier(table), names=names, stage=sql.Identifier(stage),
            key=sql.SQL(", ").join(map(sql.Identifier, key)), action=_action(others))
    )  # fmt: skip
    written = [row[0] for row in cursor.fetchall()]
    cursor.execute(sql.SQL("drop table pg_temp.{}").format(sql.Identifier(stage)))
    cursor.close()
    added = sum(written)
    return Upserted(added, len(written) - added, staged - len(written))


def _action(others: Sequence[str]) -> sql.Composable:
    if not others:
        return sql.SQL("nothing")
    names = [sql.Identifier(name) for name in others]
    return sql.SQL("update set {sets} where ({mine}) is distinct from ({theirs})").format(
        sets=sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(name, name) for name in names),
        mine=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names),
        theirs=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
    )
