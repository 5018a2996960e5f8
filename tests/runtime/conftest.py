"""Real processes: an installation in a temporary folder, started as ``make serve`` starts it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from api.runtime import processes
from api.runtime.cluster import Cluster
from api.runtime.installation import database
from api.runtime.settings import Settings


class Installation:
    """One data folder and what runs in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = place / "up.out"
        self.up: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
        return kept | {"ONEGRID_DATA_DIR": str(self.place / "data"), "ONEGRID_PORT": str(self.port)}

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.place / "data")

    def onegrid(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self) -> float:
        """Start and wait until it answers; return the seconds that took."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "up", "--serve"],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait(lambda: self.status()["ready"], 120)
        return time.monotonic() - began

    def status(self) -> dict:
        if self.up is not None and self.up.poll() is not None:
            raise AssertionError(f"up has ended with {self.up.returncode}: {self.output.read_text()}")
        return json.loads(self.onegrid("status", "--json").stdout)

    def pids(self) -> dict[str, int]:
        return {row["name"]: row["pid"] for row in self.status()["processes"]}

    def stop(self, how: signal.Signals) -> int:
        assert self.up is not None
        self.up.send_signal(how)
        status = self.up.wait(60)
        self.up = None
        return status

    def answers(self) -> bool:
        """Whether a web process answers and finds its database."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return json.load(answer)["checks"]["database"]["ok"]
        except urllib.error.HTTPError as answer:
            # no town is loaded here
            with answer:
                return answer.code == 503 and json.load(answer)["checks"]["database"]["ok"]
        except OSError:
            return False

    def wait(self, done, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < until, f"not within {patience_s} s; {self.output.read_text()}"
            time.sleep(0.1)

    @contextlib.contextmanager
    def opened(self, role: str = "onegrid_owner"):
        """Give a cursor on the private database, which runs for as long as that takes."""
        settings = Settings.from_environment(self.environment)
        with database(settings) as urls:
            connection = psycopg2.connect({"onegrid_owner": urls.owner, "onegrid_app": urls.application}[role])
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
            connection.close()

    def everything(self) -> set[int]:
        """Process ids of all that belongs to this installation, whoever its parent is now."""
        mine = f"ONEGRID_DATA_DIR={self.place / 'data'}".encode()
        found = set(processes.working_in(self.cluster.data, "postgres"))
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if mine in (entry / "environ").read_bytes().split(b"\0") and processes.alive(int(entry.name)):
                        found.add(int(entry.name))
                except OSError:
                    continue
        return found

    def remove(self) -> None:
        if self.up is not None and self.up.poll() is None:
            self.up.kill()
            self.up.wait()
        for pid in self.everything():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            processes.wait_gone(pid, 5)
        self.cluster.remove()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def running(installation: Installation) -> Installation:
    """The installation, started if it is not running."""
    if installation.up is None or installation.up.poll() is not None:
        installation.start()
    return installation
