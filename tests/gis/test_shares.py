"""Border candidates: shares of an accuracy circle, against plain overlay in the metric CRS."""

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.lattice import snap, snap_values
from gis.locate import AreaIndex
from tests.gis.coverages import at, random_coverage, square

METRIC = "EPSG:4549"
NYC = Path(__file__).resolve().parents[3] / "shared" / "data" / "nyc311"


def halves():
    """Two squares of about 1 km that share the border x = 100,000 steps."""
    return geopandas.GeoSeries([square(0, 0, 100_000), square(100_000, 0, 100_000)], crs="EPSG:4490")


def test_circle_on_the_border_is_shared_in_halves():
    found = AreaIndex(halves()).shares(*at(100_000, 50_000), 5.0, METRIC)
    assert sorted(row for row, _ in found.of(0)) == [0, 1]
    assert [share for _, share in found.of(0)] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert found.outside[0] == pytest.approx(0.0, abs=1e-6)


def test_circle_at_the_corner_of_the_town_is_three_quarters_outside():
    found = AreaIndex(halves()).shares(*at(0, 0), 20.0, METRIC)
    assert found.of(0) == [(0, pytest.approx(0.25, abs=1e-4))]
    assert found.outside[0] == pytest.approx(0.75, abs=1e-4)


def test_exact_position_has_its_own_area_alone():
    index = AreaIndex(halves())
    for radius in (0.0, -1.0, np.nan):
        found = index.shares(*at(100_000, 50_000), radius, METRIC)
        assert found.of(0) == [(0, 1.0)]
        assert found.outside[0] == 0.0


def test_far_from_a_border_and_far_outside():
    found = AreaIndex(halves()).shares(
        [at(50_000, 50_000)[0], 121.5, np.nan], [at(50_000, 50_000)[1], 30.4, 30.4], 5.0, METRIC
    )
    assert found.of(0) == [(0, 1.0)]
    assert found.of(1) == found.of(2) == []
    assert found.outside.tolist()[:2] == [0.0, 1.0]
    assert np.isnan(found.outside[2])


def test_circle_outside_the_town_that_reaches_in_names_the_area():
    lon, lat = at(-300, 50_000)  # about 2.9 m west of the first square
    found = AreaIndex(halves()).shares(lon, lat, 5.0, METRIC)
    assert [row for row, _ in found.of(0)] == [0]
    assert found.of(0)[0][1] + found.outside[0] == pytest.approx(1.0)


@given(st.integers(0, 10_000), st.floats(0.5, 3_000))
@settings(deadline=None, max_examples=30)
def test_shares_add_up_and_equal_plain_overlay(seed, radius):
    areas = random_coverage(seed, 6)
    rng = np.random.default_rng(seed)
    xy = np.array([at(*p) for p in rng.uniform(-50_000, 1_050_000, (12, 2))])
    found = AreaIndex(areas).shares(xy[:, 0], xy[:, 1], radius, METRIC)
    total = np.bincount(found.point, found.share, len(xy)) + found.outside
    assert total == pytest.approx(np.ones(len(xy)), abs=1e-6)
    discs = geopandas.GeoSeries(shapely.points(xy), crs="EPSG:4490").to_crs(METRIC).buffer(radius, quad_segs=16)
    # A border is straight in degrees; with a vertex every 10 m it is so in the metric CRS too.
    metric = areas.segmentize(1e-4).to_crs(METRIC).geometry.values
    for point, disc in enumerate(discs):
        plain = shapely.area(shapely.intersection(metric, disc)) / disc.area
        mine = np.zeros(len(areas))
        for row, share in found.of(point):
            mine[row] = share
        assert mine == pytest.approx(plain, abs=1e-4)


@pytest.mark.skipif(not NYC.is_dir(), reason="the New York sample lies beside the project, not in it")
def test_recorded_district_is_found_or_among_the_candidates_in_new_york():
    districts = geopandas.read_file(NYC / "community_districts.geojson")
    districts = districts.sort_values("BoroCD").reset_index(drop=True)
    districts.geometry = snap(districts.geometry)
    requests = pd.read_csv(NYC / "requests.csv", dtype=str)
    boroughs = {"MANHATTAN": "1", "BRONX": "2", "BROOKLYN": "3", "QUEENS": "4", "STATEN ISLAND": "5"}
    named = requests[requests["community_board"].str.match(r"\d\d [A-Z]", na=False)]
    named = named[named["longitude"].notna()]
    board = named["community_board"].str[3:].map(boroughs) + named["community_board"].str[:2]
    lon, lat = (snap_values(named[c].astype(float)) for c in ("longitude", "latitude"))
    index = AreaIndex(districts)
    code = districts["BoroCD"].astype(int).astype(str)
    rows = index.locate(lon, lat)
    agree = np.array([row >= 0 and code[row] == want for row, want in zip(rows, board, strict=True)])
    assert (len(named), int(agree.sum())) == (950, 940)
    found = index.shares(lon, lat, 5.0, "EPSG:32618")
    for point in np.flatnonzero(~agree):
        assert board.iloc[point] in {code[row] for row, _ in found.of(point)}
