"""Starts everything, keeps it running, stops it: the body of ``onegrid up``.

The database, the web processes and the worker are children in sessions of their own. Each is started again when it
ends by itself, after a pause that grows while it keeps failing. When this process is told to stop (Ctrl-C, SIGTERM,
SIGHUP of a closed terminal) it stops them; when it is killed outright, the kernel does.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.runtime import installation, processes
from api.runtime.cluster import Cluster, ClusterFault
from api.runtime.errors import RuntimeFault
from api.runtime.installation import Urls
from api.runtime.settings import Settings
from api.runtime.web import listen

_PAUSES_S = (0.2, 1, 2, 5, 10, 30)
_STEADY_S = 60
_STOP_S = 6
_READY_S = 120
_LOG_LIMIT_BYTES = 20_000_000


class StartFailed(RuntimeFault):
    """The installation does not come up."""

    code = "runtime.start_failed"


@dataclass
class Child:
    """A process that is to run always."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    not_before: float = 0.0
    failures: int = 0
    restarts: int = field(default=-1)

    def start(self) -> None:
        """Start it and count."""
        self.process = self.launch()
        self.started = time.monotonic()
        self.restarts += 1

    def ended(self) -> str | None:
        """Return how it ended ("exit status 1"), or None while it runs; decide when it may start again."""
        if self.process is None or self.process.poll() is None:
            return None
        status = self.process.returncode
        processes.signal_group(self.process, signal.SIGKILL)
        self.process = None
        steady = time.monotonic() - self.started > _STEADY_S
        self.failures = 1 if steady else self.failures + 1
        self.not_before = time.monotonic() + _PAUSES_S[min(self.failures, len(_PAUSES_S)) - 1]
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


