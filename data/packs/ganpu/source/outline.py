"""Hand-placed facts of the demo landscape: border, dyke, lake, hills, seats (local kilometres unless said).

The lake, the old town and the neighbouring towns lie where GeoNames has them; the rest is invented to look like a town
between hills and a bay. Coordinates are (x, y) in kilometres east and north of 120.80 E, 30.33 N.
"""

from __future__ import annotations

import numpy as np
import shapely
from frame import Floats, smooth_line, stream, to_local, wiggle
from shapely import LineString, Polygon

# The landward border, from the shore in the north-east round by north and west to the shore in the south.
BORDER_KM = [
    (13.9, 9.95),
    (12.9, 10.2),
    (12.1, 10.5),
    (11.4, 10.95),
    (11.05, 11.48),
    (10.2, 11.93),
    (9.1, 12.23),
    (8.1, 12.08),
    (7.2, 12.23),
    (6.2, 12.58),
    (5.2, 12.38),
    (4.3, 12.13),
    (3.4, 12.33),
    (2.2, 12.23),
    (1.3, 11.78),
    (0.95, 11.28),
    (1.55, 10.7),
    (1.75, 9.6),
    (1.55, 8.45),
    (0.95, 7.6),
    (0.85, 6.6),
    (1.5, 5.55),
    (2.25, 4.6),
    (2.75, 3.6),
    (2.95, 2.6),
    (3.35, 1.75),
    (3.45, 1.2),
]
# The sea dyke, from the same north-eastern point to the same southern one.
DYKE_KM = [
    (13.9, 9.95),
    (14.05, 9.2),
    (14.15, 8.4),
    (13.65, 7.5),
    (13.2, 6.7),
    (12.95, 5.9),
    (12.75, 5.25),
    (12.2, 4.75),
    (11.75, 4.55),
    (11.3, 3.95),
    (10.7, 3.2),
    (10.05, 2.75),
    (9.4, 2.55),
    (8.7, 2.0),
    (7.9, 1.6),
    (7.15, 1.3),
    (6.4, 1.25),
    (5.7, 1.0),
    (4.9, 0.85),
    (4.2, 1.0),
    (3.45, 1.2),
]
# Offshore limit of the town (low water), seaward of the dyke.
FLAT_WIDTH_KM = [
    0.16,
    0.27,
    0.34,
    0.3,
    0.24,
    0.18,
    0.1,
    0.08,
    0.1,
    0.2,
    0.28,
    0.2,
    0.23,
    0.31,
    0.36,
    0.31,
    0.25,
    0.28,
    0.31,
    0.25,
    0.16,
]

LAKE_KM = [
    (5.95, 7.25),
    (6.25, 7.38),
    (6.55, 7.2),
    (6.62, 6.98),
    (6.95, 6.95),
    (7.12, 6.72),
    (6.95, 6.58),
    (6.72, 6.6),
    (6.56, 6.53),
    (6.7, 6.36),
    (6.95, 6.3),
    (7.02, 6.05),
    (6.8, 5.92),
    (6.62, 5.98),
    (6.48, 5.7),
    (6.25, 5.5),
    (6.08, 5.66),
    (6.12, 5.95),
    (5.85, 5.92),
    (5.55, 6.0),
    (5.4, 6.25),
    (5.62, 6.4),
    (5.9, 6.42),
    (6.02, 6.51),
    (5.8, 6.66),
    (5.5, 6.72),
    (5.44, 6.98),
    (5.7, 7.02),
]

