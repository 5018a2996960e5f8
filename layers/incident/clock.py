"""Deadlines over the work calendar of a town. Pure.

Four units: ``urgent_hour`` runs continuously, ``work_hour`` and ``work_day`` run in work time only (a work day is 480
work minutes, however long a particular day is), ``natural_day`` keeps the local time of day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from data.errors import Invalid

Unit = Literal["urgent_hour", "work_hour", "work_day", "natural_day"]
UNITS: tuple[Unit, ...] = ("urgent_hour", "work_hour", "work_day", "natural_day")
WORK_DAY_MIN = 480
AMBER_SHARE = Decimal("0.75")
# Stage whose limit runs, by the state a case is in; in the others none does.
STAGE_OF_STATE = {
    "reported": "accept", "verifying": "accept", "accepted": "file", "filed": "dispatch", "dispatched": "handle",
    "returned": "dispatch", "handling": "handle", "awaiting_inspection": "inspect",
}  # fmt: skip
# A calendar without any work time would be searched for ever.
HORIZON_DAYS = 3660

Period = tuple[time, time]
DEFAULT_PERIODS: tuple[Period, ...] = ((time(8), time(12)), (time(14), time(18)))


class ClockError(Invalid):
    """A deadline that cannot be computed; ``code`` says why."""


@dataclass(frozen=True)
class WorkCalendar:
    """Work periods by day, in one time zone.

    Attributes
    ----------
    days
        Periods of each day that is known; an empty tuple is a day off. Periods ascend and do not overlap.
    timezone
        IANA name; periods are local times in it.
    usual
        Periods of a Monday to Friday that ``days`` does not know. Saturdays and Sundays are then off.
    assumed
        Days that are known before the official notice only.
    """

    days: Mapping[date, tuple[Period, ...]] = field(default_factory=dict)
    timezone: str = "Asia/Shanghai"
    usual: tuple[Period, ...] = DEFAULT_PERIODS
    assumed: frozenset[date] = frozenset()

    @classmethod
    def of(cls, calendar: WorkCalendar | Iterable[Mapping[str, Any]], timezone: str = "Asia/Shanghai") -> WorkCalendar:
        """A calendar from itself or from rows with ``day``, ``is_workday``, ``periods`` (or ``work_periods``), ``provisional``.

        Periods are texts like ``"08:00-12:00"``, in a list or separated by ``;``. A workday without periods has the
        usual ones.

        Raises
        ------
        ClockError
            ``calendar.bad_period``: a period that does not read, is empty, or overlaps the one before.
        """
        if isinstance(calendar, WorkCalendar):
            return calendar
        days: dict[date, tuple[Period, ...]] = {}
        assumed: set[date] = set()
        for row in calendar:
            day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
            given = row.get("periods") or row.get("work_periods") or ()
            periods = parse_periods(given) if given else DEFAULT_PERIODS
            days[day] = periods if row["is_workday"] else ()
            if row.get("provisional"):
                assumed.add(day)
        return cls(days, timezone, assumed=frozenset(assumed))

    def periods(self, day: date) -> tuple[Period, ...]:
        """The work periods of ``day``; empty when it is a day off."""
        known = self.days.get(day)
        if known is not None:
            return known
        return self.usual if day.weekday() < 5 else ()

    def is_provisional(self, day: date) -> bool:
        """Whether ``day`` may still become another one: it is assumed or not known at all."""
        return day in self.assumed or day not in self.days

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Work periods as instants (UTC) that end after ``start``, in order; the first may begin before it."""
        zone = ZoneInfo(self.timezone)
        first = start.astimezone(zone).date()
        for n in range(HORIZON_DAYS):
            day = first + timedelta(days=n)
            for opens, closes in self.periods(day):
                begin = datetime.combine(day, opens, zone).astimezone(UTC)
                end = datetime.combine(day, closes, zone).astimezone(UTC)
                if end > start:
                    yield begin, end


def parse_periods(periods: str | Iterable[str]) -> tuple[Period, ...]:
    """Work periods from texts ``HH:MM-HH:MM``.

    Examples
    --------
    >>> parse_periods("08:00-12:00;14:00-18:00")[1]
    (datetime.time(14, 0), datetime.time(18, 0))
    """
    texts = periods.split(";") if isinstance(periods, str) else list(periods)
    found: list[Period] = []
    for text in texts:
        opens, dash, closes = text.strip().replace("–", "-").partition("-")
        try:
            period = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
        except ValueError as fault:
            raise ClockError("calendar.bad_period", f"work period {text!r}: give HH:MM-HH:MM") from fault
        if not dash or period[0] >= period[1] or (found and found[-1][1] > period[0]):
            raise ClockError("calendar.bad_period", f"work period {text!r} is empty or overlaps the one before")
        found.append(period)
    return tuple(found)


