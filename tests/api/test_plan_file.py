"""A draft from a file: every fault is named with its places, nothing changes before it is asked for, and then it is one step."""

from __future__ import annotations

import io
import tempfile
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from api import limits
from api.routes import plan_file
from gis.crs import from_cgcs2000
from layers.planning.files import rows as file_rows
from tests.api.test_plan import LOWER, codes_of, done, draw, opened, shapes_of
from tests.plan_files import EAST_M, LEAVES, box, dxf, frame, grids, in_metres, packed, sent
from tests.small_town import GRIDS, LAKE, TOWN, VILLAGES

A1, A2, B1, B2 = GRIDS

NEW_B = f"{VILLAGES[1]}003"


@pytest.fixture(scope="module")
def planner(shared_web):
    return shared_web.browser("planner")


POINT = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [120.88, 30.4]}}'


def looked(browser, rows, plan=None, name="draft.gpkg", **form):
    content = rows if isinstance(rows, bytes) else packed(frame(rows))
    return done(sent(browser, plan or opened(browser), content, name, **form))


def kinds(told):
    return {one["kind"]: (one["count"], one["left"]) for one in told["faults"]}


def fault(told, kind):
    return next(one for one in told["faults"] if one["kind"] == kind)


def places(one):
    return [shapely.geometry.shape(feature["geometry"]) for feature in one["places"]["features"]]


def applied(browser, plan, content, version=0, **form):
    return sent(browser, plan, content, version=version, apply=True, **form)


def areas(browser, plan):
    return shapes_of(done(browser.get(f"/api/v1/plans/{plan}/areas")))


# --- each fault is named, shown, and mended only when that is asked for


def spiked():
    """A-2 with a spike into it: its ring runs from the north side inwards and the same way back."""
    return shapely.Polygon(
        [(120.88, 30.41), (120.89, 30.41), (120.89, 30.42), (120.885, 30.42), (120.885, 30.415), (120.885, 30.42), (120.88, 30.42)]
    )  # fmt: skip


def alike(one, other):
    return one.symmetric_difference(other).area < 1e-12


GAP = grids(a1=box(0, 0, 9.99, 10))  # 0.96 m
OVERLAP = grids(a1=box(0, 0, 10.02, 10))  # 1.9 m
SLIVER = grids(a1=box(0, 0, 9.997, 10))  # 0.29 m
OUTSIDE = grids(a1=box(-0.02, 0, 10, 10))
TWICE = [*grids(), {"code": A1, "geometry": box(2, 2, 3, 3)}]
UNKNOWN = [{**row, "code": "330499101201077" if row["code"] == A2 else row["code"]} for row in grids()]
INVALID = grids(a2=spiked())
EMPTY = [*grids(b2=box(10, 10, 20.0, 20)), {"code": None, "geometry": None}]


