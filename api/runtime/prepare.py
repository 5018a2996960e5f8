"""Makes a database ready to be served: migrated, and with the demo town where that is allowed.

    python -m api.runtime.prepare RESULT_FILE [--private] [--serve]

Runs as a child of the supervisor, so that what it loads does not stay in memory. RESULT_FILE gets what the supervisor
then tells: ``{"demo", "town", "logins", "password"}``.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import text

import data
from api.runtime.errors import RuntimeFault
from api.runtime.installation import Urls
from api.runtime.settings import Settings
from data import clock, migrate
from data.errors import OneGridError
from data.scope import Scope
from data.session import Database, libpq_url

DEMO_PASSWORD = "onegrid-demo"
# one town at a time, so that the application role may ask too: without a town it sees nothing
_TOWNS = "select town_id, name from list_towns()"
_ENTER = "select set_config('onegrid.town_id', %s, false)"
_LOGINS = "select coalesce(settings -> 'demo_logins', '[]') from town where town_id = %s"
_MARK = """
    update town set settings = settings || jsonb_build_object('demo_logins',
        (select jsonb_agg(username order by user_id) from app_user where app_user.town_id = town.town_id))
"""


class DemoRefused(RuntimeFault):
    """The demo town may not be served like this: its password is public."""

    code = "runtime.demo_refused"


def prepare(settings: Settings, *, private: bool, serve: bool, pack: Path | None = None) -> dict[str, Any]:
    """Migrate, load the demo town where it is allowed, and return what is served.

    Parameters
    ----------
    private
        Whether the database is the private cluster, where the demo town needs no asking.
    serve
        A real town: nothing of the demo.
    pack
        Folder of the demo town's pack; default: the one that ships with the program.

    Raises
    ------
    DemoRefused
        Demo logins would be served to other machines, or as a real town.
    """
    bring_up_to_date(Urls(settings.database_url, settings.owner_url))
    wanted = not serve and (settings.demo if settings.demo is not None else private)
    name, logins = _served(settings)
    loads = wanted and name is None
    if (logins or loads) and not settings.loopback and settings.demo is not True:
        raise DemoRefused(
            f"the demo logins have a public password and ONEGRID_BIND={settings.bind} is open to other machines:"
            " set ONEGRID_DEMO=1 if that is what you want"
        )
    if logins and not wanted:
        raise DemoRefused(
            "this database holds the demo town with its public password; serve a real town from another database"
            " (ONEGRID_DATABASE_URL) or data folder (ONEGRID_DATA_DIR)"
        )
    if settings.now and not (logins or loads):
        raise RuntimeFault("ONEGRID_NOW moves the clock of the demo and of tests only: unset it")
    if loads:
        load_demo(settings, pack or shipped_pack())
        name, logins = _served(settings)
    return {"demo": bool(logins), "town": name, "logins": logins, "password": DEMO_PASSWORD if logins else None}


def bring_up_to_date(urls: Urls) -> None:
    """Migrate the database, or see that nothing is to migrate where the owner's URL is not known.

    Raises
    ------
    RuntimeFault
        The database has another version than this program, and no owner is given.
    """
    if not urls.owner:
        if migrate.current(urls.application) != migrate.head():
            raise RuntimeFault(
                "the database has another version than this program: set ONEGRID_OWNER_URL to migrate it"
            )
        return
    application = psycopg2.extensions.parse_dsn(libpq_url(urls.application))
    # a role that can sign in keeps its password
    password = None if _opens(urls.application) else application.get("password")
    migrate.upgrade(urls.owner, application["user"], password)


def is_empty(owner_url: str) -> bool:
    """Return whether a database holds no town: it is new, or migrated and nothing more."""
    with contextlib.closing(psycopg2.connect(libpq_url(owner_url))) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('public.town') is not null")
        if cursor.fetchone() == (False,):
            return True
        cursor.execute("select not exists (select from town)")
        return cursor.fetchone() == (True,)


def shipped_pack() -> Path:
    """Return the folder of the town pack that ships with the program."""
    return next(path.parent for path in sorted(Path(data.__file__).parent.glob("packs/*/pack.toml")))


def load_demo(settings: Settings, pack: Path) -> None:
    """Load a pack with its demo logins, and note that their passwords are public.

    Raises
    ------
    OneGridError
        The pack could not be loaded; nothing of it was.
    """
    from layers.exchange.pack import load

    print(f"Loading the demo town from {pack.name} …", flush=True)
    clock.set_now(settings.now)
    database = Database(Urls(settings.database_url, settings.owner_url).need_owner(), statement_timeout_s=0)
    try:
        with database.transaction(Scope.system(None)) as session:
            load(
                session,
                pack,
                now=clock.now(),
                progress=lambda step: print(f"  {step}", flush=True),
                assets_dir=settings.assets_dir,
                demo_password=DEMO_PASSWORD,
            )
            session.execute(text(_MARK))
    finally:
        database.close()


def _served(settings: Settings) -> tuple[str | None, list[str]]:
    """Return the name of the first town, None if there is none, and the demo logins of all."""
    with _cursor(settings) as cursor:
        cursor.execute(_TOWNS)
        towns = cursor.fetchall()
        logins: list[str] = []
        for town_id, _ in towns:
            cursor.execute(_ENTER, [str(town_id)])
            cursor.execute(_LOGINS, [town_id])
            logins += [login for (found,) in cursor.fetchall() for login in found]
    return (towns[0][1] if towns else None), logins


def _opens(url: str) -> bool:
    try:
        psycopg2.connect(libpq_url(url), connect_timeout=10).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextlib.contextmanager
def _cursor(settings: Settings) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(libpq_url(settings.owner_url or settings.database_url), connect_timeout=10)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def main() -> int:
    """Run as the supervisor calls it; the exit status is 0, or 1 after one line on stderr."""
    settings = Settings.from_environment()
    try:
        result = prepare(settings, private="--private" in sys.argv, serve="--serve" in sys.argv)
    except OneGridError as error:
        print(f"onegrid: {error}", *getattr(error, "faults", [])[:20], sep="\n  ", file=sys.stderr)
        return 1
    except psycopg2.OperationalError as error:
        print(f"onegrid: the database does not answer: {str(error).strip()}", file=sys.stderr)
        return 1
    Path(sys.argv[1]).write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
