"""One model for each table of a town pack: what a row must hold. An empty cell is an absent value."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from gis.crs import canonical

_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PERIOD = re.compile(r"([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d")


def _split(value: Any) -> Any:
    """Return the parts of a `;` list."""
    return tuple(part.strip() for part in value.split(";") if part.strip()) if isinstance(value, str) else value


def _system(value: Any) -> Any:
    """Return the canonical name of a coordinate system; `unknown` is allowed and ends in triage."""
    return "unknown" if value == "unknown" else canonical(str(value))


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise ValueError("a colour is written #RRGGBB")
    return value


def _credit_code(value: str) -> str:
    """Return a code of a legal person: of a register in any country by its form, a unified social credit code in full.

    Source: GB 32100-2015, 18 characters without I, O, S, V, Z; the last checks the others with weights 3^i mod 31.
    """
    if not re.fullmatch(r"[0-9A-Za-z](?:[0-9A-Za-z ./-]*[0-9A-Za-z])?", value):
        raise ValueError(f"{value[:40]} is no credit code: letters and digits")
    if len(value) != 18 and not (len(value) > 15 and re.match(r"[0-9AN][0-9]\d{6}", value)):
        return value
    if len(value) != 18:
        raise ValueError(f"{value} has {len(value)} characters, a credit code has 18")
    if strange := [sign for sign in value if sign not in _CREDIT_SIGNS]:
        raise ValueError(f"{value} holds {strange[0]}, which no credit code has")
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(value[:17]))
    if value[17] != (due := _CREDIT_SIGNS[-total % 31]):
        raise ValueError(f"{value} is mistyped: its last character would have to be {due}")
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s;]+$")]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Urgency = Literal["U1", "U2", "U3", "U4"]
Unit = Literal["urgent_hour", "work_hour", "work_day", "natural_day"]
Level = Literal["A", "B", "C", "D"]
Colour = Annotated[str, BeforeValidator(_colour)]


class Row(BaseModel):
    """A row of a table; subclasses name their file and the columns that together are unique."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)
    file: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


class AddressRow(Row):
    file = "addresses.csv"
    key = ("plate_id",)
    plate_id: Code
    village_code: Code | None = None
    natural_village: str | None = None
    villager_group: str | None = None
    road: str | None = None
    number: str | None = None
    households: Annotated[int, Field(ge=0)] = 0
    residents: Annotated[int, Field(ge=0)] | None = None
    lon: Degrees
    lat: Degrees


class GazetteerRow(Row):
    file = "gazetteer.csv"
    key = ("kind", "name", "village_code", "target")
    kind: Literal["village", "natural_village", "group", "road", "landmark", "alias"]
    name: Name
    aliases: Words = ()
    village_code: Code | None = None
    target: str | None = None
    lon: Degrees | None = None
    lat: Degrees | None = None
    radius_m: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> GazetteerRow:
        if self.kind == "alias" and not self.target:
            raise ValueError("an alias names its target")
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat go together")
        return self


class EntityRow(Row):
    file = "entities.csv"
    key = ("uscc",)
    uscc: Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_credit_code)]
    name: Name
    kind: Code
    platform: Code = "market"
    licence_no: str | None = None
    licence_until: dt.date | None = None
    status: Literal["active", "suspended", "closed"] = "active"
    address: str | None = None
    plate_id: Code | None = None
    lon: Degrees | None = None
    lat: Degrees | None = None
    risk_level: Level | None = None
    credit_level: Level | None = None
    territorial_responsible: str | None = None
    regulator_responsible: str | None = None
    own_responsible: str | None = None
    last_inspected_on: dt.date | None = None
    next_inspection_on: dt.date | None = None


class SiteRow(Row):
    file = "sites.csv"
    key = ("code",)
    code: Code
    name: Name
    name_en: str | None = None
    kind: Code
    platform: Code
    org: Code | None = None
    address: str | None = None
    hours: str | None = None
    phone: str | None = None
    lon: Degrees
    lat: Degrees


class OrganisationRow(Row):
    file = "organisations.csv"
    key = ("code",)
    code: Code
    name: Name
    name_en: str | None = None
    kind: Code
    platforms: Words = ()
    parent: Code | None = None
    is_managing: bool = False
    head_name: str | None = None
    head_post: str | None = None
    phone: str | None = None


