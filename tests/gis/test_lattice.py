"""The lattice: idempotent, exact, and the same double as the database's rounding."""

from decimal import ROUND_HALF_UP, Decimal

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import GisError
from gis.lattice import from_integers, on_lattice, snap, snap_values, to_integers

degrees = st.floats(-180, 180)
steps = st.integers(-1_800_000_000, 1_800_000_000)


@given(steps)
def test_integer_comes_back_and_is_the_nearest_double_to_the_decimal(step):
    value = float(from_integers(step))
    assert value == float(Decimal(step).scaleb(-7))
    assert int(to_integers(value)) == step


@given(degrees)
def test_snapping_twice_changes_nothing(value):
    once = snap_values(value)
    assert snap_values(once) == once
    assert abs(float(once) - value) <= 0.5000001e-7


@given(steps)
def test_tie_goes_away_from_zero(step):
    tie = Decimal(2 * step + 1).scaleb(-1).scaleb(-7)
    assert int(to_integers(float(tie))) == int(tie.quantize(Decimal("1e-7"), ROUND_HALF_UP).scaleb(7))


def test_ulp_beside_a_tie_of_many_digits_is_read_as_the_database_reads_it(postgis):
    rng = np.random.default_rng(7)
    lattice = from_integers(rng.integers(-1_800_000_000, 1_800_000_000, 3000))
    halves = (2 * rng.integers(-1_800_000_000, 1_800_000_000, 3000) + 1) / 2e7
    values = np.concatenate(
        [
            lattice,
            halves,
            np.nextafter(lattice, 999),
            np.nextafter(halves, -999),
            np.nextafter(halves, 999),
            rng.uniform(-180, 180, 3000),
        ]
    )
    postgis.execute(
        "SELECT array_agg(round(v::numeric, 7)::float8 ORDER BY i) FROM unnest(%s::float8[]) "
        "WITH ORDINALITY AS t(v, i)",
        (values.tolist(),),
    )
    assert np.array_equal(postgis.fetchone()[0], snap_values(values))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_value_that_is_no_degree_is_an_error(bad):
    with pytest.raises(GisError) as caught:
        to_integers([120.9, bad])
    assert caught.value.code == "lattice.not_finite"


def test_geometries_are_snapped_with_index_and_crs_kept():
    series = geopandas.GeoSeries([shapely.Point(1 / 3, 2 / 3), None, shapely.Point()], index=[5, 6, 7], crs="EPSG:4490")
    out = snap(series)
    assert list(out.index) == [5, 6, 7]
    assert out.crs == series.crs
    assert out[5] == shapely.Point(0.3333333, 0.6666667)
    assert out[6] is None
    assert out[7].is_empty
    assert on_lattice(out.to_numpy())
    assert not on_lattice(series.to_numpy())
    assert snap(shapely.Point(1 / 3, 0)) == shapely.Point(0.3333333, 0)
    assert list(snap([shapely.Point(1 / 3, 0)])) == [shapely.Point(0.3333333, 0)]
