"""What a planner asks for: operations as the page sends them, without codes for what is new; plans, steps, staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Point = tuple[Degrees, Degrees]
Line = Annotated[list[Point], Field(min_length=2, max_length=5000)]
Ring = Annotated[list[Point], Field(min_length=3, max_length=20_000)]
Polygons = Annotated[
    list[Annotated[list[Ring], Field(min_length=1, max_length=1000)]], Field(min_length=1, max_length=5000)
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Codes = Annotated[list[Code], Field(max_length=1000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
NEW = "\0new{}"  # stands for a code until the server gives one; no code can be that


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Values(_Part):
    """What may be said of a new area."""

    name: Name | None = None
    name_en: Name | None = None
    kind: Kind | None = None

    def given(self) -> dict[str, Any]:
        """What was said."""
        return self.model_dump(exclude_unset=True)


class Described(Values):
    """What may be said of any area: also the area it lies in."""

    parent: Code | None = None


class _Operation(_Part):
    def plain(self) -> dict[str, Any]:
        """The operation as `gis.partition.operations.of_json` reads it; codes that are to be given are `NEW`."""
        return self.model_dump(mode="json")


class MoveVertex(_Operation):
    """Move a vertex with every border that ends there."""

    kind: Literal["move_vertex"]
    at: Point
    to: Point


class SplitJunction(_Operation):
    """Pull a leaf back from a junction."""

    kind: Literal["split_junction"]
    at: Point
    to: Point
    leaf: Code


class Reshape(_Operation):
    """Give the border between two areas another course."""

    kind: Literal["reshape"]
    between: tuple[Code, Code]
    line: Line


class Split(_Operation):
    """Divide a leaf by a line; ``count`` new leaves, by default one."""

    kind: Literal["split"]
    leaf: Code
    line: Line
    count: Annotated[int, Field(ge=1, le=50)] = 1
    values: Values = Values()

    def plain(self) -> dict[str, Any]:
        codes = [NEW.format(n) for n in range(self.count)]
        return {"kind": self.kind, "leaf": self.leaf, "line": self.line, "codes": codes, "values": self.values.given()}


class Merge(_Operation):
    """Make leaves one."""

    kind: Literal["merge"]
    codes: Annotated[list[Code], Field(min_length=1, max_length=1000)]
    into: Code


class HandOver(_Operation):
    """Give what lies inside polygons to a leaf."""

    kind: Literal["hand_over"]
    polygons: Polygons
    to: Code
    sources: Codes = []
    units: Annotated[list[Name], Field(max_length=5000)] = []


class CutOut(_Operation):
    """Make what lies inside polygons a new leaf."""

    kind: Literal["cut_out"]
    polygons: Polygons
    parent: Code | None = None
    sources: Codes = []
    values: Values = Values()

    def plain(self) -> dict[str, Any]:
        return {**self.model_dump(mode="json"), "code": NEW.format(0), "values": self.values.given()}


class NewLeaf(_Part):
    """A leaf of a redrawn area; without code it is a new one."""

    code: Code | None = None
    polygons: Polygons
    values: Values = Values()


class Redraw(_Operation):
    """Draw all leaves of an area anew."""

    kind: Literal["redraw"]
    area: Code
    leaves: Annotated[list[NewLeaf], Field(min_length=1, max_length=500)]
    width_m: Annotated[float, Field(ge=0, le=1000)] = 0.0

    def plain(self) -> dict[str, Any]:
        leaves = [
            [leaf.code or NEW.format(n), leaf.model_dump(mode="json")["polygons"], leaf.values.given()]
            for n, leaf in enumerate(self.leaves)
        ]
        return {"kind": self.kind, "area": self.area, "leaves": leaves, "width_m": self.width_m}


class Drawing(_Operation):
    """Leaves drawn anew from a file (`layers.planning.files`), with codes or `NEW`; never sent by a page."""

    kind: Literal["draw"]
    leaves: Annotated[list[tuple[str, list[list[list[Point]]], dict[str, Any], list[str]]], Field(max_length=2000)]
    gone: Codes = []
    width_m: Annotated[float, Field(ge=0)] = 0.0
    source: str = ""


class Describe(_Operation):
    """Change what is said of an area."""

    kind: Literal["describe"]
    code: Code
    values: Described

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "code": self.code, "values": self.values.given()}


Operation = Annotated[
    MoveVertex | SplitJunction | Reshape | Split | Merge | HandOver | CutOut | Redraw | Describe,
    Field(discriminator="kind"),
]


class NewPlan(_Part):
    """A plan to open."""

    id: UUID | None = None
    name: Name


class Seen(_Part):
    """A change, with the version that its sender saw. ``id``: a retry with the same one is the same change."""

    id: UUID | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)]


class Edit(Seen):
    """One operation on a draft."""

    operation: Operation


class DrawFile(_Part):
    """How a file is to be read; with ``apply`` it is drawn into the draft, whose ``version`` its sender saw.

    ``width_m``: gaps, overlaps, slivers and open lines so wide are closed, invalid rings and doubtful codes mended; 0: nothing is.
    """

    id: UUID | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    crs: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] | None = None
    layer: Annotated[str, StringConstraints(max_length=200)] | None = None
    width_m: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    apply: bool = False


class Aims(_Part):
    """How much each aim of a proposal counts; 0 leaves it out."""

    balance: Annotated[float, Field(ge=0, le=100)] = 4.0
    compact: Annotated[float, Field(ge=0, le=100)] = 2.0
    together: Annotated[float, Field(ge=0, le=100)] = 3.0
    stay: Annotated[float, Field(ge=0, le=100)] = 1.0


class Proposing(_Part):
    """Proposals asked for: how many grids an area is to have (none: as many as today), and households of each."""

    area: Code
    count: Annotated[int, Field(ge=1, le=200)] | None = None
    least: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    most: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    weights: Aims = Aims()
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class Returned(_Part):
    """Why a plan goes back."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Publishing(_Part):
    """When the boundaries are to be in force (none: at once), and how many open cases change hands, as read by who publishes."""

    at: AwareDatetime | None = None
    count: Annotated[int, Field(ge=0, lt=2**31)]

    @property
    def moment(self) -> datetime | None:
        """The moment asked for."""
        return self.at


class Responsible(_Part):
    """Somebody who is to be responsible for a leaf. ``staff``: code of the person."""

    code: Code
    role: Literal["liaison_cadre", "primary_responsible", "primary_informant"]
    staff: Code


class StaffOfPlan(_Part):
    """All whom a plan names."""

    staff: Annotated[list[Responsible], Field(max_length=2000)]