class PlatformRow(Row):
    file = "platforms.csv"
    key = ("code",)
    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    short: Annotated[str, StringConstraints(min_length=1, max_length=8)]
    name: Name
    name_en: str | None = None
    symbol: Literal["circle", "diamond", "square", "triangle"]
    colour_dark: Colour
    colour_light: Colour
    sort: int = 0
    managing_org: Code | None = None
    head_name: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class ForceRow(Row):
    file = "forces.csv"
    key = ("platform", "org")
    platform: Code
    org: Code
    force: Name


class RoleRow(Row):
    file = "roles.csv"
    key = ("code",)
    code: Code
    name: Name
    name_en: str | None = None
    reach: Literal["town", "area", "organisation", "platform", "own"]
    permissions: Words = ()


class StaffRow(Row):
    file = "staff.csv"
    key = ("code",)
    code: Code
    name: Name
    org: Code | None = None
    post: str | None = None
    phone: str | None = None


class DutyRow(Row):
    file = "duties.csv"
    key = ("area_code", "staff", "role")
    area_code: Code
    staff: Code
    role: Literal["liaison_cadre", "primary_responsible", "primary_informant"]
    valid_from: dt.date


class CategoryRow(Row):
    file = "categories.csv"
    key = ("code",)
    code: Code
    platform: Code
    line: str | None = None
    major: str | None = None
    minor: str | None = None
    name: Name
    name_en: str | None = None
    urgency: Urgency
    lead_org: Code | None = None
    co_orgs: Words = ()
    limit_value: Annotated[float, Field(gt=0)] | None = None
    limit_unit: Unit | None = None
    self_handle: bool = False
    keywords: Words = ()
    filing_condition: str | None = None
    closing_condition: str | None = None
    public: bool = False
    legal_basis: str | None = None

    @model_validator(mode="after")
    def _limit(self) -> CategoryRow:
        if (self.limit_value is None) != (self.limit_unit is None):
            raise ValueError("limit_value and limit_unit go together")
        return self


class LimitRow(Row):
    file = "limits.csv"
    key = ("stage", "urgency")
    stage: Literal["accept", "file", "dispatch", "sign", "handle", "inspect", "close"]
    urgency: Urgency
    value: Annotated[float, Field(gt=0)]
    unit: Unit
    source: str | None = None


class RuleRow(Row):
    file = "rules.csv"
    key = ("code",)
    code: Code
    words: Annotated[Words, Field(min_length=1)]
    not_words: Words = ()
    channel: str | None = None
    category: Code
    weight: Annotated[float, Field(gt=0)] = 1.0


class ExchangeRow(Row):
    file = "exchange.csv"
    key = ("kind", "ours")
    kind: Literal[
        "category", "organisation", "platform", "area", "state", "step", "answer", "urgency", "channel", "level"
    ]
    ours: Code
    theirs: Name


class CalendarRow(Row):
    file = "calendar.csv"
    key = ("day",)
    day: dt.date
    is_workday: bool
    periods: Words = ()
    name: str | None = None
    source: str | None = None
    provisional: bool = False

    @model_validator(mode="after")
    def _periods(self) -> CalendarRow:
        for period in self.periods:
            if not _PERIOD.fullmatch(period) or period[:5] >= period[6:]:
                raise ValueError(f"periods are written 08:00-12:00;14:00-18:00, not {period}")
        return self


State = Literal[
    "reported", "verifying", "accepted", "declined", "merged", "filed", "dispatched", "returned", "handling",
    "suspended", "transferred_up", "awaiting_inspection", "closed", "evaluated", "archived", "voided",
]  # fmt: skip