@pytest.mark.parametrize(
    ("rows", "kind", "codes", "width_m"),
    [
        (GAP, "gap", [A1], 0.96),
        (OVERLAP, "overlap", [A1, B1], 1.92),
        (SLIVER, "sliver", [A1], 0.29),
        (OUTSIDE, "outside", [A1], 1.92),
        (TWICE, "duplicate_code", [A1], 0.0),
        (UNKNOWN, "unknown_code", ["330499101201077"], 0.0),
        (INVALID, "invalid", [A2], 0.0),
        (EMPTY, "empty", [], 0.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_named_with_its_place_and_mended_on_request(planner, rows, kind, codes, width_m):
    plan, content = opened(planner), packed(frame(rows))
    told = looked(planner, content, plan)
    one = fault(told, kind)
    assert (one["count"], one["left"], one["repairable"], one["codes"]) == (1, 1, True, codes)
    assert one["width_m"] == pytest.approx(width_m, abs=0.05)
    assert not told["can_apply"]
    for place in places(one):
        assert place.distance(shapely.box(120.88, 30.40, 120.91, 30.42)) == 0
    assert len(places(one)) == (0 if kind == "empty" else 1)
    refused = applied(planner, plan, content)
    assert (refused.status_code, refused.json["code"]) == (422, "plan.file_faults")
    assert [left["kind"] for left in refused.json["detail"]["left"]] == [kind]
    # what it needs is enough, and a little less is not
    needs = told["needs_m"]
    assert fault(looked(planner, content, plan, width_m=needs), kind)["left"] == 0
    if width_m:
        assert needs == pytest.approx(width_m, rel=0.06)
        assert fault(looked(planner, content, plan, width_m=needs - 0.1), kind)["left"] == 1
    assert done(planner.get(f"/api/v1/plans/{plan}"))["version"] == 0


def test_a_bad_file_is_mended_drawn_as_one_step_undone_and_published(web):
    """Gap, overlap, sliver, outside, doubled and unknown codes, a crossing ring, all in one file."""
    planner, other = web.browser("planner"), web.browser("planner2")
    rows = grids(a1=box(-0.01, 0, 9.99, 10), b1=box(10, 0, 20.02, 10.015), a2=spiked(), b2=box(10, 10, 20, 15))
    # B-2 was cut in two and kept its code twice
    rows.append({"code": B2, "geometry": box(9.997, 15, 20, 20)})
    next(row for row in rows if row["code"] == B2)["name"] = "乙村第 3 网格"
    for row in rows:
        row["code"] = "330499101201077" if row["code"] == A1 else row["code"]
    plan, content = opened(planner), packed(frame(rows))
    told = looked(planner, content, plan)
    assert set(kinds(told)) == {"gap", "overlap", "sliver", "outside", "duplicate_code", "unknown_code", "invalid"}
    assert told["areas"]["new"] == 1
    before = areas(planner, plan)
    made = done(applied(planner, plan, content, width_m=told["needs_m"], id=str(uuid.uuid4())))
    assert (made["version"], made["step"]["kind"]) == (1, "draw")
    now = areas(planner, plan)
    assert now[TOWN].equals(before[TOWN])
    leaves = [code for code in now if code not in (TOWN, *VILLAGES)]
    assert set(leaves) == {*GRIDS, LAKE, NEW_B}
    assert shapely.union_all([now[code] for code in leaves]).symmetric_difference(now[TOWN]).area < 1e-15
    assert sum(now[code].area for code in leaves) == pytest.approx(now[TOWN].area, rel=1e-12)
    assert (
        now[NEW_B].hausdorff_distance(box(10, 10, 20, 15)) < 2e-5
    )  # what overlapped by less than 2 m went to a neighbour
    back = done(planner.post(f"/api/v1/plans/{plan}/undo", {"version": 1}))
    assert back["removed"] == [NEW_B]
    assert {code: shape.wkb for code, shape in areas(planner, plan).items()} == {c: s.wkb for c, s in before.items()}
    done(planner.post(f"/api/v1/plans/{plan}/redo", {"version": 2}))
    for who, step, body in ((planner, "submit", {}), (other, "approve", {}), (other, "publish", {"count": 0})):
        assert done(who.post(f"/api/v1/plans/{plan}/{step}", body))["id"] == plan
    assert NEW_B in {area["code"] for area in planner.get("/api/v1/areas?level=grid").json["areas"]}


def test_a_fault_that_no_repair_reaches_is_refused_and_nothing_is_half_done(planner):
    plan, content = opened(planner), packed(frame(grids(a1=box(0, 0, 9, 10), b2=box(10, 10, 19.99, 20))))
    told = looked(planner, content, plan, width_m=5)
    assert (fault(told, "gap")["count"], fault(told, "gap")["left"], told["needs_m"]) == (2, 1, None)
    assert places(fault(told, "gap"))[0].area > 1e-6  # the one that hinders comes first
    refused = applied(planner, plan, content, width_m=5)
    assert refused.json["code"] == "plan.file_faults"
    assert len(refused.json["detail"]["places"]["features"]) == 1
    assert done(planner.get(f"/api/v1/plans/{plan}"))["version"] == 0


# --- which area is which


def test_areas_without_code_are_the_leaves_they_cover_most_and_others_are_new(planner):
    """B-1 cut in two without codes, the larger one to the left; A-1 has its code."""
    plan = opened(planner)
    rows = [
        {"code": None, "name": "左", "geometry": box(10, 0, 16, 10)},
        {"code": None, "name": "右", "geometry": box(16, 0, 20, 10)},
        {"code": A1, "name": "改名", "geometry": LEAVES[A1]},
    ]
    told = looked(planner, rows, plan)
    assert told["areas"] == {"by_code": 1, "by_overlap": 1, "new": 1, "unchanged": 0, "changed": 2, "gone": []}
    # where the new border meets the town's outline between two vertices, it is led to one: that is told
    assert set(kinds(told)) == {"led_to_vertex"}
    made = done(applied(planner, plan, packed(frame(rows))))
    named = {f["id"]: f["properties"]["name"] for f in made["areas"]["features"]}
    assert (named[B1], named[NEW_B], named[A1]) == ("左", "右", "改名")


def test_a_leaf_that_others_are_drawn_over_ends(planner):
    """Two grids made one in another program: one row is left, with the code of one of them."""
    plan = opened(planner)
    rows = [{"code": A1, "geometry": shapely.union_all([LEAVES[A1], LEAVES[A2]])}]
    assert looked(planner, rows, plan)["areas"]["gone"] == [A2]
    made = done(applied(planner, plan, packed(frame(rows))))
    assert made["removed"] == [A2]
    assert areas(planner, plan)[A1].equals(areas(planner, plan)[VILLAGES[0]])


def test_a_small_area_without_code_is_cut_out_of_who_lies_there(planner):
    plan = opened(planner)
    rows = [{"名称": "工业园", "类型": "专属网格", "geometry": box(8, 4, 12, 6)}]
    made = done(applied(planner, plan, packed(frame(rows))))
    new = next(f for f in made["areas"]["features"] if f["properties"]["is_new"])
    assert (new["properties"]["name"], new["properties"]["kind"], new["id"][-3:]) == ("工业园", "exclusive", "901")
    assert {A1, B1} <= codes_of(made["areas"])
    assert alike(shapely.geometry.shape(new["geometry"]), box(8, 4, 12, 6))


def test_rings_finer_than_the_lattice_are_nothing(planner):
    speck = shapely.box(120.885, 30.405, 120.885 + 2e-9, 30.405 + 2e-9)
    rows = [*grids(a1=shapely.difference(LEAVES[A1], speck)), {"code": None, "geometry": speck}]
    told = looked(planner, rows, width_m=1)
    assert (kinds(told), told["areas"]["changed"]) == ({"empty": (1, 0)}, 1)
    assert not told["can_apply"]  # what is left is what is there


def test_villages_in_the_file_are_no_grids_and_refused(planner):
    told = looked(planner, [{"code": VILLAGES[0], "geometry": shapely.union_all([LEAVES[A1], LEAVES[A2]])}], width_m=10)
    assert (kinds(told), told["can_apply"], fault(told, "parent_area")["repairable"]) == (
        {"parent_area": (1, 1)},
        False,
        False,
    )


def test_the_files_of_other_programs_come_in(planner):
    """A Shapefile in metres whose codes became numbers, and a table of WKT: both hold the town as it is."""
    plan = opened(planner)
    rows = frame(grids()).assign(code=[float(code) for code in LEAVES]).to_crs(4549)
    with io.BytesIO() as archive, tempfile.TemporaryDirectory() as folder:
        rows.to_file(Path(folder) / "grids.shp")
        with zipfile.ZipFile(archive, "w") as packer:
            for part in Path(folder).iterdir():
                packer.write(part, part.name)
        told = looked(planner, archive.getvalue(), plan, "grids.zip")
    assert (told["areas"]["unchanged"], told["faults"], told["crs"]) == (5, [], "EPSG:4549")
    table = "编码,wkt\n" + "\n".join(f'{code},"{shape.wkt}"' for code, shape in LEAVES.items())
    assert looked(planner, table.encode("gbk"), plan, "grids.csv")["areas"]["unchanged"] == 5


# --- coordinate systems


def moved(name):
    def to(xy):
        return np.column_stack(from_cgcs2000(xy[:, 0], xy[:, 1], name))

    return [{**row, "geometry": shapely.transform(row["geometry"], to)} for row in grids()]


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_a_file_read_in_the_wrong_system_is_doubted_and_the_true_one_suggested(planner, name):
    plan, content = opened(planner), packed(frame(moved(name)))
    told = looked(planner, content, plan, width_m=10)
    assert (fault(told, "crs_wrong")["repairable"], told["can_apply"]) == (False, False)
    assert told["suggested_crs"][0] == {"crs": name, "share": 1.0}
    assert looked(planner, content, plan, crs=name)["areas"]["unchanged"] == 5


def test_a_file_that_says_no_system_is_not_guessed_but_told_what_would_fit(planner):
    rows = frame(grids()).to_crs(4549).set_crs(None, allow_override=True)
    plan, content = opened(planner), packed(rows)
    told = looked(planner, content, plan)
    assert (list(kinds(told)), told["suggested_crs"][0]["crs"]) == (["crs_missing"], "EPSG:4549")
    assert sent(planner, plan, content, crs="EPSG:4549").json["areas"]["unchanged"] == 5
    for wrong in ("EPSG:4326", "EPSG:999999", "nonsense"):
        assert list(kinds(looked(planner, content, plan, crs=wrong))) == ["crs_wrong"]


# --- drawings of CAD


def ring(code):
    return list(in_metres(LEAVES[code]).geoms[0].exterior.coords)[:-1]


def spot(code):
    return in_metres(shapely.point_on_surface(LEAVES[code])).coords[0]


def test_closed_rings_of_a_drawing_are_grids_and_the_writing_says_which(planner):
    lines = [("网格", True, ring(code)) for code in LEAVES]
    texts = [("注记", A1, spot(A1)), ("注记", "甲村第 2 网格", spot(A2))]
    told = looked(planner, dxf(lines, texts), name="图.dxf", crs="EPSG:4549")
    assert (told["format"], told["layer"]) == ("dxf", "网格")
    assert told["areas"] | {"gone": []} == {
        "by_code": 2,
        "by_overlap": 3,
        "new": 0,
        "unchanged": 5,
        "changed": 0,
        "gone": [],
    }


def test_a_dividing_line_that_does_not_reach_the_border_is_told_and_closed_on_request(planner):
    """B-1 outlined, and a line from its west side that ends 0.8 m before the east side, which is the lake's."""
    plan = opened(planner)
    ends = in_metres(shapely.LineString([(120.89 - 0.3 * EAST_M, 30.405), (120.90 - 0.8 * EAST_M, 30.405)])).coords
    drawing = dxf([("网格", True, ring(B1)), ("网格", False, list(ends))])
    told = looked(planner, drawing, plan, "a.dxf", crs="EPSG:4549")
    open_lines = fault(told, "open_line")
    assert (open_lines["count"], open_lines["left"]) == (2, 2)
    assert open_lines["width_m"] == pytest.approx(0.8, abs=0.05)
    told = looked(planner, drawing, plan, "a.dxf", crs="EPSG:4549", width_m=1)
    assert (fault(told, "open_line")["left"], told["areas"]["new"], told["can_apply"]) == (0, 1, True)
    made = done(applied(planner, plan, drawing, name="a.dxf", crs="EPSG:4549", width_m=1))
    now = areas(planner, plan)
    assert now[B1].area == pytest.approx(now[NEW_B].area, rel=0.01)
    assert {B1, NEW_B} <= codes_of(made["areas"])


def test_several_layers_of_a_drawing_are_asked_about(planner):
    drawing = dxf([("网格", True, ring(A1)), ("道路", False, [(0, 0), (9, 9)])])
    answer = sent(planner, opened(planner), drawing, "a.dxf")
    assert (answer.status_code, answer.json["code"]) == (422, "file.layer_unknown")
    assert answer.json["detail"]["layers"] == ["网格", "道路"]


# --- as any other edit


def test_somebody_else_was_first_and_what_lies_apart_goes_through(shared_web, planner):
    plan, other = opened(planner), shared_web.browser("planner2")
    done(draw(other, plan, 0, LOWER))  # A-1 | B-1
    clash = applied(planner, plan, packed(frame(grids(a1=box(0, 0, 10, 9), a2=box(0, 9, 10, 20)))))
    assert (clash.status_code, clash.json["code"]) == (409, "plan.conflict")
    assert clash.json["detail"]["theirs"][0]["user"] == "planner2"
    assert clash.json["detail"]["mine"]["lines"]["coordinates"]
    # the file holds the whole town as it was; only what it changes is drawn, and the other's border stays
    rows = grids(b2=box(10, 10, 20, 15))
    rows.append({"code": None, "name": "北", "geometry": box(10, 15, 20, 20)})
    made = done(applied(planner, plan, packed(frame(rows))))
    assert made["version"] == 2
    assert A1 in codes_of(made["areas"])  # told too: what the other did meanwhile


def test_sent_twice_is_drawn_once_and_another_file_under_that_id_is_refused(planner):
    plan, key = opened(planner), str(uuid.uuid4())
    content = packed(frame([{"名称": "园", "geometry": box(2, 2, 6, 6)}]))
    made = [done(applied(planner, plan, content, id=key)) for _ in range(2)]
    assert {one["step"]["seq"] for one in made} == {1}
    other = applied(planner, plan, packed(frame(grids())), id=key)
    assert (other.status_code, other.json["code"]) == (409, "receipt.conflict")
    nothing = applied(planner, plan, packed(frame(grids(b2=LEAVES[B2]))[lambda f: f["code"] == B2]), version=1)
    assert (nothing.status_code, nothing.json["code"]) == (422, "partition.no_change")


@pytest.mark.parametrize(
    ("content", "name", "form", "code"),
    [
        (b"", "a.gpkg", {}, "file.empty"),
        (b"no map", "a.gpkg", {}, "file.broken"),
        (b"x", "a.exe", {}, "file.kind_unknown"),
        (b"code,name\n1,2\n", "a.csv", {}, "plan.file_no_map"),
        ("GAP", "../../etc/a.gpkg", {"width_m": 11}, "plan.file_width"),
        ("GAP", "a.gpkg", {"width_m": -1}, "request.invalid"),
        ("GAP", "a.gpkg", {"apply": True}, "request.invalid"),
        ("GAP", "a.gpkg", {"other": 1}, "request.invalid"),
        (POINT, "a.json", {}, "plan.file_nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(planner, content, name, form, code):
    content = packed(frame(GAP)) if content == "GAP" else content if isinstance(content, bytes) else content.encode()
    answer = sent(planner, opened(planner), content, name, **form)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_who_may_not_and_what_is_no_draft(shared_web, planner):
    plan, content = opened(planner), packed(frame(grids()))
    for who in ("worker-a1", "command", "leader"):
        assert sent(shared_web.browser(who), plan, content).status_code == 403
    assert sent(planner, str(uuid.uuid4()), content).json["code"] == "plan.not_found"
    done(draw(planner, plan, 0, LOWER))
    done(planner.post(f"/api/v1/plans/{plan}/submit", {}))
    answer = applied(planner, plan, content, version=1)
    assert (answer.status_code, answer.json["code"]) == (409, "plan.not_draft")
    # looking changes nothing, and may be done whatever the state
    assert sent(planner, plan, content).status_code == 200


def test_a_file_too_large_is_refused(planner, monkeypatch):
    assert limits.limit_of(f"/api/v1/plans/{uuid.uuid4()}/file") == limits.PLAN_FILE_MAX_BYTES
    assert limits.limit_of(f"/api/v1/plans/{uuid.uuid4()}/edits") == limits.JSON_MAX_BYTES
    plan, content = opened(planner), packed(frame(GAP))
    with monkeypatch.context() as patched:
        patched.setattr(file_rows, "MOST_POINTS", 10)
        answer = sent(planner, plan, content)
        assert (answer.status_code, answer.json["code"]) == (413, "plan.file_too_large")
    monkeypatch.setattr(plan_file, "MAX_BYTES", 100)
    assert sent(planner, plan, content).json["code"] == "request.too_large"
