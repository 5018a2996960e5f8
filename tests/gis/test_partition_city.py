"""The same laws on a city's real borders: New York's 71 community districts with 83,041 vertices, islands and jagged shores."""

import geopandas
import numpy as np
import pytest
import shapely

from gis.partition import Partition, PartitionError
from tests.conftest import SHARED
from tests.gis.drafts import Draftsman, through_json

DISTRICTS = SHARED / "data" / "nyc311" / "community_districts.geojson"
pytestmark = pytest.mark.skipif(not DISTRICTS.exists(), reason="needs the shared data")


@pytest.fixture(scope="module")
def city():
    """The districts as grids of their boroughs; their own file has 5 m gaps and overlaps nowhere."""
    given = geopandas.read_file(DISTRICTS)
    number = [f"{int(code):03d}" for code in given.iloc[:, 0]] if given.iloc[:, 0].dtype.kind in "iu" else None
    codes = number or [f"{k:03d}" for k in range(len(given))]
    areas = geopandas.GeoDataFrame(
        {"code": codes, "parent": [f"b{code[0]}" for code in codes]},
        geometry=np.asarray(given.geometry),
        crs="EPSG:4490",
    )
    boroughs = geopandas.GeoDataFrame(
        {"code": sorted(set(areas["parent"])), "parent": "nyc"},
        geometry=[None] * areas["parent"].nunique(),
        crs="EPSG:4490",
    )
    whole = geopandas.GeoDataFrame({"code": ["nyc"], "parent": [None]}, geometry=[None], crs="EPSG:4490")
    rows = [*areas.itertuples(index=False), *boroughs.itertuples(index=False), *whole.itertuples(index=False)]
    table = geopandas.GeoDataFrame(rows, columns=["code", "parent", "geometry"], geometry="geometry", crs="EPSG:4490")
    return Partition.from_areas(table)


def bytes_of(part):
    return [shapely.to_wkb(shape) for shape in part.areas().geometry]


@pytest.mark.parametrize("seed", range(1))
def test_whatever_is_drawn_the_city_stays_one(city, seed):
    part, drawer, done = city, Draftsman(seed), 0
    first, outline = bytes_of(city), shapely.to_wkb(city.shapes(["nyc"])["nyc"])
    for _ in range(25):
        try:
            part = part.apply(through_json(drawer.operation(part)))
        except PartitionError:
            continue
        done += 1
        assert shapely.to_wkb(part.shapes(["nyc"])["nyc"]) == outline
    assert done >= 5
    assert part.faults() == []
    again = Partition.from_areas(part.areas()).areas()
    assert [shapely.to_wkb(shape) for shape in again.geometry] == bytes_of(part)
    for _ in range(done):
        part = part.undo()
    assert bytes_of(part) == first
