"""Counts and durations of requests for Prometheus, added up over all processes of this machine."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_counts: Any = None
_seconds: Any = None
BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


def share(folder: Path) -> None:
    """Lets the processes of this installation add up their counts in ``folder``; before the first count.

    The client library decides at its import whether it counts for one process or for many, so it is imported late. What
    ended processes left is dropped: their counts begin anew, as after any restart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            file.unlink(missing_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _series() -> tuple[Any, Any]:
    global _counts, _seconds
    # The first two requests may come at once, and a series may be made only once.
    with _lock:
        if _seconds is None:
            from prometheus_client import Counter, Histogram

            _counts = Counter("onegrid_requests", "Requests answered", ("route", "method", "status"))
            _seconds = Histogram("onegrid_request_seconds", "Time to answer", ("route",), buckets=BUCKETS_S)
        return _counts, _seconds


def start() -> float:
    """The moment a request began, for `finish`."""
    return time.perf_counter()


def finish(started: float, route: str, method: str, status: int) -> None:
    """Counts one answered request. ``route`` is the rule, not the address, so that the series stay few."""
    counts, seconds = _series()
    counts.labels(route, method, str(status)).inc()
    seconds.labels(route).observe(time.perf_counter() - started)


def text() -> tuple[bytes, str]:
    """All series as Prometheus reads them, and their media type."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    _series()
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
