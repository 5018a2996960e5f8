"""Compile the fast loops before anybody waits for them: ``python -m gis.warm`` once after installation."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from gis.locate import AreaIndex
from gis.partition import Partition
from gis.proposing import Units, propose


def warm() -> None:
    """Compile every loop that is still uncompiled and keep it on disk: some 20 s the first time, a second later."""
    halves = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    areas = geopandas.GeoDataFrame({"code": ["a", "b"], "parent": [None, None]}, geometry=halves, crs="EPSG:4490")
    AreaIndex(areas).shares([0.5, 1.0], [0.5, 0.5], 5.0, "EPSG:4549")
    Partition.from_areas(areas).areas()
    one, two = np.ones(2), np.array([[0, 1]])
    propose(Units(one, one, one, two, np.ones(1), np.array([[0.0, 0.0], [1.0, 0.0]])), 2, tries=1, trials=20)


if __name__ == "__main__":
    warm()