def deadline(
    start: datetime,
    amount: int | float | Decimal,
    unit: Unit,
    calendar: WorkCalendar | Iterable[Mapping[str, Any]],
) -> datetime:
    """The last moment that is still in time.

    Parameters
    ----------
    start
        With time zone. Outside work time, work units begin to count at the next opening.
    amount
        How many units; not negative. Fractions are exact to the microsecond.
    unit
        ``urgent_hour`` (continuous), ``work_hour``, ``work_day`` (480 work minutes), ``natural_day`` (same local time).
    calendar
        A `WorkCalendar`, or rows as `WorkCalendar.of` takes them.

    Returns
    -------
    datetime
        In the time zone of ``start``. A deadline that uses up a work period falls on its end (12:00), not on the next
        opening. Late is later than this, not at it.

    Raises
    ------
    ClockError
        ``clock.naive_time`` no time zone; ``clock.bad_amount`` negative; ``clock.bad_unit``; ``calendar.no_work_time``
        when ten years of the calendar do not hold the amount.

    Examples
    --------
    >>> monday = datetime(2026, 3, 16, 11, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    >>> deadline(monday, 1, "work_hour", WorkCalendar()).isoformat()
    '2026-03-16T14:30:00+08:00'
    >>> deadline(monday, 1, "work_day", WorkCalendar()).isoformat()
    '2026-03-17T11:30:00+08:00'
    """
    if start.tzinfo is None:
        raise ClockError("clock.naive_time", "a deadline needs a start with its time zone")
    if unit not in UNITS:
        raise ClockError("clock.bad_unit", f"unit {unit!r}: give one of {', '.join(UNITS)}")
    exact = Decimal(str(amount))
    if not exact.is_finite() or exact < 0:
        raise ClockError("clock.bad_amount", f"amount {amount!r} is not a number of units")
    if unit == "urgent_hour":
        return _later(start, _seconds(exact * 3600))
    book = WorkCalendar.of(calendar)
    if unit == "natural_day":
        return _natural(start, exact, ZoneInfo(book.timezone))
    minutes = exact * (60 if unit == "work_hour" else WORK_DAY_MIN)
    return _worked(start, _seconds(minutes * 60), book)


def amber(
    start: datetime,
    amount: int | float | Decimal,
    unit: Unit,
    calendar: WorkCalendar | Iterable[Mapping[str, Any]],
) -> datetime:
    """The moment when 75 % of the limit is used; parameters and errors as `deadline`."""
    return deadline(start, Decimal(str(amount)) * AMBER_SHARE, unit, calendar)


def work_time(start: datetime, end: datetime, calendar: WorkCalendar | Iterable[Mapping[str, Any]]) -> timedelta:
    """Work time between two instants; zero when ``end`` is not after ``start``."""
    total = timedelta()
    for begin, close in WorkCalendar.of(calendar).spans(start):
        if begin >= end:
            break
        total += min(close, end) - max(begin, start)
    return max(total, timedelta())


def _seconds(value: Decimal) -> timedelta:
    return timedelta(microseconds=int((value * 1_000_000).to_integral_value()))


def _later(start: datetime, span: timedelta) -> datetime:
    # Through UTC: adding to a local time would ignore a change of its offset.
    return (start.astimezone(UTC) + span).astimezone(start.tzinfo)


def _natural(start: datetime, days: Decimal, zone: ZoneInfo) -> datetime:
    whole = int(days)
    same_time = start.astimezone(zone) + timedelta(days=whole)
    return _later(same_time, _seconds((days - whole) * 86_400)).astimezone(start.tzinfo)


def _worked(start: datetime, left: timedelta, calendar: WorkCalendar) -> datetime:
    if not left:
        return start
    for begin, end in calendar.spans(start):
        here = max(begin, start.astimezone(UTC))
        if here + left <= end:
            return (here + left).astimezone(start.tzinfo)
        left -= end - here
    raise ClockError("calendar.no_work_time", "ten years of the work calendar do not hold this limit")
