"""A backup of an installation in one file, and the way back.

The file is a tar: ``manifest.json`` (what it holds, checksums, rows of each table), ``database.dump`` (pg_dump, custom
format) and ``uploads/``. Dump and row counts come from one snapshot, so a restored database can be compared exactly.
It holds personal data: the file is readable by its owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as PgConnection  # noqa: N812
from psycopg2.extensions import make_dsn, parse_dsn

from api.runtime import postgres
from api.runtime.errors import RuntimeFault
from data import migrate
from data.session import libpq_url

FORMAT = 1
# what belongs to extensions is there already, made by whoever may
_NOT_OURS = (" EXTENSION ", " spatial_ref_sys ", " ACL ", " DEFAULT ACL ")
_TABLES = """
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by c.relname
"""


class BackupFault(RuntimeFault):
    """A backup cannot be written, read or restored; nothing has been changed."""

    code = "backup.failed"


def backup(owner_url: str, uploads: Path, target: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Write database and uploads into one file and return its manifest. Writers are not held up.

    Parameters
    ----------
    owner_url
        The owner, whom row-level security does not bind.
    target
        File to write; it appears under this name only when it is whole.
    say
        Takes a line per step.

    Raises
    ------
    BackupFault
        The dump failed, or the file exists already.
    """
    if target.exists():
        raise BackupFault(f"{target} exists; give another name")
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".backup-") as folder:
        dump, part = Path(folder) / "database.dump", Path(folder) / "whole.tar"
        with _snapshot(owner_url) as (connection, snapshot):
            say("database …")
            counts = _counts(connection)
            _run("pg_dump", owner_url, "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
        files = [path for path in sorted(uploads.rglob("*")) if path.is_file()]
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "revision": migrate.current(owner_url),
            "database_sha256": _sha256(dump),
            "rows": counts,
            "uploads": len(files),
        }
        say(f"{len(files)} uploads …")
        part.touch(mode=0o600)
        with tarfile.open(part, "w") as tar:
            _add_text(tar, "manifest.json", json.dumps(manifest, indent=1))
            tar.add(dump, "database.dump")
            for path in files:
                tar.add(path, f"uploads/{path.relative_to(uploads)}")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """Return what a backup says about itself.

    Raises
    ------
    BackupFault
        The file is no backup, or of a format or revision that this program does not know.
    """
    try:
        with tarfile.open(source) as tar:
            file = tar.extractfile("manifest.json")
            assert file is not None
            manifest = dict(json.load(file))
    except (tarfile.TarError, KeyError, ValueError, AssertionError) as error:
        raise BackupFault(f"{source} is not a backup of OneGrid, or it is cut off") from error
    if manifest.get("format") != FORMAT or not migrate.knows(manifest["revision"]):
        raise BackupFault(f"{source} was made by a newer version of OneGrid; restore it with that version")
    return manifest


def restore(
    owner_url: str,
    uploads: Path,
    source: Path,
    say: Callable[[str], None],
    make_room: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Bring a backup back into an empty database and an empty uploads folder, and return its manifest.

    Everything is checked before and after: the dump's checksum first, each table's rows last. The database is then
    migrated to this program's version by the caller.

    Parameters
    ----------
    make_room
        Called once the backup has been found whole, before the database is written.

    Raises
    ------
    BackupFault
        The backup is damaged, or the place is not empty, or what came back differs from what was saved.
    """
    manifest = read_manifest(source)
    if uploads.exists() and any(uploads.iterdir()):
        raise BackupFault(f"{uploads} is not empty; move it away first")
    aside = uploads.with_name(uploads.name + ".restored")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, mode=0o700)
    try:
        say("checking …")
        _unpack(source, aside, manifest)
        make_room()
        say("database …")
        with contextlib.closing(psycopg2.connect(libpq_url(owner_url))) as connection:
            _restore_database(connection, owner_url, aside, manifest)
        if (aside / "uploads").exists():
            shutil.rmtree(uploads, ignore_errors=True)
            os.replace(aside / "uploads", uploads)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _restore_database(connection: PgConnection, owner_url: str, folder: Path, manifest: dict[str, Any]) -> None:
    connection.autocommit = True
    if found := _tables(connection):
        raise BackupFault(f"the database is not empty ({', '.join(found[:3])} …); restore into a new one")
    with connection.cursor() as cursor:
        for extension in ("postgis", "btree_gist", "pg_trgm"):
            cursor.execute(f"create extension if not exists {extension}")
    dump, chosen = folder / "database.dump", folder / "chosen"
    listing = _run("pg_restore", None, "--list", str(dump))
    chosen.write_text("".join(line for line in listing.splitlines(True) if not any(word in line for word in _NOT_OURS)))
    _run(
        "pg_restore", owner_url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
        f"--use-list={chosen}", str(dump),
    )  # fmt: skip
    counts = _counts(connection)
    if counts != manifest["rows"]:
        differing = sorted(name for name in manifest["rows"] if counts.get(name) != manifest["rows"][name])
        raise BackupFault(f"the restored database differs from the saved one in: {', '.join(differing)}")


@contextlib.contextmanager
def _snapshot(owner_url: str) -> Iterator[tuple[PgConnection, str]]:
    """Give a connection in one transaction, and the name under which pg_dump sees the same rows."""
    with contextlib.closing(psycopg2.connect(libpq_url(owner_url))) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("select pg_export_snapshot()")
            row = cursor.fetchone()
            assert row is not None
            yield connection, row[0]


def _tables(connection: PgConnection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [name for (name,) in cursor.fetchall()]


def _counts(connection: PgConnection) -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for name in _tables(connection):
            cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("public", name)))
            row = cursor.fetchone()
            assert row is not None
            counts[name] = row[0]
    return counts


def _unpack(source: Path, folder: Path, manifest: dict[str, Any]) -> None:
    try:
        with tarfile.open(source) as tar:
            for entry in tar:
                _extract(tar, entry, folder)
        whole = _sha256(folder / "database.dump") == manifest["database_sha256"]
    except (tarfile.TarError, OSError) as error:
        raise BackupFault(f"{source} cannot be unpacked: {error}") from error
    uploads = sum(path.is_file() for path in folder.glob("uploads/**/*"))
    if not whole or uploads != manifest["uploads"]:
        raise BackupFault(f"{source} is damaged: its contents do not match its manifest")


def _extract(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    """Write one ordinary file below ``folder``; links, devices and paths that lead out of it are refused."""
    path = (folder / entry.name).resolve()
    file = tar.extractfile(entry) if entry.isreg() else None
    if file is None or not path.is_relative_to(folder.resolve()):
        raise BackupFault(f"the backup holds {entry.name!r}, which no backup of OneGrid has")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(file, target)


def _run(program: str, url: str | None, *arguments: str) -> str:
    """Run a PostgreSQL client program and return what it prints; the password travels in its environment only."""
    command = [str(postgres.find_programs(server=False).path(program)), *arguments]
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    if url is not None:
        parts = parse_dsn(libpq_url(url))
        environment["PGPASSWORD"] = parts.pop("password", "")
        command.append(f"--dbname={make_dsn(**parts)}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BackupFault(f"{program} failed: {reason.removeprefix(f'{program}: ')}")
    return done.stdout


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(text.encode()), 0o600
        tar.addfile(entry, file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
