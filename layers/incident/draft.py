"""A report as it arrives, checked field by field. A place that is wrong is no fault here: it goes to triage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from data import clock

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# A phone's clock may run ahead; what lies further in the future did not happen yet.
CLOCK_AHEAD = timedelta(minutes=5)
# How a report may come in; a file that is imported keeps its own words.
Channel = Literal[
    "110", "12345", "api", "app", "drone", "email", "feed", "file", "grid", "grid_worker", "higher", "hotline", "import",
    "letter", "map", "media", "open311", "other", "paper", "patrol", "phone", "public", "sensor", "sms", "snapshot", "test",
    "video", "village", "visit", "web", "wechat", "window",
]  # fmt: skip


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "the text holds a NUL character")
    return text


def _not_ancient(moment: datetime) -> datetime:
    if moment < EARLIEST:
        raise PydanticCustomError("ancient", "the time lies before {year}", {"year": EARLIEST.year})
    return moment


def _not_to_come(moment: datetime) -> datetime:
    if moment > clock.now() + CLOCK_AHEAD:
        raise PydanticCustomError("future", "the time lies in the future")
    return moment


def _text(most: int, least: int = 0) -> Any:
    limits = StringConstraints(strip_whitespace=True, min_length=least, max_length=most)
    return Annotated[str, limits, AfterValidator(_no_nul)]


Moment = Annotated[AwareDatetime, AfterValidator(_not_ancient)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Reporter(BaseModel):
    """Who reports. Nobody has to say who they are."""

    model_config = ConfigDict(extra="forbid")
    name: _text(100) | None = None  # type: ignore[valid-type]
    phone: _text(40) | None = None  # type: ignore[valid-type]
    anonymous: bool = False


class Draft(BaseModel):
    """The body of a report; the fields as in `docs/` and the OpenAPI document.

    ``lon``, ``lat`` are degrees in ``crs`` (``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, ``EPSG:N``); a missing or
    unknown ``crs`` is kept and asked for later. Times carry their zone; what is reported has happened.
    """

    model_config = ConfigDict(extra="forbid")
    id: UUID | None = None
    title: _text(200, 1)  # type: ignore[valid-type]
    description: _text(10_000) = ""  # type: ignore[valid-type]
    category: Code | None = None
    lon: Degrees | None = None
    lat: Degrees | None = None
    crs: _text(40) | None = None  # type: ignore[valid-type]
    accuracy_m: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None
    provider: _text(40) | None = None  # type: ignore[valid-type]
    address: _text(1_000) | None = None  # type: ignore[valid-type]
    occurred_at: Annotated[Moment, AfterValidator(_not_to_come)] | None = None
    client_at: Moment | None = None
    channel: Channel = "api"
    reporter: Reporter | None = None
    external_ref: _text(200) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _both_coordinates(self) -> Draft:
        if (self.lon is None) != (self.lat is None):
            raise PydanticCustomError("lon_lat", "lon and lat go together: give both or neither")
        return self


class Placing(BaseModel):
    """A place picked in triage: a coordinate, a grid, or the yes to what was suggested; and why."""

    model_config = ConfigDict(extra="ignore")
    version: int
    lon: Degrees | None = None
    lat: Degrees | None = None
    crs: _text(40) = "cgcs2000"  # type: ignore[valid-type]
    grid: Code | None = None
    accept_suggestion: bool = False
    reason: _text(500, 1)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _one_way(self) -> Placing:
        if (self.lon is None) != (self.lat is None):
            raise PydanticCustomError("lon_lat", "lon and lat go together: give both or neither")
        ways = (self.lon is not None, self.grid is not None, self.accept_suggestion)
        if sum(ways) != 1:
            raise PydanticCustomError("one_place", "give one of: lon and lat, grid, accept_suggestion")
        return self
