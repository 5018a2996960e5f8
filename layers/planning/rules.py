"""What a town expects of its grids, and how much work they make. Pure: settings in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import Invalid

RECENT_DAYS = 90
COMMUNITY, EXCLUSIVE = "community", "exclusive"
# A grid with entities above so many times the mean of all.
MANY_ENTITIES = 2.0
# Figures of a leaf that are counts, and those of its shape.
COUNTS = ("households", "entities", "incidents_90d", "open_incidents")
SPREAD = ("households", "incidents_90d", "entities", "hours_week")
Hours = Annotated[float, Field(ge=0, le=10_000)]


class Workload(BaseModel):
    """Hours of work: for an incident, for an entity and year, for a household and year."""

    model_config = ConfigDict(extra="forbid")
    incident_h: Hours = 2.0
    entity_h_year: Hours = 4.0
    household_h_year: Hours = 0.5

    def hours_week(self, households: float, entities: float, incidents_90d: float) -> float:
        """Return hours a week.

        Examples
        --------
        >>> round(Workload(incident_h=2, entity_h_year=5.2, household_h_year=0.52).hours_week(300, 10, 90), 2)
        18.0
        """
        year = entities * self.entity_h_year + households * self.household_h_year
        return incidents_90d * self.incident_h / (RECENT_DAYS / 7) + year / 52


class Limits(BaseModel):
    """What a town expects, from the settings of its pack."""

    model_config = ConfigDict(extra="ignore")
    grid_households: tuple[int, int] = (300, 500)
    mixed_community_households: tuple[int, int] = (200, 300)
    grid_duties: tuple[str, ...] = ("primary_responsible",)
    workload: Workload = Workload()
    # how many metres gaps and overlaps of a file may be wide to be closed in a draft
    draft_repair_m: Annotated[float, Field(ge=0, le=100)] = 10.0
    # 审图号, of a town whose maps have one
    map_approval: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        for low, high in (self.grid_households, self.mixed_community_households):
            if not 0 <= low <= high:
                raise ValueError("fewest households first, then most")
        return self

    def households(self, kind: Any, above: Any) -> tuple[int, int] | None:
        """Return fewest and most households of a grid, from its kind and that of its village; None for no bound."""
        if kind == EXCLUSIVE:
            return None
        if above == COMMUNITY:  # mixed or not is not told apart: both bounds are usual
            return self.mixed_community_households[0], self.grid_households[1]
        return self.grid_households


def of_settings(settings: Mapping[str, Any] | None) -> Limits:
    """Return what the settings of a town say.

    Raises
    ------
    Invalid
        ``plan.settings``: a value that does not hold.
    """
    try:
        return Limits.model_validate(settings or {})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise Invalid("plan.settings", f"the setting {where} of this town does not hold: {fault['msg']}") from error


def spread(values: Sequence[float]) -> float | None:
    """Return standard deviation over mean; None where there is nothing to compare.

    Examples
    --------
    >>> spread([2, 4, 4, 4, 5, 5, 7, 9])
    0.4
    """
    if not len(values) or not np.mean(values):
        return None
    return float(np.std(values) / np.mean(values))
