"""The demo town's areas tile it, carry the codes of the statistics list and hold their households; its base map.

Geometry is compared in whole numbers of 1e-7 degree, where equality is exact.
"""

from __future__ import annotations

import csv
import re
import runpy
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image

from tests.packs.ganpu import PACK, TOWN, areas, features, manifest, table


@cache
def leaves() -> dict[str, Any]:
    return areas("grids") | areas("zones")


# ---- the partition


def test_coordinates_lie_on_the_lattice_as_written() -> None:
    for level in ("town", "villages", "grids", "zones"):
        for _, geometry in features(f"areas/{level}"):
            xy = shapely.get_coordinates(geometry)
            assert np.array_equal(xy, np.round(xy, 7))


def test_leaves_tile_the_town() -> None:
    town, parts = areas("town")[TOWN], list(leaves().values())
    assert shapely.is_valid(np.array(parts)).all()
    assert shapely.unary_union(parts).equals(town)
    for one, other in combinations(parts, 2):
        assert not shapely.relate_pattern(one, other, "T********")


def test_shared_edges_are_the_same_edge_from_both_sides() -> None:
    """Each edge belongs to two leaves, or to one and to the town's border."""
    sides: Counter[tuple[tuple[float, float], ...]] = Counter()
    for geometry in leaves().values():
        for ring in (r for polygon in geometry.geoms for r in (polygon.exterior, *polygon.interiors)):
            for a, b in zip(ring.coords[:-1], ring.coords[1:], strict=True):
                sides[tuple(sorted((a, b)))] += 1
    border = {
        tuple(sorted((a, b)))
        for polygon in areas("town")[TOWN].geoms
        for a, b in zip(polygon.exterior.coords[:-1], polygon.exterior.coords[1:], strict=True)
    }
    assert set(sides.values()) == {1, 2}
    assert {edge for edge, count in sides.items() if count == 1} == border


def test_each_village_is_the_union_of_its_grids() -> None:
    grids = defaultdict(list)
    for properties, _ in features("areas/grids"):
        grids[properties["parent"]].append(areas("grids")[properties["code"]])
    assert set(grids) == set(areas("villages"))
    for code, parts in grids.items():
        assert shapely.unary_union(parts).equals(areas("villages")[code])


def test_areas_are_in_one_piece() -> None:
    assert all(len(geometry.geoms) == 1 for geometry in (leaves() | areas("villages") | areas("town")).values())


def test_town_measures_what_is_published() -> None:
    to_metres = pyproj.Transformer.from_crs("EPSG:4490", manifest()["town"]["metric_crs"], always_xy=True)
    (_, town), *_ = features("areas/town")
    metres = shapely.transform(town, lambda xy: np.column_stack(to_metres.transform(*xy.T)))
    assert metres.area / 1e6 == pytest.approx(115.4, abs=0.1)


def test_borders_are_no_voronoi_diagram() -> None:
    """A Voronoi border between two villages is one straight line; these follow roads, water and ridges."""
    straight = []
    for one, other in combinations(areas("villages").values(), 2):
        shared = shapely.line_merge(shapely.intersection(one.boundary, other.boundary))
        for line in shapely.get_parts(shared):
            if line.geom_type == "LineString" and line.length * 0.01 > 800:
                ends = np.array(line.coords)[[0, -1]]
                straight.append(np.hypot(*(ends[1] - ends[0])) / line.length)
    assert len(straight) > 15
    assert np.median(straight) < 0.95


# ---- codes and households


def test_units_are_those_of_the_statistics_list() -> None:
    with (PACK / "source" / "statistics_villages_2023.csv").open(encoding="utf-8") as file:
        published = {row["code"]: row["name"] for row in csv.DictReader(file)}
    ours = {properties["code"]: properties for properties, _ in features("areas/villages")}
    assert len(ours) == 14
    assert set(ours) == set(published)
    for code, properties in ours.items():
        name = published[code].removesuffix("居民委员会").removesuffix("委会")
        assert properties["name"] == name
        assert properties["kind"] == ("community" if int(code[-3:]) < 200 else "village")
    assert any(source["file"].endswith("statistics_villages_2023.csv") for source in manifest()["source"])


