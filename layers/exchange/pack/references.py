"""What rows of a pack say of each other: codes that must exist, places that must lie in the town, a sound partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.area import assembly
from layers.exchange.pack.fault import Fault
from layers.exchange.pack.rows import (
    AddressRow,
    CategoryRow,
    DutyRow,
    EntityRow,
    ForceRow,
    GazetteerRow,
    GridShape,
    IncidentRow,
    OrganisationRow,
    PlatformRow,
    RoleRow,
    Row,
    RuleRow,
    SiteRow,
    StaffRow,
    TownShape,
    UserRow,
    VillageShape,
    ZoneShape,
)  # fmt: skip

if TYPE_CHECKING:
    from layers.exchange.pack.check import Pack

# table, column, what its value names
_REFERENCES: tuple[tuple[type[Row], str, str], ...] = (
    (AddressRow, "village_code", "village"),
    (GazetteerRow, "village_code", "village"),
    (EntityRow, "platform", "platform"),
    (EntityRow, "plate_id", "plate"),
    (SiteRow, "platform", "platform"),
    (SiteRow, "org", "organisation"),
    (OrganisationRow, "platforms", "platform"),
    (OrganisationRow, "parent", "organisation"),
    (PlatformRow, "managing_org", "organisation"),
    (ForceRow, "platform", "platform"),
    (ForceRow, "org", "organisation"),
    (StaffRow, "org", "organisation"),
    (DutyRow, "area_code", "area"),
    (DutyRow, "staff", "staff"),
    (CategoryRow, "platform", "platform"),
    (CategoryRow, "lead_org", "organisation"),
    (CategoryRow, "co_orgs", "organisation"),
    (RuleRow, "category", "category"),
    (IncidentRow, "category", "category"),
    (IncidentRow, "platform", "platform"),
    (IncidentRow, "lead_org", "organisation"),
    (IncidentRow, "plate_id", "plate"),
    (UserRow, "role", "role"),
    (UserRow, "org", "organisation"),
    (UserRow, "areas", "area"),
)
_AREA_FILES = (TownShape.file, VillageShape.file, GridShape.file, ZoneShape.file)
_FILES: dict[str, tuple[str, ...]] = {
    "village": (VillageShape.file,),
    "area": _AREA_FILES,
    "platform": (PlatformRow.file,),
    "organisation": (OrganisationRow.file,),
    "staff": (StaffRow.file,),
    "category": (CategoryRow.file,),
    "role": (RoleRow.file,),
    "plate": (AddressRow.file,),
}


def faults(pack: Pack, broken: Collection[str]) -> list[Fault]:
    """Return the faults that show only when files are seen together.

    Parameters
    ----------
    broken : files with faults of their own. What misses something in one of them is not told but counted in one line:
        rows that could not be read may hold it.
    """
    found = [*_missing(pack, broken), *_cycles(pack)]
    if torn := [file for file in _AREA_FILES if file in broken]:
        return [*found, Fault(torn[0], None, "mend it first: how areas fit, and what lies in them, was not checked")]
    return [*found, *_towns(pack), *_parents(pack), *_partition(pack), *_outside(pack)]


def _codes(pack: Pack) -> dict[str, set[str]]:
    villages = {shape.code for _, shape, _ in pack.shapes[VillageShape]}
    return {
        "village": villages,
        "area": set(pack.areas()["code"]),
        "platform": {row.code for row in pack.rows(PlatformRow)},
        "organisation": {row.code for row in pack.rows(OrganisationRow)},
        "staff": {row.code for row in pack.rows(StaffRow)},
        "category": {row.code for row in pack.rows(CategoryRow)},
        "role": {row.code for row in pack.rows(RoleRow)},
        "plate": {row.plate_id for row in pack.rows(AddressRow)},
    }


def _missing(pack: Pack, broken: Collection[str]) -> Iterable[Fault]:
    codes = _codes(pack)
    unchecked: Counter[str] = Counter()
    for kind, column, subject in _REFERENCES:
        torn = next((file for file in _FILES[subject] if file in broken), None)
        for number, row in pack.tables[kind]:
            value: Any = getattr(row, column)
            for code in value if isinstance(value, tuple) else (value,) if value is not None else ():
                if code in codes[subject]:
                    continue
                if torn is not None:
                    unchecked[torn] += 1
                else:
                    yield Fault(kind.file, number, f"{column}: there is no {subject} {code} in {_where(subject)}")
    for file, count in unchecked.items():
        what = "reference to it was" if count == 1 else "references to it were"
        yield Fault(file, None, f"mend it first: {count:,} {what} not checked")


def _where(subject: str) -> str:
    return "areas/" if subject == "area" else _FILES[subject][0]


def _towns(pack: Pack) -> Iterable[Fault]:
    towns = pack.shapes[TownShape]
    if len(towns) > 1:
        yield Fault(TownShape.file, towns[1][0], "a pack is of one town")
    for number, shape, _ in towns:
        if shape.code != pack.manifest.town.code:
            yield Fault(TownShape.file, number, f"code: {shape.code} is not the town's code {pack.manifest.town.code}")
        if shape.parent is not None:
            yield Fault(TownShape.file, number, "parent: a town has none here")
    if not pack.shapes[VillageShape] and not pack.shapes[GridShape]:
        yield Fault(VillageShape.file, None, "a town needs villages or grids")


def _parents(pack: Pack) -> Iterable[Fault]:
    town = pack.manifest.town.code
    villages = {shape.code for _, shape, _ in pack.shapes[VillageShape]}
    allowed = (
        (VillageShape, {town}, "the town"),
        (ZoneShape, {town}, "the town"),
        (GridShape, villages | {town}, "a village"),
    )
    for kind, codes, wanted in allowed:
        for number, shape, _ in pack.shapes[kind]:
            if shape.parent is not None and shape.parent not in codes:
                yield Fault(kind.file, number, f"parent: {shape.parent} is not {wanted}")


def _cycles(pack: Pack) -> Iterable[Fault]:
    parents = {row.code: row.parent for row in pack.rows(OrganisationRow)}
    for number, row in pack.tables[OrganisationRow]:
        seen, at = {row.code}, row.parent
        while at is not None and at in parents:
            if at in seen:
                yield Fault(OrganisationRow.file, number, "parent: the organisation stands above itself")
                break
            seen.add(at)
            at = parents[at]


def _partition(pack: Pack) -> Iterable[Fault]:
    areas = pack.areas()
    if areas.empty or areas["code"].duplicated().any():
        return
    numbers = dict(zip(areas["code"], zip(areas["file"], areas["row"], strict=True), strict=True))
    town = pack.manifest.town
    for fault in assembly.assemble(areas, town.code, town.name, town.metric_crs).faults():
        file, row = numbers.get(fault.codes[0], (VillageShape.file, None)) if fault.codes else (VillageShape.file, None)
        yield Fault(file, None if row is None else int(row), assembly.describe(fault))


def _outside(pack: Pack) -> Iterable[Fault]:
    """Door plates and service sites lie in the town; entities and incidents outside are kept for triage."""
    areas = pack.areas()
    if areas.empty:
        return
    index = assembly.leaf_index(areas)
    for kind in (AddressRow, SiteRow):
        rows = pack.tables[kind]
        places = np.array([(row.lon, row.lat) for _, row in rows], dtype=float).reshape(-1, 2)
        for position in np.flatnonzero(index.locate(places[:, 0], places[:, 1]) < 0):
            lon, lat = places[position]
            yield Fault(kind.file, rows[position][0], f"lies outside the town ({lon:.6f}, {lat:.6f})")
