"""Use cases of areas: read them, publish new boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import geopandas as gpd
import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import audit, clock, job, outbox
from data.errors import Conflict, Invalid, NotFound
from data.scope import scope_of
from layers.area import assembly, index, queries
from layers.area.assembly import Assembly, Fault
from layers.area.model import Area, AreaVersion

_NAMED = ("name", "name_en", "kind", "parent")
MAP_DEFAULTS = {"zoom": 12, "min_zoom": 8, "max_zoom": 18}


class PartitionBroken(Conflict):
    """Areas that do not partition the town; `faults` says where, `detail["places"]` as GeoJSON."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        first = "; ".join(assembly.describe(fault) for fault in self.faults[:3])
        super().__init__(
            "area.partition_broken",
            f"the areas do not partition the town in {len(self.faults)} place{'s' if len(self.faults) != 1 else ''}: {first}",
            places=assembly.faults_geojson(self.faults),
        )


@dataclass
class Published:
    """What a publication changed, by code."""

    valid_from: datetime
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not (self.added or self.changed or self.ended or self.renamed)


def list_areas(session: Session, level: str | None = None, parent: str | None = None) -> list[dict[str, Any]]:
    """Return the areas in force, without boundaries: town, villages, zones, grids, each by code.

    Raises
    ------
    Invalid : `area.level_unknown`.
    """
    if level is not None and level not in assembly.LEVELS:
        raise Invalid(
            "area.level_unknown", f"no level {level}; use {', '.join(assembly.LEVELS)}", fields={"level": "unknown"}
        )
    params = {"town_id": scope_of(session).town_id, "moment": clock.now(), "level": level, "parent": parent}
    return [dict(row) for row in session.execute(queries.LIST, params).mappings()]


def get_area(session: Session, code: str) -> dict[str, Any]:
    """Return an area in force with its boundary as a GeoJSON geometry (EPSG:4490 degrees, 7 places).

    Raises
    ------
    NotFound : `area.not_found`.
    """
    params = {"town_id": scope_of(session).town_id, "moment": clock.now(), "code": code}
    row = session.execute(queries.ONE, params).mappings().one_or_none()
    if row is None:
        raise NotFound("area.not_found", f"there is no area {code[:80]}")
    return dict(row)


def publish(
    session: Session, areas: gpd.GeoDataFrame | Assembly, *, valid_from: datetime, source: str | None = None
) -> Published:
    """Make areas the boundaries of the town from a moment on, and return what changed. Does not commit.

    Needs the permission `publish`. Writes every touched polygon, parents too, as new versions; areas of today that are
    not among the new ones end; what is unchanged stays. Emits `area`/`published` and enqueues the jobs that put
    addresses, entities, sites and incidents into their new leaves.

    Parameters
    ----------
    areas : every area of the town (`assembly.COLUMNS`), or what `assembly.assemble` made of it.
    valid_from : moment of the switch; not before the last one.
    source : where the boundaries come from.

    Raises
    ------
    PartitionBroken : with every fault. Invalid : `area.parent_unknown`. Conflict : `area.code_reused`,
    `area.later_version`.
    """
    scope = scope_of(session)
    scope.require("publish")
    town = session.execute(queries.TOWN, {"town_id": scope.town_id}).one()
    made = areas
    if not isinstance(made, Assembly):
        made = assembly.assemble(areas, town.code, town.name, f"EPSG:{town.metric_srid}")
    _check(made)
    old = index.load(session, valid_from).frame
    plan = _Plan(session, town, made, old, valid_from, source)
    published = plan.write()
    if not published.is_empty:
        _announce(session, published)
    return published


def _check(made: Assembly) -> None:
    orphans = assembly.missing_parents(made.areas)
    if orphans:
        code, parent = orphans[0]
        more = f" and {len(orphans) - 1} more" if len(orphans) > 1 else ""
        raise Invalid(
            "area.parent_unknown", f"{code}{more}: there is no area {parent} that could be its parent", areas=orphans
        )
    faults = made.faults()
    if faults:
        raise PartitionBroken(faults)