def test_grid_codes_are_village_and_sequence_from_west_to_east() -> None:
    by_village: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for properties, geometry in features("areas/grids"):
        code = properties["code"]
        assert len(code) == 15
        assert code[:12] == properties["parent"]
        assert (int(code[12:]) >= 901) == (properties["kind"] == "exclusive")
        if properties["kind"] == "base":
            by_village[code[:12]].append((code, properties["name"], geometry.representative_point().x))
    for found in by_village.values():
        found.sort()
        assert [int(code[12:]) for code, *_ in found] == list(range(1, len(found) + 1))
        assert all(west < east + 0.0015 for (*_, west), (*_, east) in pairwise(found))
        assert all(f"第 {int(code[12:])} 网格" in name for code, name, _ in found)
    assert 28 <= len(features("areas/grids")) <= 36


def test_every_plate_is_in_one_leaf_and_grids_hold_300_to_500_households() -> None:
    names = list(leaves())
    tree = shapely.STRtree(list(leaves().values()))
    plates = table("addresses")
    points = shapely.points([[round(float(p["lon"]) * 1e7), round(float(p["lat"]) * 1e7)] for p in plates])
    plate, leaf = tree.query(points, predicate="within")
    assert len(plate) == len(plates)
    households: Counter[str] = Counter()
    for p, n in zip(plate, leaf, strict=True):
        households[names[n]] += int(plates[p]["households"])
        assert names[n].startswith(plates[p]["village_code"])
    base = {properties["code"] for properties, _ in features("areas/grids") if properties["kind"] == "base"}
    assert all(300 <= households[code] <= 500 for code in base), households
    assert sum(households.values()) == pytest.approx(9_600, rel=0.01)
    assert sum(int(p["residents"]) for p in plates) == pytest.approx(29_871, rel=0.03)


def test_a_written_address_names_one_plate() -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for p in table("addresses"):
        if p["road"]:
            seen["road", p["road"], p["number"]] += 1
        else:
            seen["settlement", p["village_code"], p["natural_village"], p["number"]] += 1
        if p["villager_group"]:
            seen["group", p["village_code"], p["villager_group"], p["number"]] += 1
    assert max(seen.values()) == 1, [key for key, count in seen.items() if count > 1][:5]


# ---- base map


def test_roads_are_long_enough_and_hang_together() -> None:
    lines = [
        shapely.transform(line, lambda xy: xy * [96_105, 110_857])
        for properties, line in features("base/roads")
        if properties["class"] not in ("highway", "track")
    ]
    town = shapely.transform(features("areas/town")[0][1], lambda xy: xy * [96_105, 110_857])
    inside = [line for line in lines if line.intersects(town)]
    assert 200 <= sum(line.intersection(town).length for line in inside) / 1000 <= 400
    joined = shapely.get_parts(shapely.unary_union([line.buffer(6) for line in inside]))
    largest = max(joined, key=lambda part: part.area)
    assert largest.area > 0.93 * sum(part.area for part in joined)


def test_houses_stand_clear_of_wide_water_and_of_each_other() -> None:
    houses = np.array([house for _, house in features("base/buildings")])
    tree = shapely.STRtree(houses)
    one, _other = tree.query(houses, predicate="overlaps")
    assert not len(one)
    water = [
        g for p, g in features("base/water") if g.geom_type != "LineString" and p["kind"] in ("lake", "bay", "river")
    ]
    assert not len(shapely.STRtree(water).query(houses, predicate="intersects")[0])


def test_relief_is_a_small_picture_with_transparency() -> None:
    path = PACK / manifest()["hillshade"]["file"]
    with Image.open(path) as image:
        assert image.mode == "LA"
        alpha = np.asarray(image)[..., 1]
    assert path.stat().st_size < 600_000
    assert 0.3 < (alpha == 0).mean() < 0.95


def test_rivers_and_natural_villages_have_english_names_as_the_maker_spells_them() -> None:
    spelling = runpy.run_path(str(PACK / "source" / "latin.py"))
    named = [p for p, _ in features("base/water") if p["kind"] == "river" and p["name"]]
    hamlets = [p for p, _ in features("base/places") if p["kind"] == "natural_village"]
    assert len(named) > 10
    assert len(hamlets) > 100
    assert all(p["name_en"] == spelling["water"](p["name"]) for p in named)
    assert all(p["name_en"] == spelling["pinyin"](p["name"]) for p in hamlets)
    assert all(re.fullmatch("[A-Z][a-z ]+(River|Canal)?", p["name_en"]) for p in (*named, *hamlets))
