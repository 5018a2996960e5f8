"""Who is at work in a data folder: the supervisor's lock and state, and the database that commands open.

Two lock files, both freed by the kernel when their holder ends, however it ends: ``up.lock`` is held by the one
supervisor; ``use.lock`` is shared by everybody who uses the private cluster, and alone with the one who starts or
stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from api.runtime.cluster import APPLICATION, Cluster
from api.runtime.errors import RuntimeFault
from api.runtime.settings import Settings


class AlreadyRunning(RuntimeFault):
    """A supervisor is at work in this data folder."""

    code = "runtime.already_running"


class DatabaseInUse(RuntimeFault):
    """Another command holds the private database."""

    code = "runtime.database_in_use"


@dataclass(frozen=True)
class Urls:
    """The database, as the application role and as the owner; ``owner`` is empty where none was given."""

    application: str
    owner: str

    def need_owner(self) -> str:
        """Return the owner's URL, or raise RuntimeFault that tells how to give it."""
        if not self.owner:
            raise RuntimeFault("this needs the owner of the database: set ONEGRID_OWNER_URL")
        return self.owner


def urls_of(cluster: Cluster) -> Urls:
    """Return the URLs of the private database."""
    return Urls(application=cluster.url(APPLICATION), owner=cluster.url())


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[Urls]:
    """Give the database to a command; a private cluster that nobody has started runs until the last command is done."""
    if not settings.private:
        yield Urls(settings.database_url, settings.owner_url)
        return
    cluster = Cluster(settings.data_dir)
    with _lock_file(settings, "use.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        cluster.start(bound=False)
        try:
            yield urls_of(cluster)
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cluster.stop()


@contextlib.contextmanager
def sole_supervisor(settings: Settings) -> Iterator[None]:
    """Hold the place of the one supervisor of this data folder.

    Raises
    ------
    AlreadyRunning
        Another one holds it; the text says where it serves and how to stop it.
    """
    with _lock_file(settings, "up.lock") as lock:
        # a passing "status" takes the lock for a moment
        if not _try_lock(lock, patience_s=0.5):
            state = read_state(settings)
            where = f" at {state['address']} (process {state['pid']})" if state else ""
            raise AlreadyRunning(f"OneGrid is already running{where}; stop it with: onegrid down")
        try:
            yield
        finally:
            _state_path(settings).unlink(missing_ok=True)


@contextlib.contextmanager
def cluster_held(settings: Settings, cluster: Cluster, patience_s: float = 60) -> Iterator[None]:
    """Hold the private cluster for a supervisor: wait for running commands, then take over from a crashed one.

    Raises
    ------
    DatabaseInUse
        A command has not finished within ``patience_s`` seconds.
    """
    with _lock_file(settings, "use.lock") as lock:
        if not _try_lock(lock, patience_s):
            raise DatabaseInUse("another onegrid command is using the database; try again when it has finished")
        cluster.stop()
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            cluster.stop()


def is_running(settings: Settings) -> bool:
    """Return whether a supervisor is at work in this data folder."""
    if not (settings.data_dir / "up.lock").exists():
        return False
    with _lock_file(settings, "up.lock") as lock:
        return not _try_lock(lock, patience_s=0)


def read_state(settings: Settings) -> dict[str, Any] | None:
    """Return what the supervisor last wrote about itself, or None."""
    try:
        return dict(json.loads(_state_path(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def write_state(settings: Settings, state: dict[str, Any]) -> None:
    """Keep what ``status`` shows; a reader sees the old or the new state, never half of one."""
    path = _state_path(settings)
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    os.replace(aside, path)


def _state_path(settings: Settings) -> Path:
    return settings.data_dir / "up.json"


@contextlib.contextmanager
def _lock_file(settings: Settings, name: str) -> Iterator[IO[str]]:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (settings.data_dir / name).open("a")
    except OSError as error:
        raise RuntimeFault(f"the data folder {settings.data_dir} cannot be used: {error.strerror}") from error
    with file:
        yield file


def _try_lock(lock: IO[str], patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.1)
        else:
            return True
