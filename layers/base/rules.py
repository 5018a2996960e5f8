"""Classes of roads, and how those of OpenStreetMap map to them. Pure."""

from __future__ import annotations

ROAD_CLASSES = ("highway", "primary", "secondary", "tertiary", "street", "lane", "track")

_BY_OSM = {
    "motorway": "highway", "trunk": "highway", "primary": "primary", "secondary": "secondary", "tertiary": "tertiary",
    "unclassified": "street", "residential": "street", "living_street": "street", "pedestrian": "street",
    "road": "street",
    "service": "lane", "footway": "lane", "steps": "lane", "cycleway": "lane", "path": "track", "track": "track",
    "bridleway": "track", "busway": "street",
}  # fmt: skip


def road_class(value: str | None) -> str | None:
    """Return the class of a road from our own name or OpenStreetMap's `highway` value, None if it is neither.

    >>> road_class("trunk_link"), road_class("lane"), road_class(""), road_class("proposed")
    ('highway', 'lane', 'street', None)
    """
    if not value:
        return "street"
    if value in ROAD_CLASSES:
        return value
    return _BY_OSM.get(value.removesuffix("_link"))