class Supervisor:
    """One run of ``onegrid up``.

    Parameters
    ----------
    settings
        The installation.
    serve
        A real town: the demo town is never loaded and never served.
    say
        Takes each line for the person at the terminal.
    """

    def __init__(self, settings: Settings, *, serve: bool, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.serve = serve
        self._print = say
        self.cluster = Cluster(settings.data_dir) if settings.private else None
        self.children: list[Child] = []
        self.stopping: str | None = None
        self.forced = False
        self.ready = False
        self.facts: dict[str, Any] = {}
        self._started = time.time()
        # under nohup a closed terminal is to be survived
        self._heeds_hangup = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        self._wakeup, self._bell = os.pipe()
        self._terminal = processes.Terminal()

    def run(self) -> None:
        """Serve until told to stop.

        Raises
        ------
        RuntimeFault
            It cannot start; nothing is left running.
        """
        with self._signals(), installation.sole_supervisor(self.settings), contextlib.ExitStack() as stack:
            listener = stack.enter_context(self._listener())
            urls = Urls(self.settings.database_url, self.settings.owner_url)
            if self.cluster is not None:
                stack.enter_context(installation.cluster_held(self.settings, self.cluster))
                self._write_state()
                self.cluster.start(cancelled=lambda: self.stopping is not None)
                urls = installation.urls_of(self.cluster)
            # the stack unwinds from its end: children first, then the database
            stack.callback(self._stop_children)
            self._prepare(urls)
            self.children = list(self._planned(urls, listener.fileno()))
            self._keep_running()

    def say(self, line: str) -> None:
        """Print a line; a terminal that is gone is no reason to fall over."""
        with contextlib.suppress(OSError):
            self._print(line)

    # ---- steps ----

    @contextlib.contextmanager
    def _listener(self) -> Iterator[Any]:
        """Take the port before anything else is done, so that a taken one is told at once."""
        bind, port = self.settings.bind, self.settings.port
        try:
            listener = listen(bind, port)
        except OSError as error:
            if error.errno == 98:
                raise StartFailed(
                    f"port {port} is in use by another program; set ONEGRID_PORT to a free one"
                ) from error
            raise StartFailed(f"cannot listen on {bind} port {port}: {error.strerror or error}") from error
        with listener:
            yield listener

    def _prepare(self, urls: Urls) -> None:
        """Migrate, load the demo town where it may be, and learn what is served."""
        result = self.settings.data_dir / "prepared.json"
        result.unlink(missing_ok=True)
        command: list[str | Path] = [sys.executable, "-m", "api.runtime.prepare", result]
        if self.cluster is not None:
            command.append("--private")
        if self.serve:
            command.append("--serve")
        environment = self._environment(database_url=urls.application, owner_url=urls.owner)
        child = processes.spawn(command, log=None, environment=environment)
        while child.poll() is None:
            self._sleep(0.2)
            if self.stopping:
                processes.end(child, signal.SIGTERM, 5)
                raise StartFailed("stopped")
        if child.returncode != 0:
            # it has said why
            raise StartFailed("")
        self.facts = json.loads(result.read_text(encoding="utf-8"))
        result.unlink()

    def _planned(self, urls: Urls, descriptor: int) -> Iterator[Child]:
        # what serves requests never learns the owner's password
        environment = self._environment(database_url=urls.application, owner_url="", demo=self.facts["demo"])

        def child(name: str, *command: str, fds: tuple[int, ...] = ()) -> Child:
            path = self._log_path(name)

            def launch() -> subprocess.Popen[bytes]:
                with path.open("ab") as log:
                    return processes.spawn(
                        [sys.executable, *command], log=log.fileno(), environment=environment, pass_fds=fds
                    )

            return Child(name, launch)

        for number in range(1, self.settings.workers + 1):
            yield child(f"web-{number}", "-m", "api.runtime.web", str(descriptor), fds=(descriptor,))
        yield child("worker", "-m", "api.worker")

    def _keep_running(self) -> None:
        until = time.monotonic() + _READY_S
        while not self.stopping:
            changed = self._tend_database()
            for child in self.children:
                changed |= self._tend(child)
            if not self.ready:
                self.ready = self._answers()
                changed |= self.ready
                if self.ready:
                    self._announce()
                elif time.monotonic() > until or any(child.failures >= 4 for child in self.children):
                    raise StartFailed(self._what_is_wrong())
            if changed:
                self._write_state()
            self._sleep(0.1 if not self.ready else 1.0)

    def _tend(self, child: Child) -> bool:
        how = child.ended()
        if how is not None:
            pause_s = max(child.not_before - time.monotonic(), 0)
            self.say(f"{child.name} ended ({how}); again in {pause_s:.1f} s; log: {self._log_path(child.name)}")
        if child.process is None and time.monotonic() >= child.not_before:
            child.start()
            return True
        return how is not None

    def _tend_database(self) -> bool:
        """Start the private database again if it has died; a start that fails is tried again at the next round."""
        if self.cluster is None or self.cluster.process is None or self.cluster.process.poll() is None:
            return False
        self.say(f"the database ended; starting it again; log: {self.cluster.log}")
        try:
            self.cluster.start(cancelled=lambda: self.stopping is not None)
        except ClusterFault as error:
            self.say(str(error))
            self._sleep(2)
        return True

    def _stop_children(self) -> None:
        running = [child for child in self.children if child.process is not None]
        for child in running:
            with contextlib.suppress(ProcessLookupError):
                assert child.process is not None
                child.process.terminate()
        until = time.monotonic() + _STOP_S
        for child in running:
            assert child.process is not None
            while child.process.poll() is None and time.monotonic() < until and not self.forced:
                self._sleep(0.05)
            processes.end(child.process, signal.SIGKILL, 2)
            child.process = None

    # ---- what people see ----

    def _announce(self) -> None:
        took = time.time() - self._started
        name = self.facts.get("town") or "no town yet: onegrid load PACK_DIR"
        self.say(f"OneGrid · {name}{' (demo)' if self.facts['demo'] else ''} · ready in {took:.1f} s")
        self.say(f"  {self.settings.address}")
        if self.facts["demo"]:
            self.say(f"  demo logins: {' '.join(self.facts['logins'])}")
            self.say(f"  password of each: {self.facts['password']}")
        elif not self.settings.loopback and not self.settings.tls:
            self.say("  not encrypted: phones refuse location and photos; set ONEGRID_TLS_CERT and ONEGRID_TLS_KEY")
        self.say(f"  Ctrl-C stops it; logs: {self.settings.log_dir}")

    def _what_is_wrong(self) -> str:
        worst = max(self.children, key=lambda child: child.failures)
        path = self._log_path(worst.name)
        words = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:] if path.exists() else []
        return "\n".join([f"{self.settings.address}/readyz does not answer; the end of {path}:", *words])

    def _answers(self) -> bool:
        """Return whether a web process answers and finds its database; a town may still have to be loaded."""
        connection: http.client.HTTPConnection
        host = self.settings.address.split("//")[1].rpartition(":")[0].strip("[]")
        if self.settings.tls:
            # the certificate names the town's host, not this machine's loopback
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(host, self.settings.port, timeout=2, context=context)
        else:
            connection = http.client.HTTPConnection(host, self.settings.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            checks = json.loads(connection.getresponse().read())["checks"]
            return all(check["ok"] for name, check in checks.items() if name != "town")
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
            return False
        finally:
            connection.close()

    def _write_state(self) -> None:
        rows = [
            {
                "name": child.name,
                "pid": child.process.pid if child.process else None,
                "restarts": max(child.restarts, 0),
            }
            for child in self.children
        ]
        if self.cluster is not None and self.cluster.process is not None:
            rows.insert(0, {"name": "database", "pid": self.cluster.process.pid, "restarts": self.cluster.restarts})
        state = {
            "pid": os.getpid(),
            "address": self.settings.address,
            "started_at": self._started,
            "ready": self.ready,
            "serve": self.serve,
            "demo": self.facts.get("demo", False),
            "town": self.facts.get("town"),
            "processes": rows,
        }
        installation.write_state(self.settings, state)

    # ---- how ----

    def _environment(self, **changes: object) -> dict[str, str]:
        known = set(Settings.variables().values())
        inherited = {name: value for name, value in os.environ.items() if name not in known}
        return inherited | self.settings.environment(**changes)

    def _log_path(self, name: str) -> Path:
        path = self.settings.log_dir / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, _frame: object) -> None:
            self.forced = self.stopping is not None
            self.stopping = signal.Signals(number).name

        caught = [signal.SIGINT, signal.SIGTERM]
        if self._heeds_hangup:
            caught.append(signal.SIGHUP)
        before = {number: signal.signal(number, stop) for number in caught}
        os.set_blocking(self._bell, False)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        try:
            yield
        except RuntimeFault:
            # told to stop during the start: what was cut short is no failure
            if not self.stopping:
                raise
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _sleep(self, seconds: float) -> None:
        """Sleep, but not past a signal."""
        if select.select([self._wakeup], [], [], seconds)[0]:
            os.read(self._wakeup, 512)
        if not self.stopping and self._heeds_hangup and self._terminal.gone():
            # where make is the terminal's first process, the kernel tells make alone, and make only waits
            self.stopping = signal.SIGHUP.name
