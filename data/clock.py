"""The time of the server. Demo and tests may fix or shift it, or follow a simulated course; nothing else may."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# A followed course is looked at so often, in seconds: its file is small, but every request asks for the time.
LOOK_EVERY_S = 0.2

_shift = timedelta(0)
_fixed: datetime | None = None
_followed: _Follower | None = None


@dataclass(frozen=True)
class Course:
    """A simulated time: it was ``simulated`` at the real time ``real`` and runs ``rate`` times as fast.

    From ``until`` (simulated) on it runs like the real one, so that it never runs away from whoever started it.
    """

    real: datetime
    simulated: datetime
    rate: float = 1.0
    until: datetime | None = None

    def at(self, real: datetime) -> datetime:
        """Return the simulated time at a real one.

        Examples
        --------
        >>> noon = datetime(2026, 3, 17, 12, tzinfo=UTC)
        >>> str(Course(noon, noon, 60).at(noon + timedelta(minutes=1)))
        '2026-03-17 13:00:00+00:00'
        """
        passed = real - self.real
        moment = self.simulated + passed * self.rate
        if self.until is None or self.rate <= 0 or moment <= self.until:
            return moment
        return self.until + passed - (self.until - self.simulated) / self.rate

    def rate_at(self, real: datetime) -> float:
        """Return how fast it runs at a real time."""
        return self.rate if self.until is None or self.at(real) < self.until else 1.0


class _Follower:
    """The course that a file holds, read again when the file changes; without a file, none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_s = -1e9
        self._stamp: tuple[int, int] | None = None
        self._course: Course | None = None

    def course(self) -> Course | None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self.look()
            self._looked_s = now_s
        return self._course

    def look(self) -> None:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._stamp = self._course = None
            return
        stamp = found.st_mtime_ns, found.st_ino
        if stamp != self._stamp:
            self._course = _read(self._path)
            self._stamp = stamp


def now() -> datetime:
    """Return the time of the server, UTC, with zone."""
    return of_real(datetime.now(UTC))


def of_real(moment: datetime) -> datetime:
    """Return the time of the server at a real moment, as the database stamps what it keeps for itself."""
    course = _course()
    if course is not None:
        return course.at(moment)
    return _fixed if _fixed is not None else moment + _shift


def rate() -> float:
    """Return how fast the time of the server runs: 1 as the real one, 0 when it is fixed."""
    course = _course()
    if course is not None:
        return course.rate_at(datetime.now(UTC))
    return 1.0 if _fixed is None else 0.0


def is_moved() -> bool:
    """Tell whether the clock was fixed or shifted, or follows a course."""
    return _fixed is not None or bool(_shift) or _course() is not None


def set_now(value: str | None) -> None:
    """Fix or shift the clock: an RFC 3339 time fixes it, '+3d' or '-90m' shifts it, None frees it.

    Raises
    ------
    ValueError : the text is neither.
    """
    global _shift, _fixed
    _shift, _fixed = timedelta(0), None
    if not value:
        return
    if value[0] in "+-" and value[-1] in "smhd" and value[1:-1].isdigit():
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[value[-1]]
        _shift = timedelta(**{unit: int(value[:-1])})
        return
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}; write it as 2026-03-17T14:32:00+08:00")
    _fixed = moment.astimezone(UTC)


def follow(path: Path | None) -> None:
    """Follow the course that the file holds, as long as it is there; None follows nothing."""
    global _followed
    _followed = None if path is None else _Follower(path)


def steer(path: Path, course: Course) -> None:
    """Write a course for all processes that follow the file; readers see the old or the new one."""
    told = {
        "real": course.real.isoformat(),
        "simulated": course.simulated.isoformat(),
        "rate": course.rate,
        "until": course.until and course.until.isoformat(),
    }
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(told) + "\n", encoding="ascii")
    os.replace(aside, path)
    _look()


def release(path: Path) -> None:
    """Bring back the real time to all processes that follow the file."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    _look()


def _look() -> None:
    if _followed is not None:
        _followed.look()


def _course() -> Course | None:
    return None if _followed is None else _followed.course()


def _read(path: Path) -> Course:
    told = json.loads(path.read_text(encoding="ascii"))
    until = told["until"] and datetime.fromisoformat(told["until"])
    real, simulated = datetime.fromisoformat(told["real"]), datetime.fromisoformat(told["simulated"])
    return Course(real, simulated, float(told["rate"]), until)
