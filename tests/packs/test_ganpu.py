"""The shipped demo town keeps what the pack format and the town's description promise.

Geometry is compared in whole numbers of 1e-7 degree, where equality is exact; nothing here shares code with the
loader's own check of a pack.
"""

from __future__ import annotations

import csv
import json
import re
import runpy
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from shapely.geometry import shape

from layers.exchange.pack.check import check
from layers.incident.rules import Category, RuleBook, SuggestionRule, suggest

PACK = Path(__file__).resolve().parents[2] / "data" / "packs" / "ganpu"
TOWN = "330424105"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@cache
def table(name: str) -> list[dict[str, str]]:
    with (PACK / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def features(name: str) -> list[tuple[dict[str, Any], Any]]:
    content = json.loads((PACK / f"{name}.geojson").read_text(encoding="utf-8"))
    return [(f["properties"], shape(f["geometry"])) for f in content["features"]]


def on_lattice(geometry: Any) -> Any:
    return shapely.transform(geometry, lambda xy: np.rint(xy * 1e7))


@cache
def areas(level: str) -> dict[str, Any]:
    return {properties["code"]: on_lattice(geometry) for properties, geometry in features(f"areas/{level}")}


@cache
def leaves() -> dict[str, Any]:
    return areas("grids") | areas("zones")


@cache
def manifest() -> dict[str, Any]:
    return tomllib.loads((PACK / "pack.toml").read_text(encoding="utf-8"))


def anchor_of_the_pack() -> datetime:
    return datetime.fromisoformat(manifest()["incidents"]["anchor"])


def codes(name: str, column: str = "code") -> set[str]:
    return {row[column] for row in table(name)}


def split(value: str) -> list[str]:
    return [part for part in value.split(";") if part]


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


# ---- tables


REFERENCES = [
    ("organisations", "parent", "organisations"),
    ("organisations", "platforms", "platforms"),
    ("platforms", "managing_org", "organisations"),
    ("forces", "org", "organisations"),
    ("forces", "platform", "platforms"),
    ("staff", "org", "organisations"),
    ("duties", "staff", "staff"),
    ("categories", "platform", "platforms"),
    ("categories", "lead_org", "organisations"),
    ("categories", "co_orgs", "organisations"),
    ("rules", "category", "categories"),
    ("sites", "org", "organisations"),
    ("sites", "platform", "platforms"),
    ("entities", "platform", "platforms"),
    ("incidents", "category", "categories"),
    ("incidents", "lead_org", "organisations"),
    ("incidents", "platform", "platforms"),
    ("users", "role", "roles"),
    ("users", "org", "organisations"),
]


@pytest.mark.parametrize(("name", "column", "target"), REFERENCES)
def test_references_resolve(name: str, column: str, target: str) -> None:
    named = {code for row in table(name) for code in split(row[column])}
    assert named
    assert named <= codes(target)


def test_plates_of_entities_and_incidents_exist() -> None:
    plates = codes("addresses", "plate_id")
    for name in ("entities", "incidents"):
        assert {row["plate_id"] for row in table(name)} - {""} <= plates
    assert {properties["plate_id"] for properties, _ in features("base/buildings")} == plates


def test_every_grid_has_its_three_duties_once() -> None:
    duties = Counter((row["area_code"], row["role"]) for row in table("duties"))
    roles = ("liaison_cadre", "primary_responsible", "primary_informant")
    assert duties == Counter((code, role) for code in areas("grids") for role in roles)


def test_platforms_have_their_forces_and_one_managing_office() -> None:
    assert {row["force"] for row in table("forces") if row["platform"] == "public_order"} == {
        "综合治理", "信访维稳", "警务", "司法调解", "治保调解",
    }  # fmt: skip
    managing = {row["managing_org"] for row in table("platforms")}
    assert managing == {row["code"] for row in table("organisations") if row["is_managing"] == "true"}
    assert len(managing) == len(table("platforms")) == 4


def test_limits_cover_every_stage_and_urgency() -> None:
    found = {(row["stage"], row["urgency"]) for row in table("limits")}
    stages = ("accept", "dispatch", "sign", "handle", "inspect", "close")
    assert found == {(stage, urgency) for stage in stages for urgency in ("U1", "U2", "U3", "U4")}


def test_categories_spread_over_platforms_and_duty_lines() -> None:
    assert len(table("categories")) >= 60
    assert Counter(row["platform"] for row in table("categories")).most_common()[-1][1] >= 12
    assert len({row["line"] for row in table("categories")}) == 8
    assert all(
        split(row["keywords"]) and row["filing_condition"] and row["closing_condition"] for row in table("categories")
    )


def test_calendar_has_every_day_and_the_published_exceptions() -> None:
    days = {row["day"]: row for row in table("calendar")}
    assert len(days) == (datetime(2028, 1, 1) - datetime(2024, 1, 1)).days
    for day, works in {"2024-02-18": True, "2025-01-26": True, "2026-02-28": True, "2026-10-10": True,
                       "2025-10-08": False, "2026-02-23": False, "2024-09-17": False}.items():  # fmt: skip
        assert (days[day]["is_workday"] == "true") == works, day
    assert {row["provisional"] for day, row in days.items() if day >= "2027"} == {"true"}
    assert {row["provisional"] for day, row in days.items() if day < "2027"} == {"false"}


# ---- market entities


def test_credit_codes_have_valid_check_characters() -> None:
    """GB 32100-2015 over 18 characters: the weighted sum is 0 mod 31 with the check character's weight 1."""
    found = codes("entities", "uscc")
    assert len(found) == len(table("entities"))
    for code in found:
        assert len(code) == 18
        values = [USCC_ALPHABET.index(character) for character in code]
        assert (sum(v * pow(3, i, 31) for i, v in enumerate(values[:17])) + values[17]) % 31 == 0
        body = [int(c, 36) for c in code[8:16]]  # GB 11714-1997
        rest = 11 - sum(w * v for w, v in zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True)) % 11
        assert code[16] == {10: "X", 11: "0"}.get(rest, str(rest))