# Crest lines: (x km, y km, height m) along the crest, half width of the foot in km.
RIDGES = [
    (
        [
            (5.0, 8.05, 40),
            (4.75, 7.4, 120),
            (4.45, 6.7, 175),
            (4.5, 5.95, 205),
            (4.85, 5.25, 235),
            (5.5, 4.75, 200),
            (6.3, 4.6, 150),
            (7.0, 4.75, 175),
            (7.55, 5.25, 140),
            (7.75, 5.9, 90),
            (7.7, 6.4, 35),
        ],
        0.75,
    ),
    ([(4.6, 5.8, 210), (3.8, 5.6, 185), (3.1, 5.9, 150), (2.5, 6.6, 120), (1.9, 7.2, 90), (1.2, 7.5, 40)], 0.8),
    ([(4.85, 5.25, 230), (4.35, 4.4, 190), (4.05, 3.5, 160), (4.15, 2.6, 120), (4.6, 1.9, 75)], 0.7),
    ([(6.5, 4.6, 150), (6.75, 3.9, 130), (6.6, 3.1, 105), (6.95, 2.4, 60)], 0.55),
    (
        [
            (3.1, 5.9, 140),
            (2.6, 5.1, 150),
            (2.2, 4.3, 130),
            (1.6, 3.6, 110),
            (0.8, 3.2, 150),
            (-0.3, 3.0, 170),
            (-1.6, 3.4, 140),
            (-3.0, 3.2, 90),
        ],
        0.85,
    ),
    ([(2.2, 4.3, 120), (2.75, 3.3, 95), (2.6, 2.3, 70)], 0.5),
    ([(4.45, 6.8, 160), (3.8, 7.2, 110), (3.3, 7.6, 55)], 0.55),
    ([(7.55, 5.2, 120), (8.0, 4.6, 80), (8.1, 4.0, 45)], 0.45),
    ([(1.55, 9.9, 30), (1.1, 9.3, 88), (0.5, 8.9, 105), (-0.4, 8.6, 70)], 0.55),  # 保山 and its continuation west
    ([(8.9, 10.75, 40), (9.3, 11.05, 78), (9.75, 11.15, 52)], 0.42),  # 紫金山
    ([(4.55, 10.2, 25), (4.8, 10.55, 62), (5.05, 11.0, 38)], 0.34),  # 六里山
    ([(12.55, 8.1, 30), (12.9, 8.45, 76), (13.15, 8.9, 46)], 0.38),  # 青山
    ([(11.75, 4.75, 45), (12.1, 5.0, 92), (12.5, 5.35, 70)], 0.36),  # 长墙山, the headland
    ([(9.55, 2.85, 40), (9.95, 3.15, 66), (10.3, 3.2, 35)], 0.32),  # 葫芦山
    ([(7.15, 8.95, 22), (7.35, 9.2, 44), (7.6, 9.25, 24)], 0.28),  # 荆山
    ([(12.4, 12.3, 40), (13.1, 12.8, 85), (13.9, 13.2, 60)], 0.5),  # 秦山, beyond the border
]

HILLS = [  # name, English, lon/lat source point in local km
    ("高阳山", "Gaoyang Hill", 4.85, 5.25),
    ("鹰窠顶", "Yingke Peak", 7.0, 4.75),
    ("北木山", "Beimu Hill", 4.4, 6.75),
    ("谭仙岭", "Tanxian Ridge", 3.8, 5.6),
    ("保山", "Bao Hill", 1.15, 9.35),
    ("紫金山", "Zijin Hill", 9.35, 11.02),
    ("六里山", "Liuli Hill", 4.82, 10.6),
    ("青山", "Qing Hill", 12.9, 8.45),
    ("长墙山", "Changqiang Hill", 12.1, 5.0),
    ("葫芦山", "Hulu Hill", 9.95, 3.12),
    ("荆山", "Jing Hill", 7.35, 9.2),
    ("泊橹山", "Bolu Hill", 4.12, 2.9),
]

