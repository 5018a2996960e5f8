"""The plain rows a gazetteer is built from: tuples in this order, mappings with these keys, or these classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

#: The kinds a place name may have.
PLACE_KINDS = ("village", "natural_village", "group", "road", "landmark", "alias")


class Plate(NamedTuple):
    """One door plate; lon and lat in degrees in the gazetteer's CRS."""

    plate_id: str
    village_code: str = ""
    natural_village: str = ""
    villager_group: str = ""
    road: str = ""
    number: str = ""
    lon: float = float("nan")
    lat: float = float("nan")


class Place(NamedTuple):
    """One place name; aliases are separated by ";", the target of kind ``alias`` is a name, an area code or an
    entity id."""

    kind: str
    name: str
    aliases: str | tuple[str, ...] = ""
    village_code: str = ""
    target: str = ""
    lon: float | None = None
    lat: float | None = None
    radius_m: float | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """The aliases, one by one."""
        aliases = self.aliases or ""
        parts = aliases.split(";") if isinstance(aliases, str) else aliases
        return tuple(part.strip() for part in parts if part and part.strip())


class Entity(NamedTuple):
    """A shop, firm, school, station: anything with a name of its own and one position."""

    id: str
    name: str
    lon: float
    lat: float
    village_code: str = ""


class Village(NamedTuple):
    """A village or community, with its area code; the point is optional (else the middle of its door plates)."""

    code: str
    name: str
    lon: float | None = None
    lat: float | None = None
    radius_m: float | None = None


Row = TypeVar("Row", Plate, Place, Entity, Village)


def coerce(row_type: type[Row], rows: Iterable[Any]) -> tuple[Row, ...]:
    """Return rows as the named tuples of this module.

    Mappings may have more keys than needed and may lack those with a default; None is as good as absent for text.
    """
    fields = row_type._fields
    texts = frozenset(field for field in fields if row_type.__annotations__[field] in ("str", str))
    out: list[Row] = []
    for row in rows:
        if isinstance(row, row_type):
            out.append(row)
        elif isinstance(row, Mapping):
            known = {key: row[key] for key in fields if key in row and not (row[key] is None and key in texts)}
            out.append(row_type(**known))
        else:
            out.append(row_type(*row))
    return tuple(out)


def finite(lon: float | None, lat: float | None) -> bool:
    """Tell whether both coordinates are there and are numbers."""
    return lon is not None and lat is not None and lon == lon and lat == lat
