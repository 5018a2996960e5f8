"""Coordinate systems: known values, laws of the inverse, and what a doubtful point is told."""

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.crs import CrsError, canonical, doubt, from_cgcs2000, plausible, to_cgcs2000

TOWN = (120.80, 30.30, 121.05, 30.50)

# Source: coord-convert 0.2.1 and prcoords 1.0.2, which agree on them; the last row is the test value of eviltransform.
KNOWN = [
    ((100.1, 25.3), (100.10128862661168, 25.29722452616731), (100.10773717867998, 25.303352248295354)),
    ((87.6, 43.8), (87.60283897227161, 43.80121203029208), (87.60921015182171, 43.80747250765041)),
    ((116.3975, 39.9087), (116.40374357265176, 39.91010349934476), (116.4101165864734, 39.91644274963076)),
    ((109.5, 18.25), (109.50411844404833, 18.248331520999667), (109.51068025634335, 18.25401200619137)),
    ((126.6, 45.75), (126.60591024103101, 45.751913682164364), (126.61229821979313, 45.75828222092715)),
    ((120.88972, 30.3935), (120.89380839548366, 30.390891414820242), (120.9004141937529, 30.396552496508463)),
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597), None),
]
in_china = st.tuples(st.floats(73.0, 137.0), st.floats(1.5, 55.0))


@pytest.mark.parametrize(("wgs", "gcj", "bd"), KNOWN)
def test_known_values_when_going_out(wgs, gcj, bd):
    assert from_cgcs2000(*wgs, "gcj02") == pytest.approx(gcj, abs=1e-12)
    if bd:
        assert from_cgcs2000(*wgs, "bd09") == pytest.approx(bd, abs=1e-12)


@given(in_china, st.sampled_from(["gcj02", "bd09"]))
def test_inverse_gives_the_point_back_within_a_tenth_of_a_lattice_step(point, crs):
    back = to_cgcs2000(*from_cgcs2000(*point, crs), crs)
    assert back == pytest.approx(point, abs=1e-8)


@given(st.floats(-60, 60), st.floats(-80, 80), st.sampled_from(["gcj02", "bd09", "wgs84", "cgcs2000"]))
def test_outside_china_nothing_moves(lon, lat, crs):
    assert to_cgcs2000(lon, lat, crs) == (lon, lat)
    assert from_cgcs2000(lon, lat, crs) == (lon, lat)


def test_shift_in_metres_is_what_was_measured_when_read_wrongly():
    lon, lat = np.meshgrid(np.linspace(120.80, 121.05, 40), np.linspace(30.30, 30.50, 40))
    geod = pyproj.Geod(ellps="GRS80")
    for crs, low, high in (("gcj02", 480, 505), ("bd09", 1070, 1140)):
        x, y = from_cgcs2000(lon, lat, crs)
        metres = geod.inv(lon, lat, x, y)[2]
        assert metres.min() > low
        assert metres.max() < high


def test_projected_system_is_read_easting_first():
    lon, lat = to_cgcs2000(500_000.0, 3_364_000.0, "EPSG:4549")
    assert lon == pytest.approx(120.0, abs=1e-9)
    assert from_cgcs2000(lon, lat, "epsg:4549") == pytest.approx((500_000.0, 3_364_000.0), abs=1e-3)


def test_arrays_keep_their_shape_and_nan_stays_nan():
    lon = np.array([[120.9, np.nan], [120.95, 0.0]])
    lat = np.array([[30.4, 30.4], [30.45, 0.0]])
    for crs in ("wgs84", "gcj02", "bd09", "EPSG:4326"):
        x, y = to_cgcs2000(lon, lat, crs)
        assert x.shape == y.shape == (2, 2)
        assert np.isnan(x[0, 1])
        assert np.isfinite([x[0, 0], x[1, 1]]).all()
    assert isinstance(to_cgcs2000(120.9, 30.4, "gcj02")[0], float)


def test_input_array_is_not_changed_or_shared():
    lon = np.array([120.9])
    out, _ = to_cgcs2000(lon, np.array([30.4]), "wgs84")
    out[0] = 0.0
    assert lon[0] == 120.9


def test_what_cannot_be_projected_is_nan():
    lon, lat = to_cgcs2000([1e30, 500_000.0], [1e30, 3_364_000.0], "EPSG:4549")
    assert np.isnan([lon[0], lat[0]]).all()
    assert np.isfinite([lon[1], lat[1]]).all()


@pytest.mark.parametrize("crs", ["", "wgs", "EPSG:", "EPSG:999999", "EPSG:-1", "gcj-03", "火星坐标", "EPSG:4549;drop"])
def test_unknown_system_is_an_error_with_a_code(crs):
    with pytest.raises(CrsError) as caught:
        to_cgcs2000(120.9, 30.4, crs)
    assert caught.value.code == "crs.unknown"
    assert caught.value.detail == {"crs": crs}


@pytest.mark.parametrize(("spelling", "name"), [("GCJ-02", "gcj02"), (" WGS_84 ", "wgs84"), ("epsg:4490", "EPSG:4490")])
def test_spellings_of_a_known_system(spelling, name):
    assert canonical(spelling) == name


def test_plausible_names_the_readings_that_reach_the_town():
    assert plausible(120.9, 30.4, TOWN, 0) == ["cgcs2000", "wgs84", "gcj02", "bd09"]
    # 300 m east of the town: GCJ-02 and BD-09 move it back in.
    assert plausible(121.0531, 30.4, TOWN, 0) == ["gcj02", "bd09"]
    assert plausible(121.0531, 30.4, TOWN, 500) == ["cgcs2000", "wgs84", "gcj02", "bd09"]
    assert plausible(0.0, 0.0, TOWN, 3000) == []
    assert plausible(math.nan, 30.4, TOWN, 3000) == []


@pytest.mark.parametrize(
    ("lon", "lat", "what"),
    [
        (120.9, 30.4, None),
        (121.5, 30.4, None),
        (0.0, 0.0, "null_island"),
        (30.4, 120.9, "swapped"),
        (200.0, 30.4, "out_of_range"),
        (30.4, 91.0, "out_of_range"),
        (500_000.0, 3_364_000.0, "projected"),
        (math.inf, 30.4, "not_finite"),
    ],
)
def test_doubt_says_what_is_wrong_at_first_sight(lon, lat, what):
    assert doubt(lon, lat, TOWN, 3000) == what
