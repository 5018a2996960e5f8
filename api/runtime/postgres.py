"""The PostgreSQL of this machine: where its programs are, and how a private cluster is configured."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from api.runtime.errors import RuntimeFault

OLDEST = 15
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)


class PostgresMissing(RuntimeFault):
    """No PostgreSQL with PostGIS is installed that is new enough."""

    code = "postgres.missing"


@dataclass(frozen=True)
class Programs:
    """The programs of one PostgreSQL version."""

    folder: Path
    version: int

    def path(self, name: str) -> Path:
        """Return the path of one program, such as ``initdb``."""
        return self.folder / name


def find_programs(*, server: bool = True, version: int | None = None) -> Programs:
    """Return the newest PostgreSQL of this machine that will do.

    Parameters
    ----------
    server
        Whether a server with PostGIS is needed; False: ``pg_dump`` and ``pg_restore`` are enough.
    version
        Major version that is needed, such as that of an existing cluster.

    Raises
    ------
    PostgresMissing
        There is none.
    """
    found = []
    for folder in _candidates():
        major = _major_version(folder / ("postgres" if server else "pg_dump"))
        if major < OLDEST or (version is not None and major != version) or (server and not _has_postgis(folder)):
            continue
        found.append(Programs(folder, major))
    if not found:
        wanted = f"PostgreSQL {version}" if version else f"PostgreSQL {OLDEST} or newer"
        part = " with PostGIS" if server else " client programs (pg_dump)"
        raise PostgresMissing(
            f"{wanted}{part} is not installed; on Debian: apt install postgresql postgresql-postgis,"
            " or set ONEGRID_DATABASE_URL to use another server"
        )
    return max(found, key=lambda programs: programs.version)


def _candidates() -> list[Path]:
    folders = [path for pattern in _FOLDERS for path in Path("/").glob(pattern.lstrip("/"))]
    return folders + [Path(entry) for entry in os.get_exec_path()]


def _major_version(program: Path) -> int:
    if not os.access(program, os.X_OK):
        return 0
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", answer)
    return int(found[1]) if found else 0


def _has_postgis(folder: Path) -> bool:
    share = Path(f"/usr/share/postgresql/{folder.parent.name}")
    if (folder / "pg_config").exists():
        answer = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        share = Path(answer.stdout.strip() or share)
    return (share / "extension" / "postgis.control").exists()


def memory_mb() -> int:
    """Return the memory of this machine, in MB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def configuration(*, port: int, socket_dir: Path, durable: bool, memory: int) -> str:
    """Return the text of ``onegrid.conf``, which the cluster includes.

    Parameters
    ----------
    port
        Loopback port, which also names the socket.
    socket_dir
        Folder of the socket.
    durable
        False for tests: nothing is flushed to disk, and a power cut may destroy the cluster.
    memory
        Memory of the machine, in MB; buffers are scaled to it.
    """
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "port": port,
        "unix_socket_directories": f"'{socket_dir}'",
        "unix_socket_permissions": "0700",
        "max_connections": 200,
        "password_encryption": "'scram-sha-256'",
        "shared_buffers": f"{min(max(memory // 8, 128), 2048) if durable else 128}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(max(memory // 16, 64), 512)}MB",
        # a tile is small: starting parallel workers costs more than they save (13.8 ms against 2.6 ms)
        "max_parallel_workers_per_gather": 0,
        "jit": "off",
        "random_page_cost": 1.1,
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "log_min_duration_statement": "'2s'",
        "log_parameter_max_length": 0,
        "idle_in_transaction_session_timeout": "'10min'",
    }
    if not durable:
        lines |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        lines |= {"log_min_duration_statement": -1}
    return "".join(f"{name} = {value}\n" for name, value in lines.items())
