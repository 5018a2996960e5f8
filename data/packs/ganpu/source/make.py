"""Make the demo town pack again, byte for byte: python data/packs/ganpu/source/make.py [folder].

Everything the pack holds is made here from hand-placed facts (outline.py, tables/, categories.txt), the list of
statistics codes and seeded random streams. Takes about two minutes. Needs numpy, shapely, pillow and scipy.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import basemap
import catalogue
import entities
import gazetteer
import incidents
import manifest
import network
import numpy as np
import outline
import partition
import people
import settlements
import shapely
import terrain
from network import Ground
from partition import Area, Areas
from records import lattice_multipolygon, read_csv, write_csv, write_geojson
from shapely import Polygon
from whereabouts import Whereabouts
from worktime import WorkClock

HERE = Path(__file__).resolve().parent
ORGANISATION = [
    "code",
    "name",
    "name_en",
    "kind",
    "platforms",
    "parent",
    "is_managing",
    "head_name",
    "head_post",
    "phone",
]
ADDRESS = [
    "plate_id",
    "village_code",
    "natural_village",
    "villager_group",
    "road",
    "number",
    "households",
    "residents",
    "lon",
    "lat",
]
ENTITY = [
    "uscc",
    "name",
    "kind",
    "platform",
    "licence_no",
    "licence_until",
    "status",
    "address",
    "plate_id",
    "lon",
    "lat",
    "risk_level",
    "credit_level",
    "territorial_responsible",
    "regulator_responsible",
    "own_responsible",
    "last_inspected_on",
    "next_inspection_on",
]
SITE = ["code", "name", "name_en", "kind", "platform", "org", "address", "hours", "phone", "lon", "lat"]
CATEGORY = [
    "code",
    "platform",
    "line",
    "major",
    "minor",
    "name",
    "name_en",
    "urgency",
    "lead_org",
    "co_orgs",
    "limit_value",
    "limit_unit",
    "self_handle",
    "keywords",
    "filing_condition",
    "closing_condition",
    "public",
    "legal_basis",
]


def landscape() -> tuple[Ground, list[network.Way], list[network.Way]]:
    """Return ground, waterways and roads."""
    border, dyke, _ = outline.coast()
    land = Polygon(np.vstack([border, dyke[::-1][1:-1]]))
    ground = Ground(land, outline.lake(), network.old_town(), terrain.relief())
    water = network.waterways(ground)
    return ground, water, network.roads(ground, water)


def write_areas(out: Path, areas: Areas) -> None:
    """Write the four area files."""

    def features(rows: list[Area]) -> list[tuple[Any, dict[str, str]]]:
        return [
            (
                lattice_multipolygon(a.shape),
                {"code": a.code, "name": a.name, "name_en": a.name_en, "kind": a.kind, "parent": a.parent},
            )
            for a in rows
        ]

    for name, rows in (
        ("town", [areas.town]),
        ("villages", areas.villages),
        ("grids", areas.grids),
        ("zones", areas.zones),
    ):
        write_geojson(out / "areas" / f"{name}.geojson", features(rows))


def village_organisation(areas: Areas) -> Callable[[float, float], str | None]:
    """Return a function from local x, y to the code of that village's organisation."""
    shapes = [(f"village_{v.code[-3:]}", v.local) for v in areas.villages]

    def at(x: float, y: float) -> str | None:
        return next((code for code, shape in shapes if shapely.contains_xy(shape, x, y)), None)

    return at


def write_tables(out: Path, areas: Areas) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Write organisations, staff, catalogue and calendar; return staff and duties."""
    tables = HERE / "tables"
    rows: list[dict[str, Any]] = list(read_csv(tables / "organisations.csv"))
    for k, row in enumerate(rows):
        row["phone"] = people.phone(100 + k)
    rows += people.village_organisations(areas, 100 + len(rows))
    write_csv(out / "organisations.csv", ORGANISATION, rows)
    for name in ("platforms", "forces", "roles", "limits", "exchange"):
        found = read_csv(tables / f"{name}.csv")
        write_csv(out / f"{name}.csv", list(found[0]), found)
    staff, duties = people.staff_and_duties(areas, rows)
    write_csv(out / "staff.csv", ["code", "name", "org", "post", "phone"], staff)
    write_csv(out / "duties.csv", ["area_code", "staff", "role", "valid_from"], duties)
    accounts = read_csv(tables / "users.csv")
    write_csv(out / "users.csv", list(accounts[0]), [*accounts, *people.village_accounts(staff, duties, areas)])
    found_categories = catalogue.categories()
    write_csv(out / "categories.csv", CATEGORY, [c.row() for c in found_categories])
    write_csv(
        out / "rules.csv",
        ["code", "words", "not_words", "channel", "category", "weight"],
        catalogue.rules(found_categories),
    )
    write_csv(
        out / "calendar.csv", ["day", "is_workday", "periods", "name", "source", "provisional"], catalogue.calendar()
    )
    return staff, duties


def main(out: Path) -> None:
    """Make the whole pack in the folder."""
    started = time.monotonic()

    def done(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {what}", flush=True)

    ground, water, roads = landscape()
    done("landscape")
    areas = partition.build(ground, water + roads)
    write_areas(out, areas)
    done(f"{len(areas.villages)} villages, {len(areas.grids)} grids, {len(areas.zones)} zones")
    plates, hamlets = settlements.settle(ground, water, roads, areas)
    write_csv(out / "addresses.csv", ADDRESS, gazetteer.address_rows(plates))
    sites = gazetteer.site_rows(areas, plates)
    write_csv(out / "sites.csv", SITE, sites)
    names = gazetteer.gazetteer_rows(areas, plates, hamlets, roads, sites, water)
    write_csv(
        out / "gazetteer.csv", ["kind", "name", "aliases", "village_code", "target", "lon", "lat", "radius_m"], names
    )
    done(f"{len(plates)} door plates, {sum(p.households for p in plates)} households, {len(names)} names")
    write_geojson(out / "base" / "roads.geojson", basemap.roads(roads))
    write_geojson(out / "base" / "water.geojson", basemap.water(ground, water))
    write_geojson(out / "base" / "landuse.geojson", basemap.land_use(ground, water + roads, plates))
    write_geojson(out / "base" / "buildings.geojson", basemap.buildings(plates))
    write_geojson(out / "base" / "places.geojson", basemap.places(areas, hamlets))
    bounds = terrain.write_hillshade(ground.relief, out / "base" / "hillshade.png")
    done("base map")
    staff, duties = write_tables(out, areas)
    anchor = datetime.fromisoformat(manifest.ANCHOR)
    traders = entities.entity_rows(areas, plates, staff, duties, anchor.date())
    write_csv(out / "entities.csv", ENTITY, traders)
    done(f"{len(traders)} entities")
    where = Whereabouts(ground, areas, roads, water, plates, hamlets, traders)
    cases = incidents.incident_rows(
        catalogue.categories(), where, WorkClock(catalogue.calendar()), anchor, village_organisation(areas)
    )
    write_csv(out / "incidents.csv", incidents.COLUMNS, cases)
    done(f"{len(cases)} incidents")
    manifest.write(out / "pack.toml", bounds)
    if out.resolve() != HERE.parent:
        (out / "source").mkdir(exist_ok=True)
        shutil.copy(HERE / "statistics_villages_2023.csv", out / "source")
    done(f"pack written to {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent)
