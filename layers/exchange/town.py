"""Towns of an installation: add one, list them, tell of one. Adding needs the owner of the database."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

import data
from data import audit
from data.errors import Conflict, Invalid, NotFound
from data.scope import Scope, apply
from gis.errors import GisError
from layers.area.service import MAP_DEFAULTS
from layers.exchange import queries
from layers.exchange.pack import tables
from layers.exchange.pack.manifest import CODE, check_metric, check_timezone
from layers.exchange.pack.rows import PlatformRow, RoleRow

DEFAULTS = Path(data.__file__).parent / "defaults"
R = TypeVar("R", PlatformRow, RoleRow)


def add(
    session: Session, code: str, name: str, metric_crs: str, timezone: str = "Asia/Shanghai", name_en: str | None = None
) -> int:
    """Add a town without areas, with the default platforms and roles, and return its id. Does not commit.

    Parameters
    ----------
    session : of the **owner** role.
    code : letters, digits, `_`, `-`; stands in case numbers and addresses of pages.
    metric_crs : `EPSG:N`, projected, metres: everything is measured in it.
    timezone : IANA name; a time without a zone is a time of it.

    Raises
    ------
    Invalid : `town.code`, `town.name`, `town.metric_crs`, `town.timezone`. Conflict : `town.exists`.
    """
    if not CODE.fullmatch(code):
        raise Invalid("town.code", f"{code!r} is no code: 1 to 32 letters, digits, _ or -", fields={"code": "bad"})
    if not 1 <= len(name.strip()) <= 100:
        raise Invalid("town.name", "give a name of 1 to 100 characters", fields={"name": "bad"})
    try:
        srid = check_metric(metric_crs)
    except (ValueError, GisError) as error:
        raise Invalid("town.metric_crs", str(error), fields={"metric_crs": "bad"}) from error
    try:
        check_timezone(timezone)
    except ValueError as error:
        raise Invalid("town.timezone", str(error), fields={"timezone": "bad"}) from error
    if session.execute(queries.FIND_TOWN, {"code": code}).one_or_none() is not None:
        raise Conflict("town.exists", f"there is a town {code} already", code_given=code)
    values: dict[str, Any] = {
        "code": code, "name": name.strip(), "name_en": name_en, "metric_srid": srid, "timezone": timezone,
        "synthetic": False, "notice": "{}", "map": json.dumps(MAP_DEFAULTS), "settings": "{}", "sources": "[]",
    }  # fmt: skip
    town_id = session.execute(queries.ADD_TOWN, values).scalar_one()
    apply(session, Scope.system(town_id))
    tables.put_platforms(session, _defaults(PlatformRow), town_id)
    tables.put_roles(session, _defaults(RoleRow), town_id)
    audit.record(session, "town.add", "town", code)
    return town_id


def _defaults(kind: type[R]) -> list[R]:
    """Return the rows a town begins with, so that somebody can sign in and a case has a platform; a pack replaces them."""
    with (DEFAULTS / kind.file).open(encoding="utf-8", newline="") as lines:
        return [kind.model_validate({k: v for k, v in row.items() if v}) for row in csv.DictReader(lines)]


def show(session: Session, town_id: int) -> dict[str, Any]:
    """Return a town with the number of its areas, addresses, entities and incidents; the scope is the town's system.

    Raises
    ------
    NotFound : `town.unknown`.
    """
    row = session.execute(queries.LIST_TOWNS, {"town_id": town_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("town.unknown", f"there is no town {town_id}")
    return dict(row)
