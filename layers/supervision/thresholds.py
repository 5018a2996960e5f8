"""When each rule of efficiency supervision proposes a flag: the setting ``[settings.flags]`` of the town, with its defaults. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data.errors import Invalid


class Rule(BaseModel):
    """What every rule has: the colour that it proposes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    colour: Literal["yellow", "red"] = "yellow"


class Late(Rule):
    """Later than the deadline by more than so many minutes."""

    over_minutes: Annotated[float, Field(ge=0)] = 0


class Often(Rule):
    """So many times."""

    at_least: Annotated[int, Field(ge=1)] = 2


class Far(Rule):
    """Further away than so many metres."""

    over_m: Annotated[float, Field(ge=0)] = 100


class Quick(Rule):
    """Within so many minutes."""

    within_minutes: Annotated[float, Field(gt=0)] = 5


class Level(Rule):
    """From this level of supervision on."""

    colour: Literal["yellow", "red"] = "red"
    level: Annotated[int, Field(ge=1, le=3)] = 3


class Repeated(Rule):
    """So many yellow flags issued against one organisation in a calendar month."""

    colour: Literal["yellow", "red"] = "red"
    at_least: Annotated[int, Field(ge=2)] = 3


def _off(given: Any) -> Any:
    return None if given is False else given


Off = BeforeValidator(_off)


class Thresholds(BaseModel):
    """One entry a rule; None is switched off (``false`` in the settings)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    late_handling: Annotated[Late | None, Off] = Late()
    late_whole: Annotated[Late | None, Off] = Late()
    reworks: Annotated[Often | None, Off] = Often()
    returns: Annotated[Often | None, Off] = Often()
    no_reply: Annotated[Late | None, Off] = Late()
    far_photo: Annotated[Far | None, Off] = Far()
    same_photo: Annotated[Rule | None, Off] = Rule()
    quick_close: Annotated[Quick | None, Off] = Quick()
    supervised: Annotated[Level | None, Off] = Level()
    repeated: Annotated[Repeated | None, Off] = Repeated()


NAMES = tuple(Thresholds.model_fields)


def of_settings(settings: Mapping[str, Any] | None) -> Thresholds:
    """Return the thresholds of a town.

    Raises
    ------
    Invalid
        ``flag.settings``: a rule or a value that there is not.
    """
    try:
        return Thresholds.model_validate((settings or {}).get("flags", {}))
    except ValidationError as fault:
        raise Invalid("flag.settings", f"the setting [settings.flags] of this town does not hold: {fault}") from fault