class _Plan:
    """One publication: compares new with old and writes the difference."""

    def __init__(
        self, session: Session, town: Any, made: Assembly, old: gpd.GeoDataFrame, moment: datetime, source: str | None
    ) -> None:
        self.session, self.town, self.made, self.old = session, town, made, old
        self.moment, self.source = moment, source
        self.new = made.frame
        self.known = {area.code: area for area in session.scalars(select(Area).where(Area.town_id == town.town_id))}
        self.before = {row.code: row for row in old.itertuples(index=False)}
        self.derived = set(made.areas["code"]) - made.given - self._leaves()

    def _leaves(self) -> set[str]:
        return set(self.made.areas["code"]) - set(self.made.areas["parent"].dropna())

    def write(self) -> Published:
        """Write areas and versions, then their shapes."""
        result = Published(self.moment)
        rows = list(self.new.itertuples(index=False))
        for row in rows:
            self._sort(row, result)
        result.ended = sorted(set(self.before) - {row.code for row in rows})
        if result.is_empty:
            return result
        if result.added or result.changed or result.ended:
            self._no_later()
        self._end([*result.changed, *result.ended])
        self._areas(rows)
        versions = self._versions([row for row in rows if row.code in {*result.added, *result.changed}])
        self._shapes(versions)
        index.CURRENT.touch(self.session)
        return result

    def _sort(self, row: Any, result: Published) -> None:
        before = self.before.get(row.code)
        if before is None:
            if row.code in self.known:
                raise Conflict("area.code_reused", f"{row.code} was the code of another area; codes are not used again")
            result.added.append(row.code)
        elif before.level != row.level:
            raise Conflict("area.code_reused", f"{row.code} is the code of a {before.level}, not of a {row.level}")
        elif shapely.equals_identical(shapely.normalize(before.geometry), row.geometry):
            same = all(_plain(getattr(before, name)) == _plain(getattr(row, name)) for name in _NAMED)
            (result.unchanged if same else result.renamed).append(row.code)
        else:
            result.changed.append(row.code)

    def _source(self, code: str) -> str | None:
        return assembly.DERIVED if code in self.derived else self.source

    def _no_later(self) -> None:
        later = self.session.scalar(
            select(AreaVersion.valid_from)
            .where(AreaVersion.town_id == self.town.town_id, AreaVersion.valid_from >= self.moment)
            .limit(1)
        )
        if later is not None:
            raise Conflict(
                "area.later_version",
                f"boundaries valid from {later.isoformat()} are already published; publish later than that",
                valid_from=later.isoformat(),
            )

    def _end(self, codes: Iterable[str]) -> None:
        ids = [self.known[code].area_id for code in codes]
        self.session.execute(
            queries.END_VERSION, {"moment": self.moment, "area_ids": ids, "town_id": self.town.town_id}
        )

    def _areas(self, rows: Sequence[Any]) -> None:
        """Add areas that are new, parents first, and change names and parents of the others."""
        for row in rows:
            parent = self.known[row.parent].area_id if isinstance(row.parent, str) else None
            area = self.known.get(row.code)
            if area is None:
                area = Area(town_id=self.town.town_id, level=row.level, code=row.code)
                self.known[row.code] = area
                self.session.add(area)
            area.name, area.name_en = row.name, row.name_en if isinstance(row.name_en, str) else None
            area.kind, area.parent_id = row.kind, parent
            if area.area_id is None:
                self.session.flush()
        self.session.flush()

    def _versions(self, rows: Sequence[Any]) -> dict[str, int]:
        sizes = dict(zip(self.new["code"], self.new.geometry.to_crs(self.town.metric_srid).area, strict=True))
        numbers = dict(zip(self.old["code"], self.old["version"], strict=True))
        made = {}
        for row in rows:
            made[row.code] = AreaVersion(
                area_id=self.known[row.code].area_id,
                town_id=self.town.town_id,
                version=int(numbers.get(row.code, 0)) + 1,
                code=row.code,
                geom=from_shape(_multi(row.geometry), srid=4490),
                label_point=from_shape(label_point(row.geometry), srid=4490),
                area_m2=float(sizes[row.code]),
                valid_from=self.moment,
                source=self._source(row.code),
            )
        self.session.add_all(made.values())
        self.session.flush()
        return {code: version.area_version_id for code, version in made.items()}

    def _shapes(self, versions: dict[str, int]) -> None:
        for zoom, shapes in self.made.simplified().items():
            mine = [(versions[code], shape) for code, shape in shapes.items() if code in versions]
            self.session.execute(
                queries.ADD_SHAPES,
                {
                    "town_id": self.town.town_id,
                    "zoom": zoom,
                    "version_ids": [version for version, _ in mine],
                    "wkbs": [shapely.to_wkb(_multi(shape)) for _, shape in mine],
                },
            )


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def label_point(shape: shapely.Geometry) -> shapely.Point:
    """Return the middle of the widest spot of a shape's largest part: where its name is written (EPSG:4490)."""
    part = max(_multi(shape).geoms, key=lambda polygon: polygon.area)
    coarse = part.simplify(part.length / 500)
    if not coarse.is_valid or coarse.is_empty:
        coarse = part
    spot = shapely.maximum_inscribed_circle(coarse, tolerance=part.length / 1000)
    middle = shapely.Point(spot.coords[0])
    return middle if part.covers(middle) else part.representative_point()


def middle(bounds: Sequence[float]) -> list[float]:
    """Return the middle of west, south, east, north as lon, lat."""
    west, south, east, north = (float(value) for value in bounds)
    return [round((west + east) / 2, 6), round((south + north) / 2, 6)]


def _announce(session: Session, published: Published) -> None:
    """Tell open maps, and have everything that lies in a leaf put into its new one when the switch comes."""
    codes = sorted({*published.added, *published.changed, *published.ended, *published.renamed})
    moment = published.valid_from
    town_id = scope_of(session).town_id
    payload = {"valid_from": moment.isoformat(), "codes": codes, "layer": "area"}
    outbox.emit(session, "area", "published", payload=payload, is_public=True)
    args = {"valid_from": moment.isoformat(), "codes": codes}
    for kind in ("area.rebin", "incident.rebin"):
        job.enqueue(session, kind, args, key=f"{kind}:{town_id}:{moment.isoformat()}", run_at=moment)
    audit.record(session, "area.publish", "town", town_id, detail={**args, "added": len(published.added),
                 "changed": len(published.changed), "ended": len(published.ended)})  # fmt: skip


def rebin(session: Session, moment: datetime | None = None, codes: Sequence[str] | None = None) -> dict[str, int]:
    """Put addresses, entities and sites into the leaves in force, and return how many moved.

    With ``codes`` only those where one of these areas changed at the moment are looked at.
    """
    now = clock.now()
    params = {
        "town_id": scope_of(session).town_id, "codes": None if codes is None else list(codes),
        "moment": moment or now, "at": max(now, moment or now),
    }  # fmt: skip
    return {table: len(session.execute(statement, params).all()) for table, statement in queries.REBIN.items()}
