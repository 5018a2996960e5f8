"""A running OneGrid for tests and benchmarks: real web processes and a worker on a free loopback port."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from api.runtime import processes
from api.runtime.settings import Settings
from api.runtime.web import listen


@dataclass
class WebServer:
    """Web processes over one database; stop() ends them, and so does the end of this process.

    Parameters
    ----------
    app_url, owner_url : the database as its two roles.
    data_dir : uploads and logs go here.
    """

    app_url: str
    owner_url: str
    data_dir: Path
    workers: int = 1
    worker: bool = True
    now: str = ""
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _listener: socket.socket | None = None
    url: str = ""

    def start(self, patience_s: float = 60) -> str:
        """Start the processes; return the base URL once /readyz answers 200."""
        self._listener = listen("127.0.0.1", 0)
        port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        for _ in range(self.workers):
            self.start_web()
        if self.worker:
            self.start_worker()
        deadline = time.monotonic() + patience_s
        while not self.ready():
            if time.monotonic() > deadline or any(child.poll() is not None for child in self._children):
                raise RuntimeError(f"the server did not come up; see {self.data_dir}/*.log\n{self.log_tail()}")
            time.sleep(0.1)
        return self.url

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start one more web process on the same socket."""
        assert self._listener
        descriptor = self._listener.fileno()
        return self._spawn(f"web-{len(self._children)}", "-m", "api.runtime.web", str(descriptor), fds=(descriptor,))

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self._spawn("worker", "-m", "api.worker")

    def _spawn(self, name: str, *command: str, fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        settings = Settings(
            database_url=self.app_url, owner_url=self.owner_url, data_dir=self.data_dir, demo=True, now=self.now
        )
        with (self.data_dir / f"{name}.log").open("ab") as log:
            child = processes.spawn(
                [sys.executable, *command],
                log=log,
                environment=settings.environment(),
                pass_fds=fds,
                cwd=Path(__file__).resolve().parents[1],
            )
        self._children.append(child)
        return child

    def ready(self) -> bool:
        """Tell whether /readyz answers 200."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            with connection.getresponse() as answer:
                return answer.status == 200
        return False

    def web_processes(self) -> list[subprocess.Popen[bytes]]:
        """The web processes that run now."""
        return [c for c in self._children if c.poll() is None and "api.runtime.web" in c.args]  # type: ignore[operator]

    def worker_processes(self) -> list[subprocess.Popen[bytes]]:
        """The workers that run now."""
        return [c for c in self._children if c.poll() is None and "api.worker" in c.args]  # type: ignore[operator]

    def log_tail(self) -> str:
        """The last lines of every log, to be shown when something failed."""
        return "\n".join(
            f"{path.name}: {path.read_text(errors='replace')[-3000:]}" for path in sorted(self.data_dir.glob("*.log"))
        )

    def tracebacks(self) -> str:
        """What the processes did not expect: the last words of every traceback in their logs, and the whole of the first."""
        found = [
            piece
            for path in sorted(self.data_dir.glob("*.log"))
            for piece in _tracebacks(path.read_text(errors="replace"))
        ]
        counted = Counter(piece.strip().splitlines()[-1] for piece in found)
        return "\n".join([*(f"{count} × {line}" for line, count in counted.items()), *found[:1]])

    def stop(self) -> None:
        """End all processes."""
        for child in self._children:
            processes.end(child, signal.SIGTERM, 5)
        self._children.clear()
        if self._listener:
            self._listener.close()


def _tracebacks(text: str) -> Iterator[str]:
    for piece in text.split("Traceback (most recent call last):\n")[1:]:
        lines = piece.splitlines()
        end = next((n for n, line in enumerate(lines) if not line.startswith(" ")), len(lines) - 1)
        yield "\n".join(lines[: end + 1])
