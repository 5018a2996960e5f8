"""The manifest of a town pack, `pack.toml`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pyproj
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from gis.crs import canonical

CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Part(BaseModel):
    """A table of the manifest; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class TownPart(Part):
    """The town."""

    code: Annotated[str, StringConstraints(pattern=f"^{CODE.pattern}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    name_en: str | None = None
    metric_crs: str
    timezone: str = "Asia/Shanghai"
    synthetic: bool = False

    @field_validator("metric_crs")
    @classmethod
    def _metric(cls, value: str) -> str:
        check_metric(value)
        return canonical(value)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        check_timezone(value)
        return value


def check_metric(value: str) -> int:
    """Return the EPSG number of a projected system in metres; ValueError says what is wrong with another."""
    name = canonical(value)
    if not name.startswith("EPSG:"):
        raise ValueError(f"the metric system is given as EPSG:N, not {value}")
    system = pyproj.CRS.from_user_input(name)
    if not system.is_projected or any(axis.unit_name != "metre" for axis in system.axis_info[:2]):
        raise ValueError(
            f"{name} is not a projected system in metres; use the one of the local survey, such as EPSG:4549"
        )
    return int(name[5:])


def check_timezone(value: str) -> None:
    """Raise ValueError unless the name is an IANA time zone."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {value}; write it as Asia/Shanghai") from error


class NoticePart(Part):
    """What is shown wherever the data is seen."""

    zh: str = ""
    en: str = ""


class MapPart(Part):
    """How the map opens; without `center` it shows the town's boundary."""

    center: tuple[float, float] | None = None
    zoom: Annotated[float, Field(ge=0, le=24)] | None = None
    min_zoom: Annotated[float, Field(ge=0, le=24)] | None = None
    max_zoom: Annotated[float, Field(ge=0, le=24)] | None = None


class HillshadePart(Part):
    """A shaded relief: an image with its bounds in degrees, EPSG:4490."""

    file: str
    bounds: tuple[float, float, float, float]


class SourcePart(Part):
    """Where data of the pack comes from."""

    file: str
    what: str
    url: str | None = None
    name: str | None = None
    licence: str
    date: dt.date | str | None = None


class IncidentsPart(Part):
    """The Monday that stands for the week of the load; without it times are true times."""

    anchor: AwareDatetime | None = None


class AreasPart(Part):
    """When the boundaries came into force; the moment of the load if not given."""

    valid_from: AwareDatetime | None = None


def _system(value: Any) -> Any:
    return canonical(str(value))


class Manifest(Part):
    """`pack.toml`."""

    format: Literal[1]
    crs: Annotated[str, BeforeValidator(_system)] = "EPSG:4490"
    town: TownPart
    notice: NoticePart = NoticePart()
    map: MapPart = MapPart()
    hillshade: HillshadePart | None = None
    incidents: IncidentsPart = IncidentsPart()
    areas: AreasPart = AreasPart()
    source: tuple[SourcePart, ...] = ()
    settings: dict[str, Any] = {}