# code suffix, name, English, kind, seat (km), households wanted, base grids
VILLAGES = [
    ("001", "澉川社区", "Ganchuan Community", "community", (8.62, 7.04), 1080, 3),
    ("200", "镇中村", "Zhenzhong Village", "village", (8.25, 8.75), 665, 2),
    ("201", "澉浦村", "Ganpu Village", "village", (8.75, 5.45), 690, 2),
    ("202", "澉东村", "Gandong Village", "village", (11.35, 7.25), 680, 2),
    ("203", "永乐村", "Yongle Village", "village", (12.25, 9.65), 660, 2),
    ("204", "南北湖村", "Nanbeihu Village", "village", (5.45, 2.75), 420, 1),
    ("205", "澉南村", "Gannan Village", "village", (10.35, 4.55), 690, 2),
    ("206", "六里村", "Liuli Village", "village", (5.75, 10.25), 1370, 4),
    ("207", "永新村", "Yongxin Village", "village", (10.4, 9.9), 665, 2),
    ("208", "保山村", "Baoshan Village", "village", (2.85, 8.7), 640, 2),
    ("209", "茶院村", "Chayuan Village", "village", (6.65, 12.0), 645, 2),
    ("210", "紫金山村", "Zijinshan Village", "village", (8.55, 11.6), 640, 2),
    ("211", "六忠村", "Liuzhong Village", "village", (3.1, 11.4), 655, 2),
    ("212", "南山村", "Nanshan Village", "village", (5.6, 8.35), 400, 1),
]

NEIGHBOURS = [  # GeoNames points, CC BY 4.0: name, English, lon, lat
    ("通元镇", "Tongyuan", 120.83904, 30.45585),
    ("黄湾镇（海宁）", "Huangwan (Haining)", 120.79531, 30.36715),
    ("秦山街道", "Qinshan", 120.92306, 30.43457),
    ("袁花镇（海宁）", "Yuanhua (Haining)", 120.77155, 30.41454),
]


def _line(points_km: list[tuple[float, float]], name: str, strength: float, step_m: float) -> Floats:
    points = smooth_line(np.array(points_km) * 1000, 3)
    return wiggle(points, strength, step_m, stream(name))


def coast() -> tuple[Floats, Floats, Floats]:
    """Return landward border, dyke and offshore limit as polylines in local metres, each (n, 2).

    All three run between the same two end points, so that border + dyke and dyke + limit are closed rings.
    """
    border = _line(BORDER_KM, "border", 0.55, 60)
    dyke = _line(DYKE_KM, "dyke", 0.14, 80)
    along = np.linspace(0, 1, len(dyke))
    width = np.interp(along, np.linspace(0, 1, len(FLAT_WIDTH_KM)), FLAT_WIDTH_KM) * 1000
    width = width * np.minimum(1, np.minimum(along, 1 - along) * 18 + 0.0)
    seaward = np.gradient(smooth_line(np.array(DYKE_KM) * 1000, 3), axis=0)
    at = np.linspace(0, len(seaward) - 1, len(dyke))
    direction = np.column_stack([np.interp(at, np.arange(len(seaward)), seaward[:, k]) for k in (0, 1)])
    direction /= np.hypot(*direction.T)[:, None]
    normal = np.column_stack([-direction[:, 1], direction[:, 0]])
    limit = dyke + normal * width[:, None]
    limit = shapely.get_coordinates(LineString(wiggle(limit[::3], 0.2, 110, stream("limit"))).simplify(8))
    limit[0], limit[-1] = dyke[0], dyke[-1]
    return border, dyke, limit


def lake() -> Polygon:
    """Return the lake's surface in local metres."""
    ring = np.array([*LAKE_KM, LAKE_KM[0]]) * 1000
    shore = wiggle(ring, 0.8, 26, stream("lake"))
    return Polygon(smooth_line(shore[:-1], 2, closed=True)).buffer(0).simplify(2)


def neighbour_points() -> list[tuple[str, str, float, float]]:
    """Return neighbouring towns as (name, English, x, y) in local metres."""
    lonlat = np.array([(lon, lat) for *_, lon, lat in NEIGHBOURS])
    return [(name, name_en, x, y) for (name, name_en, *_), (x, y) in zip(NEIGHBOURS, to_local(lonlat), strict=True)]
