"""A small invented town for the address tests; positions are metres east and north of 120.9, 30.4.

石桥村 (202)                    东浜村 (203)
  groups 1-3, numbers 1-9         groups 1-3, numbers 1-9
  老街桥 (400, 1200)              老街桥 (3400, 1200)   the same name again
柳溪路, W to E along y = 500: odd numbers north (y = 510), even south (y = 490), one every 10 m; 21-29 are missing
柳塘村 (201)                    镇南村 (204)
  natural villages 王家埭, 沈家浜   two shops
花园社区 (001): 柳溪路 lies in it
"""

from __future__ import annotations

import pyproj

from gis.address import Gazetteer

GEOD = pyproj.Geod(ellps="GRS80")
ORIGIN = (120.9, 30.4)
PREFIXES = ("江南省", "云州市", "青溪县", "柳塘镇")
LIUTANG, SHIQIAO, DONGBANG, ZHENNAN, GARDEN = "100201", "100202", "100203", "100204", "100001"
VILLAGES = [
    (LIUTANG, "柳塘村委会"),
    (SHIQIAO, "石桥村委会"),
    (DONGBANG, "东浜村委会"),
    (ZHENNAN, "镇南村委会", 120.93, 30.39, 700.0),
    (GARDEN, "花园社区居民委员会"),
]


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """lon, lat of a point given in metres from the origin."""
    lon, lat, _ = GEOD.fwd(*ORIGIN, 90, east_m)
    lon, lat, _ = GEOD.fwd(lon, lat, 0, north_m)
    return lon, lat


def metres(lon: float, lat: float, point: tuple[float, float]) -> float:
    """Distance on the ellipsoid, from another library than the code under test."""
    return GEOD.inv(lon, lat, *point)[2]


def group_plates(village: str, west_m: float) -> list[tuple]:
    """Three groups 200 m apart, each with numbers 1-9 in a row 10 m apart."""
    return [
        (
            f"{village}G{group}N{number}",
            village,
            "",
            str(group),
            "",
            str(number),
            *at(west_m + 200 * group + 10 * number, 1000),
        )
        for group in (1, 2, 3)
        for number in range(1, 10)
    ]


def road_plates() -> list[tuple]:
    """柳溪路 1-60 without 21-29: number n stands n × 5 m east, odd ones north."""
    return [
        (f"L{number:03d}", GARDEN, "", "", "柳溪路", str(number), *at(5 * number, 510 if number % 2 else 490))
        for number in range(1, 61)
        if not 21 <= number <= 29
    ]


PLATES = [
    *group_plates(SHIQIAO, 0),
    *group_plates(DONGBANG, 3000),
    *road_plates(),
    ("W1", LIUTANG, "王家埭", "1", "", "1", *at(0, -1000)),
    ("W2", LIUTANG, "王家埭", "1", "", "2", *at(20, -1000)),
    ("S7", LIUTANG, "沈家浜", "2", "", "7-2", *at(500, -1000)),
    ("S9", LIUTANG, "沈家浜", "2", "", "9", *at(520, -1000)),
]
PLACES = [
    ("landmark", "老街桥", "", SHIQIAO, "", *at(400, 1200), 20.0),
    ("landmark", "老街桥", "", DONGBANG, "", *at(3400, 1200), 20.0),
    ("landmark", "柳塘水库", "大塘", LIUTANG, "", *at(1000, -1500), 30.0),
    ("alias", "石码头村", "", "", SHIQIAO, None, None, None),
    ("alias", "老供销社", "", "", "E3", None, None, None),
    ("alias", "土地庙", "", LIUTANG, "", *at(300, -1200), 40.0),
]
ENTITIES = [
    ("E1", "青溪县柳塘镇好再来饭店", *at(3000, -900)),
    ("E2", "云州市明珠紧固件有限公司", *at(3100, -950)),
    ("E3", "柳塘百货商店", *at(100, 520)),
]


def willow_town() -> Gazetteer:
    """The gazetteer of the town."""
    return Gazetteer.build(PLATES, PLACES, ENTITIES, VILLAGES, PREFIXES)


def rue_town() -> Gazetteer:
    """A town of Latin names, as it comes out of an OSM extract: roads and numbers only."""
    plates = [
        ("R10", "", "", "", "Rue Grimaldi", "10", 7.4200, 43.7350),
        ("R12", "", "", "", "Rue Grimaldi", "12", 7.4202, 43.7351),
        ("R12b", "", "", "", "Rue Grimaldi", "12bis", 7.4203, 43.7351),
        ("R20", "", "", "", "Rue Grimaldi", "20", 7.4210, 43.7355),
        ("A25", "", "", "", "Avenue Albert II", "25", 7.4170, 43.7303),
        ("E1", "", "", "", "Rue de l'Église", "1", 7.4250, 43.7310),
        ("S4", "", "", "", "Avenue Saint-Laurent", "4-6", 7.4260, 43.7400),
    ]
    entities = [("P1", "Café de la Poste", 7.4220, 43.7360)]
    return Gazetteer.build(
        plates, [("road", "Boulevard du Larvotto", "", "", "", 7.4300, 43.7450, 400.0)], entities, [], ["Monaco"]
    )
