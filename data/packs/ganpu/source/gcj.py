"""The offset that map services put on coordinates (GCJ-02): some reports of the demo year carry it, as real ones do."""

from __future__ import annotations

from math import cos, pi, radians, sin, sqrt

_A, _EE = 6378245.0, 0.00669342162296594323


def from_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in GCJ-02 of a WGS-84 position in degrees; about 490 m away at the town.

    Source: the published form of the transformation (eviltransform, coordtransform and others agree to millimetres).
    """
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
    d_lat += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
    d_lon += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    magic = 1 - _EE * sin(radians(lat)) ** 2
    d_lat = d_lat * 180.0 / (_A * (1 - _EE) / (magic * sqrt(magic)) * pi)
    d_lon = d_lon * 180.0 / (_A / sqrt(magic) * cos(radians(lat)) * pi)
    return round(lon + d_lon, 7), round(lat + d_lat, 7)
