"""The private PostgreSQL cluster: made, started, mended after a crash, and stopped by this module alone.

Root cannot run PostgreSQL, and the account ``postgres`` cannot enter a checkout under ``/root``: as root the cluster
lives under ``/var/lib/onegrid``; as an ordinary user in the data folder. Both are named after the data folder, so that
two checkouts on one machine never meet.

Access: over the socket, whose folder only the account of the cluster (and root) can enter, as any role; over the
loopback port with a password.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg2

from api.runtime import postgres, processes
from api.runtime.errors import RuntimeFault

OWNER = "onegrid_owner"
APPLICATION = "onegrid_app"
DATABASE = "onegrid"
_LONGEST_SOCKET = 107
_EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
_HBA = """\
# The folder of the socket can be entered by the account of the cluster only: whoever gets here may act as any role.
local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


class ClusterFault(RuntimeFault):
    """The private cluster cannot be made, started or stopped."""

    code = "cluster.failed"


class Cluster:
    """One private cluster.

    Parameters
    ----------
    place
        Folder it belongs to: the data folder of an installation, or a temporary one for tests.
    durable
        False for tests: faster, but may not survive a power cut. It still survives killed processes.
    log
        File for the server's messages; default: ``log/postgres.log`` in ``place``.
    """

    def __init__(self, place: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.place = place.resolve()
        self.durable = durable
        self.account = "postgres" if os.geteuid() == 0 else None
        name = hashlib.sha256(os.fsencode(self.place)).hexdigest()[:12]
        if self.account:
            self.home = Path("/var/lib/onegrid") / name
            self.socket_dir = Path("/run") / f"onegrid-{name}"
        else:
            self.home = self.place / "cluster"
            self.socket_dir = self.home / "socket"
            if len(os.fsencode(self.socket_dir)) + len("/.s.PGSQL.65535.lock") > _LONGEST_SOCKET:
                self.socket_dir = Path("/tmp") / f"onegrid-{os.getuid()}-{name}"
        self.data = self.home / "data"
        self.log = log or self.place / "log" / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = -1

    # ---- what it is ----

    @property
    def exists(self) -> bool:
        """Whether it has been made."""
        return (self.data / "PG_VERSION").exists()

    @property
    def port(self) -> int:
        """Its loopback port, which also names its socket; 0 before it is made."""
        try:
            return int((self.home / "port").read_text())
        except (OSError, ValueError):
            return 0

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return the URL of a database of this cluster, over the socket, for one of its roles."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{quote(role)}@/{quote(database)}?host={host}&port={self.port}"

    def pid(self) -> int | None:
        """Return the process id of the running server, or None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if pid in set(processes.working_in(self.data, "postgres")) else None

    def answers(self) -> bool:
        """Return whether the server takes connections now."""
        try:
            psycopg2.connect(self.url("postgres", "postgres"), connect_timeout=2).close()
        except psycopg2.Error:
            return False
        return True

    # ---- what is done with it ----

    def start(
        self, *, bound: bool = True, patience_s: float = 60, cancelled: Callable[[], bool] = lambda: False
    ) -> str:
        """Start the server, making the cluster first where there is none; return the URL of its owner.

        What a crash left behind (processes without a parent, lock files that name a dead process) is cleared. A
        running server is left as it is.

        Parameters
        ----------
        bound
            Whether the server is to stop when this process ends, however it ends.
        cancelled
            Asked while waiting: whether to give up.

        Raises
        ------
        ClusterFault
            It does not start; the text ends with the server's own last words.
        PostgresMissing
            PostgreSQL or PostGIS is not installed.
        """
        self._prepare_folders()
        with self._alone():
            if self.pid() is None:
                if not self.exists:
                    self._make()
                self._clear_remains()
                self._launch(bound, patience_s, cancelled)
            self._wait(patience_s)
            self._provide()
        return self.url()

    def stop(self, patience_s: float = 20) -> None:
        """Stop the server: clients are cut off, what is committed stays. Nothing happens if none runs."""
        pid = self.pid()
        if pid is not None:
            for how, wait_s in ((signal.SIGINT, patience_s), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
                if self._gone(pid, wait_s):
                    break
        if self.process is not None:
            self.process.wait()
            self.process = None
        if not self.exists or self.pid() is None:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def recreate_database(self) -> None:
        """Drop the database with everything in it, cutting off who uses it, and make it anew."""
        with self.connection(database="postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {DATABASE} with (force)")
        self._provide()

    def remove(self) -> None:
        """Stop the server and delete the cluster with everything in it."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @contextlib.contextmanager
    def connection(self, role: str = "postgres", database: str = DATABASE) -> Iterator[psycopg2.extensions.connection]:
        """Give a connection in autocommit mode, over the socket."""
        connection = psycopg2.connect(self.url(role, database), connect_timeout=5)
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    # ---- how ----

    def _programs(self) -> postgres.Programs:
        made_with = int((self.data / "PG_VERSION").read_text()) if self.exists else None
        return postgres.find_programs(version=made_with)

    def _prepare_folders(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.account:
            try:
                account = pwd.getpwnam(self.account)
            except KeyError as error:
                raise ClusterFault(
                    "the account postgres is missing; install PostgreSQL from the distribution"
                ) from error
            Path("/var/lib/onegrid").mkdir(mode=0o755, parents=True, exist_ok=True)
        for folder in (self.home, self.socket_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.account:
                os.chown(folder, account.pw_uid, account.pw_gid)
            owner = account.pw_uid if self.account else os.getuid()
            found = folder.lstat()
            # in /tmp somebody else could have laid a folder or a link of this name to catch our connections
            if found.st_uid != owner or folder.is_symlink():
                raise ClusterFault(f"{folder} belongs to somebody else; remove it")
            folder.chmod(0o700)
        if self.account:
            (self.home / "belongs-to").write_text(f"{self.place}\n", encoding="utf-8")

    def _make(self) -> None:
        """Run initdb in a folder aside and move it into place, so that an interrupted start leaves no half cluster."""
        aside = self.home / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        command: list[str | Path] = [
            self._programs().path("initdb"), "--pgdata", aside, "--username=postgres", "--encoding=UTF8",
            "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--data-checksums",
        ]  # fmt: skip
        with tempfile.TemporaryFile() as output:
            child = processes.spawn(
                command + ([] if self.durable else ["--no-sync"]), log=output.fileno(), user=self.account, cwd=Path("/")
            )
            if child.wait() != 0:
                output.seek(0)
                raise ClusterFault(f"initdb failed: {output.read().decode(errors='replace').strip()[-600:]}")
        (aside / "pg_hba.conf").write_text(_HBA)
        with (aside / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'onegrid.conf'           # written anew at each start\n")
            file.write("include_if_exists 'local.conf'   # yours\n")
        os.replace(aside, self.data)

    def _clear_remains(self) -> None:
        """End server processes whose postmaster is dead, and drop lock files that name a process of something else."""
        remains = list(processes.working_in(self.data, "postgres"))
        for pid in remains:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in remains:
            processes.wait_gone(pid, 5)
        for file in [self.data / "postmaster.pid", *self.socket_dir.glob(".s.PGSQL.*")]:
            file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other processes that would start the same cluster at the same moment."""
        with (self.home / "start.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _launch(self, bound: bool, patience_s: float, cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + patience_s
        for attempt in range(5):
            self._choose_port(fresh=attempt > 0)
            text = postgres.configuration(
                port=self.port, socket_dir=self.socket_dir, durable=self.durable, memory=postgres.memory_mb()
            )
            (self.data / "onegrid.conf").write_text(text)
            start = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as log:
                self.process = processes.spawn(
                    [self._programs().path("postgres"), "-D", self.data],
                    log=log.fileno(),
                    user=self.account,
                    bound=signal.SIGINT if bound else None,
                    cwd=Path("/"),
                )
            while self.process.poll() is None:
                if self.answers():
                    self.restarts += 1
                    return
                if time.monotonic() > until or cancelled():
                    processes.end(self.process, signal.SIGINT, 10)
                    raise ClusterFault(f"PostgreSQL does not answer after {patience_s:.0f} s; see {self.log}")
                time.sleep(0.05)
            words = self.log.read_bytes()[start:].decode(errors="replace").strip()
            if "could not create any TCP/IP sockets" not in words:
                break
        raise ClusterFault(f"PostgreSQL does not start: {words[-600:] or 'it said nothing'} (log: {self.log})")

    def _choose_port(self, fresh: bool) -> None:
        """Keep the port of last time while it is free; other programs may have been told of it."""
        if not fresh and self.port and _free(self.port):
            return
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            (self.home / "port").write_text(f"{probe.getsockname()[1]}\n")

    def _wait(self, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        while not self.answers():
            if time.monotonic() > until:
                raise ClusterFault(f"PostgreSQL does not answer after {patience_s:.0f} s; see {self.log}")
            time.sleep(0.1)

    def _provide(self) -> None:
        """See to the owner, the database and the extensions, which only the superuser may make."""
        with self.connection(database="postgres") as connection, connection.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", [OWNER])
            if cursor.fetchone() is None:
                cursor.execute(f"create role {OWNER} login createdb createrole")
        for database in ("template1", DATABASE):
            # every database made here later has the extensions from its template
            if database == DATABASE and not self._has_database(DATABASE):
                with self.connection(database="postgres") as connection, connection.cursor() as cursor:
                    cursor.execute(f"create database {DATABASE} owner {OWNER}")
            with self.connection(database=database) as connection, connection.cursor() as cursor:
                for extension in _EXTENSIONS:
                    cursor.execute(f"create extension if not exists {extension}")
                cursor.execute(f"grant select on spatial_ref_sys to {OWNER} with grant option")

    def _has_database(self, name: str) -> bool:
        with self.connection(database="postgres") as connection, connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", [name])
            return cursor.fetchone() is not None

    def _gone(self, pid: int, patience_s: float) -> bool:
        """Return whether the server has ended; a child of ours is reaped on the way."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if self.process is not None:
                self.process.poll()
            if not processes.alive(pid):
                return True
            time.sleep(0.02)
        return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
