"""Deadlines on the town's working calendar, for lives of incidents that keep their limits."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta, timezone
from typing import Any

ZONE = timezone(timedelta(hours=8))
WORK_DAY_MINUTES = 480


class WorkClock:
    """Work minutes counted from the first day of the calendar."""

    def __init__(self, calendar: list[dict[str, Any]]) -> None:
        self.opens: list[datetime] = []
        self.before: list[float] = []
        self.lengths: list[float] = []
        self.workdays = {row["day"] for row in calendar if row["is_workday"]}
        total = 0.0
        for row in calendar:
            for period in filter(None, row["periods"].split(";")):
                start, end = (datetime.fromisoformat(f"{row['day']}T{t}:00+08:00") for t in period.split("-"))
                self.opens.append(start)
                self.before.append(total)
                self.lengths.append((end - start).total_seconds() / 60)
                total += self.lengths[-1]

    def worked(self, moment: datetime) -> float:
        """Return work minutes passed at a moment."""
        k = bisect_right(self.opens, moment) - 1
        if k < 0:
            return 0.0
        return self.before[k] + min((moment - self.opens[k]).total_seconds() / 60, self.lengths[k])

    def moment(self, minutes: float) -> datetime:
        """Return the first moment at which that many work minutes have passed."""
        k = max(bisect_right(self.before, minutes - 1e-9) - 1, 0)
        return self.opens[k] + timedelta(minutes=minutes - self.before[k])

    def deadline(self, start: datetime, amount: float, unit: str) -> datetime:
        """Return start plus an amount of urgent_hour, work_hour, work_day or natural_day."""
        if unit == "urgent_hour":
            return start + timedelta(hours=amount)
        if unit == "natural_day":
            return start + timedelta(days=amount)
        per = 60 if unit == "work_hour" else WORK_DAY_MINUTES
        return self.moment(self.worked(start) + amount * per)
