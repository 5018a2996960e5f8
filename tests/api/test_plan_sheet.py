"""A plan on one sheet of A3: drawn at the scale that it states, with who decided, and with the town's map approval number."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import psycopg2
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.api.test_plan import LOWER, cut, done, draw, opened
from tests.plan_files import LEAVES, in_metres
from tests.small_town import GRIDS, TOWN, VILLAGES
from webmap.documents.sheet import HEIGHT_MM, WIDTH_MM, View

A1, A2, B1, B2 = GRIDS
EVIL = '<img src=x onerror="alert(1)">'
NORTH = cut(B2, (120.89, 30.416), (120.90, 30.416), values={"name": EVIL})


def page(browser, plan, query=""):
    answer = browser.get(f"/planner/{plan}/sheet{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def drawn(text):
    return ElementTree.fromstring(re.search(r'<svg class="sheet-map".*?</svg>', text, re.S)[0])


def of_class(svg, name):
    return [one for one in svg.iter() if name in one.attrib.get("class", "").split()]


def lines(svg, name):
    """Paths of a class as lines in millimetres."""
    found = []
    for path in of_class(svg, name):
        for piece in re.findall(r"M([^M]*)", path.attrib["d"]):
            points = [tuple(map(float, point.split())) for point in piece.rstrip("Z").split("L")]
            found.append(shapely.LineString([*points, points[0]] if piece.endswith("Z") else points))
    return found


def scale_of(svg):
    said = next(one.text for one in of_class(svg, "s-ratio") if ":" in one.text)
    return int(said.split(":")[1].replace(",", ""))


@pytest.fixture(scope="module")
def planner(shared_web):
    return shared_web.browser("planner")


@pytest.fixture(scope="module")
def plan(planner):
    made = opened(planner, EVIL)
    done(draw(planner, made, 0, LOWER))
    done(draw(planner, made, 1, NORTH))
    return made


def test_what_is_drawn_is_as_large_as_the_scale_says(planner, plan):
    svg = drawn(page(planner, plan))
    m_per_mm = scale_of(svg) / 1000
    assert (svg.attrib["width"], svg.attrib["height"]) == (f"{WIDTH_MM:g}mm", f"{HEIGHT_MM:g}mm")
    # the town on paper against the town in the metric system, by PROJ
    town = in_metres(shapely.union_all(list(LEAVES.values())))
    west, south, east, north = shapely.total_bounds(lines(svg, "s-land"))
    there = shapely.bounds(town)
    assert np.array([east - west, north - south]) * m_per_mm == pytest.approx(
        [there[2] - there[0], there[3] - there[1]], abs=0.05 * m_per_mm
    )
    bars = of_class(svg, "s-bar")
    figures = [one.text for one in of_class(svg, "s-scale")]
    assert sum(float(bar.attrib["width"]) for bar in bars) * m_per_mm == pytest.approx(
        float(figures[-1].split()[0]), rel=1e-3
    )
    # the new borders: two sides of the triangle, and the line across B-2
    new = [
        shapely.LineString([(120.89, 30.40), (120.893, 30.405), (120.89, 30.41)]),
        shapely.LineString([(120.89, 30.416), (120.90, 30.416)]),
    ]
    wanted = sum(in_metres(line).length for line in new)
    fresh = lines(svg, "s-fresh")
    core = lines(svg, "s-fresh--core")
    assert (sum(line.length for line in fresh) - sum(line.length for line in core)) * m_per_mm == pytest.approx(
        wanted, rel=2e-3
    )
    gone = sum(line.length for line in lines(svg, "s-gone")) * m_per_mm
    assert gone == pytest.approx(in_metres(shapely.LineString([(120.89, 30.40), (120.89, 30.41)])).length, rel=2e-3)


def test_it_tells_legend_grids_lineage_people_and_nothing_runs(shared_web, planner, plan):
    answer = planner.get(f"/planner/{plan}/sheet", headers={"Accept": "text/html"})
    text = answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", " ".join(re.findall(r"<[^>]*>", text)))
    assert "<img src=x" not in text
    for words in (
        "新边界",
        "今日边界，将撤",
        "换手的地块",
        "镇界",
        "公里网",
        "EPSG:4549",
        "拟稿",
        "送审",
        "批准",
        "生效",
        "审图号",
        "演示数据",
    ):
        assert words in text
    table = re.search(r'<table class="sheet__grids">.*?</table>', text, re.S)[0]
    assert all(name in table for name in ("甲村第 1 网格", "乙村第 2 网格", "甲村", "乙村"))
    lineage = re.search(r'<table class="sheet__lineage">.*?</table>', text, re.S)[0]
    assert {(B1, A1), (B1, B1), (B2, f"{VILLAGES[1]}003")} <= {
        tuple(re.findall(r"<small>(\d+)</small>", row)) for row in re.findall(r"<tr>.*?</tr>", lineage, re.S)
    }
    english = page(shared_web.browser("planner2"), plan, "?lang=en")
    assert "Map approval no." in english
    assert not re.search(r">\s*planner\.\w+", re.sub(r"<script.*?</script>", "", english + text, flags=re.S))


def test_a_plan_that_changes_nothing_shows_the_whole_town(planner):
    text = page(planner, opened(planner))
    svg = drawn(text)
    assert (lines(svg, "s-fresh"), lines(svg, "s-gone"), "没有变动" in text) == ([], [], True)
    assert "湖区" in re.search(r'<table class="sheet__grids">.*?</table>', text, re.S)[0]


def test_who_may_read_it(shared_web, planner, plan):
    for who in ("worker-a1", "command"):
        assert shared_web.browser(who).get(f"/planner/{plan}/sheet").status_code == 403
    assert shared_web.browser("planner2").get(f"/planner/{plan}/sheet").status_code == 200
    assert planner.get("/planner/01900000-0000-7000-8000-000000000000/sheet").status_code == 404


def test_the_approval_number_and_who_decided_stand_on_a_published_plan_whose_codes_stay(web, databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            """update town set settings = settings || '{"map_approval": "浙嘉S(2026)12号"}' where code = %s""", [TOWN]
        )
    connection.close()
    planner, other = web.browser("planner"), web.browser("planner2")
    plan = opened(planner, "公布")
    done(draw(planner, plan, 0, NORTH))
    before = page(planner, plan)
    assert "<b>浙嘉S(2026)12号</b>" in before
    assert before.count("sheet__blank") == 3
    for who, step, body in ((planner, "submit", {}), (other, "approve", {}), (other, "publish", {"count": 0})):
        done(who.post(f"/api/v1/plans/{plan}/{step}", body))
    after = page(planner, plan)
    people = re.search(r'<dl class="sheet__people">.*?</dl>', after, re.S)[0]
    assert re.findall(r"<b>(\w+)</b>", people) == ["planner", "planner", "planner2", "planner2"]
    assert len(re.findall(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", people)) == 4
    # what a grid was published as is not another number because that number is taken now
    codes = [re.findall(r"<small>(\d{15})</small>", text) for text in (before, after)]
    assert codes[0] == codes[1]
    assert f"{VILLAGES[1]}003" in codes[0]


@given(st.floats(1, 90_000), st.floats(1, 90_000), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_any_extent_fits_into_the_frame_at_a_usual_scale(wide, high, x, y):
    view = View.of((x, y, x + wide, y + high))
    west, south, east, north = view.frame.bounds
    assert west < x
    assert south < y
    assert east > x + wide
    assert north > y + high
    assert view.scale % 500 == 0
    at = view.mm(np.array([[x, y], [x + wide, y + high]]))
    assert (at[1] - at[0]) * view.scale / 1000 == pytest.approx([wide, -high])