def test_some_entities_lack_a_responsible_person_and_some_are_late() -> None:
    active = [row for row in table("entities") if row["status"] == "active"]
    columns = ("territorial_responsible", "regulator_responsible", "own_responsible")
    assert sum(any(not row[c] for c in columns) for row in active) == 23
    anchor = anchor_of_the_pack().date().isoformat()
    late = [row for row in active if row["next_inspection_on"] < anchor]
    assert 20 <= len(late) <= 70
    assert 1_100 <= len(table("entities")) <= 1_400
    assert len({row["kind"] for row in table("entities")}) >= 10


# ---- incidents


@cache
def reported() -> list[datetime]:
    return [datetime.fromisoformat(row["reported_at"]) for row in table("incidents")]


def test_incidents_are_enough_and_lie_in_the_town() -> None:
    rows = [row for row in table("incidents") if row["crs"] == "wgs84"]
    assert len(table("incidents")) >= 8_000
    town = areas("town")[TOWN]
    lon, lat = (np.array([float(row[c]) * 1e7 for row in rows]) for c in ("lon", "lat"))
    assert shapely.contains_xy(town, lon, lat).all()


def test_times_ascend_and_case_numbers_follow_the_day() -> None:
    stages = ("occurred_at", "reported_at", "accepted_at", "filed_at", "dispatched_at", "handled_at", "closed_at")
    assert len(codes("incidents", "case_no")) == len(codes("incidents", "id")) == len(table("incidents"))
    for row in table("incidents"):
        times = [datetime.fromisoformat(row[s]) for s in stages if row[s]]
        assert times == sorted(times), row["case_no"]
        assert row["case_no"].startswith(TOWN + row["reported_at"][:10].replace("-", ""))


def test_the_year_has_its_rhythm() -> None:
    hours = Counter(moment.hour for moment in reported())
    assert min(hours[h] for h in range(8, 18)) > 3 * max(hours[h] for h in range(1, 5))
    names = {row["code"]: row["name"] for row in table("categories")}
    by_name: dict[str, list[datetime]] = defaultdict(list)
    for row, moment in zip(table("incidents"), reported(), strict=True):
        by_name[names[row["category"]]].append(moment)
    parking = Counter(moment.weekday() >= 5 for moment in by_name["机动车乱停"])
    assert parking[True] / 2 > 1.5 * parking[False] / 5  # the lake on weekends
    burning = Counter(moment.month for moment in by_name["露天焚烧秸秆垃圾"])
    assert burning[11] + burning[6] > 3 * (burning[2] + burning[8])
    stalls = Counter(moment.hour for moment in by_name["流动摊占道"])
    assert stalls.most_common(1)[0][0] in (6, 7, 8)


