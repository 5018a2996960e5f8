"""Files in and out: one function each way, every format by its name.

Nothing here knows what the rows mean. Geometry comes out in EPSG:4490, x = longitude, y = latitude.
"""

from gis.formats.delimited import DelimitedText
from gis.formats.errors import FormatError
from gis.formats.geopackage import write_package
from gis.formats.projection import known_system
from gis.formats.reading import checked, coordinates, pieces, read
from gis.formats.source import Source
from gis.formats.writing import WRITABLE, checked_target, harmless, write, write_pieces

__all__ = [
    "WRITABLE",
    "DelimitedText",
    "FormatError",
    "Source",
    "checked",
    "checked_target",
    "coordinates",
    "harmless",
    "known_system",
    "pieces",
    "read",
    "write",
    "write_package",
    "write_pieces",
]
