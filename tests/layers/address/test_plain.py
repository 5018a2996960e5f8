"""The short way for one plain point gives what the general way gives, on borders and corners too."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.address import locating, service
from layers.area import index as areas_in_force

# Borders and corners of the small town lie on hundredths of a degree.
LON = st.floats(120.87, 120.92) | st.sampled_from([120.88, 120.89, 120.90, 120.91])
LAT = st.floats(30.39, 30.43) | st.sampled_from([30.40, 30.41, 30.42])
ODD = st.sampled_from([0.0, float("nan"), -30.4, 500.0])


@given(LON | ODD | LAT, LAT | ODD | LON, st.sampled_from(["wgs84", "cgcs2000", "gcj02", "EPSG:4326", "mars", "", None]))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_point_is_placed_alike_by_both_ways(session, lon, lat, crs):
    areas = areas_in_force.current(session)
    general = service._places(areas, locating.locate(areas, [lon], [lat], crs, np.nan), np.array([np.nan]))[0]
    assert service.locate(session, lon, lat, crs) == general


def test_plain_points_take_the_short_way(session):
    areas = areas_in_force.current(session)
    assert service._plain(areas, 120.885, 30.405, "wgs84") is not None
    assert service._plain(areas, 120.885, 30.405, "gcj02") is None
    assert service._plain(areas, 121.5, 30.405, "wgs84") is None