def test_places_have_hot_spots() -> None:
    """The densest hundredth of 250 m cells with any incident holds far more than a hundredth of all."""
    cells = Counter(
        (int(float(row["lon"]) * 96_105 // 250), int(float(row["lat"]) * 110_857 // 250))
        for row in table("incidents")
        if row["lon"]
    )
    top = cells.most_common(max(len(cells) // 100, 1))
    assert sum(count for _, count in top) > 0.06 * sum(cells.values())


@pytest.mark.parametrize("hours", [10, 34.5, 58, 83, 106.5, 130, 154.5])
def test_at_any_hour_of_the_week_the_town_is_busy_but_in_hand(hours: float) -> None:
    now = anchor_of_the_pack() + timedelta(hours=hours)
    known = [row for row, moment in zip(table("incidents"), reported(), strict=True) if moment <= now]
    ahead = [row for row in known if not row["closed_at"] or datetime.fromisoformat(row["closed_at"]) > now]
    late = [
        row
        for row in ahead
        if row["due_at"]
        and datetime.fromisoformat(row["due_at"]) < now
        and not (row["handled_at"] and datetime.fromisoformat(row["handled_at"]) <= now)
    ]
    assert 120 <= len(ahead) <= 230
    assert 3 <= len(late) <= 14
    assert {row["platform"] for row in ahead} == codes("platforms")


def test_each_day_after_the_anchor_has_its_reports() -> None:
    anchor = anchor_of_the_pack()
    per_day = Counter((moment - anchor).days for moment in reported() if moment >= anchor)
    assert set(per_day) == set(range(14))
    assert all(25 <= count <= 95 for count in per_day.values()), per_day
    assert anchor.weekday() == 0
    assert (anchor - reported()[0]).days >= 364


def test_texts_are_of_many_kinds() -> None:
    rows = table("incidents")
    assert len({row["title"] for row in rows}) > 1_000
    assert len({row["description"] for row in rows}) > 0.7 * len(rows)
    assert not any("{" in row["title"] + row["description"] + row["address"] for row in rows)
    assert len({row["channel"] for row in rows}) >= 8


# ---- base map and manifest


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


def test_everything_is_labelled_synthetic() -> None:
    assert manifest()["town"]["synthetic"] is True
    assert "演示" in manifest()["notice"]["zh"]
    assert "Demonstration" in manifest()["notice"]["en"]
    assert sum(f.stat().st_size for f in PACK.rglob("*") if f.is_file() and "__pycache__" not in f.parts) < 15e6


def test_rivers_and_natural_villages_have_english_names_as_the_maker_spells_them() -> None:
    spelling = runpy.run_path(str(PACK / "source" / "latin.py"))
    named = [p for p, _ in features("base/water") if p["kind"] == "river" and p["name"]]
    hamlets = [p for p, _ in features("base/places") if p["kind"] == "natural_village"]
    assert len(named) > 10
    assert len(hamlets) > 100
    assert all(p["name_en"] == spelling["water"](p["name"]) for p in named)
    assert all(p["name_en"] == spelling["pinyin"](p["name"]) for p in hamlets)
    assert all(re.fullmatch("[A-Z][a-z ]+(River|Canal)?", p["name_en"]) for p in (*named, *hamlets))


def test_the_maker_writes_the_same_bytes_again(tmp_path: Path) -> None:
    """The tables that need no landscape, made in another process with another hash seed."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import catalogue\n"
        "from records import write_csv; out = Path(sys.argv[2]); found = catalogue.categories()\n"
        "for name, rows in (('categories', [c.row() for c in found]), ('rules', catalogue.rules(found)),\n"
        "                   ('calendar', catalogue.calendar())):\n"
        "    write_csv(out / f'{name}.csv', list(rows[0]), rows)\n"
    )
    source = PACK / "source"
    command = [sys.executable, "-c", script, str(source), str(tmp_path)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"})
    for name in ("categories.csv", "rules.csv", "calendar.csv"):
        assert (tmp_path / name).read_bytes() == (PACK / name).read_bytes(), name


def test_suggestion_rules_find_the_category_of_most_reports() -> None:
    """Of the texts the pack itself tells; one that is found by nothing would show a rule that cannot fire."""
    book = RuleBook.of(
        [Category(r["code"], r["platform"], r["urgency"], r["lead_org"], tuple(split(r["keywords"])), r["minor"])
         for r in table("categories")],
        [SuggestionRule(r["code"], tuple(split(r["words"])), r["category"], float(r["weight"]), tuple(split(r["not_words"])),
                        r["channel"] or None)
         for r in table("rules")],
    )  # fmt: skip
    rows = table("incidents")[::7]
    found = [suggest(f"{row['title']}\n{row['description']}", row["channel"], book) for row in rows]
    right = sum(one.category == row["category"] for one, row in zip(found, rows, strict=True))
    assert right > 0.9 * len(rows)
    assert {one.category for one in found} >= {row["category"] for row in rows}


def test_permissions_of_the_roles_are_those_the_format_names() -> None:
    text = (PACK.parents[2] / "docs" / "pack-format.md").read_text(encoding="utf-8")
    written = text[text.index("any set of permissions") : text.index("6. **Categories")]
    named = set(re.findall(r"`([a-z_0-9]+)`", written))
    assert {permission for row in table("roles") for permission in split(row["permissions"])} == named


def test_the_smallest_pack_of_the_documents_loads(tmp_path: Path) -> None:
    text = (PACK.parents[2] / "docs" / "pack-format.md").read_text(encoding="utf-8")
    (tmp_path / "areas").mkdir()
    (tmp_path / "pack.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.S)[-1], encoding="utf-8")
    boundaries = re.findall(r"```json\n(.*?)```", text, re.S)[-1]
    (tmp_path / "areas" / "villages.geojson").write_text(boundaries, encoding="utf-8")
    assert check(tmp_path) == []


def test_the_loader_finds_no_fault() -> None:
    assert check(PACK) == []
