"""The lattice of 1e-7 degree on which every stored coordinate lies.

One step is about 1 cm. Borders share vertices exactly because all of them are lattice points, and a value has one
spelling: the double nearest to ``k / 1e7`` for an integer ``k``, which is also what PostgreSQL gives for
``round(x::numeric, 7)::float8``.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

STEPS_PER_DEG = 1e7
_SEVEN = Decimal("1e-7")
# Beyond this an integer step count would no longer be exact in a double.
_LIMIT_DEG = 2**53 / STEPS_PER_DEG
# PostgreSQL reads a float8 as numeric with 15 digits: at 180 degrees that moves a value by at most 5e-6 steps.
_TIE_MARGIN = 1e-4


def to_integers(values: ArrayLike) -> NDArray[np.int64]:
    """Return the lattice step nearest to each value, a tie going away from zero.

    Parameters
    ----------
    values : array_like of float
        Degrees, any shape; longitude and latitude alike.

    Returns
    -------
    ndarray of int64
        Same shape, in steps of 1e-7 degree.

    Raises
    ------
    GisError
        ``lattice.not_finite`` for NaN, infinity or a value too large for the lattice.

    Examples
    --------
    >>> to_integers([120.88972, 0.00000005, -0.00000005]).tolist()
    [1208897200, 1, -1]
    """
    degrees = np.asarray(values, dtype=np.float64)
    if not np.all(np.abs(degrees) < _LIMIT_DEG):
        raise GisError("lattice.not_finite", "a coordinate is not a finite number of degrees")
    scaled = degrees * STEPS_PER_DEG
    steps = np.rint(scaled)
    ties = np.flatnonzero(np.abs(np.abs(scaled.ravel() - steps.ravel()) - 0.5) < _TIE_MARGIN)
    if ties.size:
        flat = steps.ravel().copy()
        for at in ties:
            flat[at] = _decimal_step(float(degrees.ravel()[at]))
        steps = flat.reshape(steps.shape)
    return steps.astype(np.int64)


def from_integers(steps: ArrayLike) -> NDArray[np.float64]:
    """Return the degrees of lattice steps: for each integer the double nearest to ``step / 1e7``.

    Examples
    --------
    >>> from_integers([1208897200, 303935000]).tolist()
    [120.88972, 30.3935]
    """
    # Both operands are exact, so the division rounds once and gives the double nearest to the decimal number.
    return np.asarray(steps, dtype=np.int64).astype(np.float64) / STEPS_PER_DEG


def snap_values(values: ArrayLike) -> NDArray[np.float64]:
    """Return degrees moved to the nearest lattice value; NaN stays NaN, shape is kept.

    Examples
    --------
    >>> snap_values([120.889719999, float("nan")]).tolist()
    [120.88972, nan]
    """
    degrees = np.array(values, dtype=np.float64)
    finite = np.isfinite(degrees)
    degrees[finite] = from_integers(to_integers(degrees[finite]))
    return degrees


def snap(geometry):
    """Return the geometry, or array of geometries, with every vertex moved to the nearest lattice point.

    Parameters
    ----------
    geometry : shapely geometry, GeoSeries or array_like of geometries
        In degrees; None and empty geometries come back as they are. Z is dropped.

    Returns
    -------
    Same kind as given, index and CRS kept. A polygon thinner than a step may become invalid: areas that share
    borders are put on the lattice together, by `gis.partition`, and not one by one.
    """
    if hasattr(geometry, "geom_type") and hasattr(geometry, "index"):
        return type(geometry)(
            shapely.transform(geometry.to_numpy(), snap_values),
            index=geometry.index,
            crs=geometry.crs,
            name=geometry.name,
        )
    return shapely.transform(geometry, snap_values)


def on_lattice(geometry) -> bool:
    """Tell whether every vertex of a geometry, or of an array of geometries, is a lattice point.

    Examples
    --------
    >>> on_lattice(shapely.Point(120.88972, 30.3935)), on_lattice(shapely.Point(1 / 3, 0))
    (True, False)
    """
    degrees = shapely.get_coordinates(geometry)
    return bool(np.array_equal(degrees, snap_values(degrees)))


def _decimal_step(degrees: float) -> int:
    # %.15g is how PostgreSQL spells a float8 before it becomes numeric.
    return int(Decimal(f"{degrees:.15g}").quantize(_SEVEN, ROUND_HALF_UP).scaleb(7))