class IncidentRow(Row):
    file = "incidents.csv"
    key = ("id",)
    id: uuid.UUID
    case_no: Code
    title: Name
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    category: Code | None = None
    platform: Code | None = None
    lead_org: Code | None = None
    urgency: Urgency = "U3"
    state: State = "reported"
    channel: Code
    occurred_at: AwareDatetime
    reported_at: AwareDatetime
    accepted_at: AwareDatetime | None = None
    filed_at: AwareDatetime | None = None
    dispatched_at: AwareDatetime | None = None
    handled_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    address: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    plate_id: Code | None = None
    lon: Degrees | None = None
    lat: Degrees | None = None
    crs: Annotated[str, BeforeValidator(_system)] | None = None
    accuracy_m: Annotated[float, Field(ge=0)] | None = None
    reporter_name: str | None = None
    reporter_phone: str | None = None
    self_handled: bool = False
    rework_count: Annotated[int, Field(ge=0)] = 0
    return_count: Annotated[int, Field(ge=0)] = 0
    supervision_level: Annotated[int, Field(ge=0, le=3)] = 0

    @model_validator(mode="after")
    def _order(self) -> IncidentRow:
        times = [self.reported_at, self.accepted_at, self.filed_at, self.dispatched_at, self.handled_at, self.closed_at]
        known = [moment for moment in times if moment is not None]
        if known != sorted(known):
            raise ValueError("times do not ascend from reported_at to closed_at")
        if self.occurred_at > self.reported_at:
            raise ValueError("occurred_at lies after reported_at")
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat go together")
        return self


class UserRow(Row):
    file = "users.csv"
    key = ("username", "role")
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$")]
    name: Name
    role: Code
    org: Code | None = None
    areas: Words = ()


TABLES: tuple[type[Row], ...] = (
    PlatformRow, OrganisationRow, ForceRow, RoleRow, StaffRow, DutyRow, CategoryRow, LimitRow, RuleRow, CalendarRow,
    ExchangeRow,
    AddressRow, GazetteerRow, EntityRow, SiteRow, IncidentRow, UserRow,
)  # fmt: skip


class Shape(Row):
    """A feature of a map file; its geometry is kept beside it."""

    geometry_kinds: ClassVar[tuple[str, ...]]
    is_area: ClassVar[bool] = False


class AreaShape(Shape):
    """Common to town, villages, grids and zones."""

    key = ("code",)
    geometry_kinds = ("Polygon", "MultiPolygon")
    is_area = True
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    name: Name
    name_en: str | None = None
    parent: Code | None = None


class TownShape(AreaShape):
    file = "areas/town.geojson"
    kind: Literal["town"] = "town"


class VillageShape(AreaShape):
    file = "areas/villages.geojson"
    kind: Literal["village", "community"] = "village"


class GridShape(AreaShape):
    file = "areas/grids.geojson"
    kind: Literal["base", "exclusive"] = "base"


class ZoneShape(AreaShape):
    file = "areas/zones.geojson"
    kind: Literal["scenic", "water", "other"] = "other"


class RoadShape(Shape):
    file = "base/roads.geojson"
    key = ()
    geometry_kinds = ("LineString", "MultiLineString")
    name: str | None = None
    name_en: str | None = None
    road_class: Annotated[
        Literal["highway", "primary", "secondary", "tertiary", "street", "lane", "track"], Field(alias="class")
    ]


class WaterShape(Shape):
    file = "base/water.geojson"
    key = ()
    geometry_kinds = ("Polygon", "MultiPolygon", "LineString", "MultiLineString")
    name: str | None = None
    name_en: str | None = None
    kind: Literal["bay", "lake", "river", "pond", "tidal_flat"]


class LanduseShape(Shape):
    file = "base/landuse.geojson"
    key = ()
    geometry_kinds = ("Polygon", "MultiPolygon")
    name: str | None = None
    name_en: str | None = None
    kind: Literal["hill", "wood", "farmland", "built"]


class BuildingShape(Shape):
    file = "base/buildings.geojson"
    key = ()
    geometry_kinds = ("Polygon", "MultiPolygon")
    plate_id: Code | None = None


class PlaceShape(Shape):
    file = "base/places.geojson"
    key = ()
    geometry_kinds = ("Point",)
    name: Name
    name_en: str | None = None
    kind: Literal["neighbour_town", "hill", "bay", "lake", "natural_village"]
    min_zoom: Annotated[int, Field(ge=0, le=24)] = 0


SHAPES: tuple[type[Shape], ...] = (
    TownShape, VillageShape, GridShape, ZoneShape, RoadShape, WaterShape, LanduseShape, BuildingShape, PlaceShape,
)  # fmt: skip
