"""How often one address may call. Counted in each process: with two processes up to twice as much passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from data.errors import TooMany

MAX_KEYS = 50_000


@dataclass(frozen=True)
class Rate:
    """``burst`` calls at once, then ``per_min`` a minute."""

    per_min: float
    burst: int


SIGN_IN = Rate(per_min=30, burst=30)
PASSWORD = Rate(per_min=5, burst=10)
PUBLIC_WRITE = Rate(per_min=120, burst=120)
PUBLIC_READ = Rate(per_min=300, burst=300)
PHOTO = Rate(per_min=120, burst=60)


@dataclass
class Rates:
    """Token buckets by what is done and by whom."""

    clock: Callable[[], float] = time.monotonic
    unlimited: bool = False
    _levels: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, what: str, who: str, rate: Rate) -> None:
        """Counts one call of ``who``.

        Raises
        ------
        TooMany
            ``rate.exceeded`` with ``retry_after_s``; the call is then not counted.
        """
        if self.unlimited:
            return
        now = self.clock()
        with self._lock:
            if len(self._levels) >= MAX_KEYS:
                self._forget(now)
            level, at = self._levels.get((what, who), (float(rate.burst), now))
            level = min(rate.burst, level + (now - at) * rate.per_min / 60)
            if level < 1:
                wait_s = int((1 - level) * 60 / rate.per_min) + 1
                raise TooMany("rate.exceeded", f"too many calls; try again in {wait_s} s", retry_after_s=wait_s)
            self._levels[what, who] = (level - 1, now)

    def _forget(self, now: float) -> None:
        # Who has not called for ten minutes has a full bucket at every rate above.
        self._levels = {key: (level, at) for key, (level, at) in self._levels.items() if now - at < 600}
        if len(self._levels) >= MAX_KEYS:
            self._levels.clear()
