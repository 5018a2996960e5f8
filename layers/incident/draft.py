"""A report as it arrives, checked field by field. A place that is wrong is no fault here: it goes to triage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the text holds a NUL character")
    return text


def _not_ancient(moment: datetime) -> datetime:
    if moment < EARLIEST:
        raise ValueError(f"the time lies before {EARLIEST:%Y}")
    return moment


def _text(most: int, least: int = 0) -> Any:
    limits = StringConstraints(strip_whitespace=True, min_length=least, max_length=most)
    return Annotated[str, limits, AfterValidator(_no_nul)]


Moment = Annotated[AwareDatetime, AfterValidator(_not_ancient)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Reporter(BaseModel):
    """Who reports. Nobody has to say who they are."""

    model_config = ConfigDict(extra="ignore")
    name: _text(100) | None = None  # type: ignore[valid-type]
    phone: _text(40) | None = None  # type: ignore[valid-type]
    anonymous: bool = False


class Draft(BaseModel):
    """The body of a report; the fields as in `docs/` and the OpenAPI document.

    ``lon``, ``lat`` are degrees in ``crs`` (``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, ``EPSG:N``); a missing or
    unknown ``crs`` is kept and asked for later. Times carry their zone.
    """

    model_config = ConfigDict(extra="ignore")
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
    occurred_at: Moment | None = None
    client_at: Moment | None = None
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "api"
    reporter: Reporter | None = None
    external_ref: _text(200) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _both_coordinates(self) -> Draft:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat go together: give both or neither")
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
            raise ValueError("lon and lat go together: give both or neither")
        ways = (self.lon is not None, self.grid is not None, self.accept_suggestion)
        if sum(ways) != 1:
            raise ValueError("give one of: lon and lat, grid, accept_suggestion")
        return self
