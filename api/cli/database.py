"""``onegrid db``: migrate, back up, restore, reset."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted
from api.runtime import installation
from api.runtime.cluster import APPLICATION, DATABASE, OWNER, Cluster
from api.runtime.errors import RuntimeFault
from api.runtime.settings import Settings


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@pass_invocation
def migrate(invocation: Invocation) -> None:
    """Bring the database to the version of this program; the application role is made if it is missing."""
    from api.runtime.prepare import bring_up_to_date
    from data.migrate import head

    with invocation.database() as urls:
        bring_up_to_date(urls)
    click.echo(f"the database is at version {head()}")


@db.command()
@click.option("--owner", is_flag=True, help="As the owner instead of the application role.")
@click.option("--loopback", is_flag=True, help="Over the loopback port, where the role needs a password.")
@pass_invocation
def url(invocation: Invocation, owner: bool, loopback: bool) -> None:
    """Print the address of the database, for psql and QGIS; a private one answers while it runs."""
    settings = invocation.settings
    if settings.private:
        cluster = Cluster(settings.data_dir)
        if not cluster.exists:
            raise RuntimeFault("there is no private database yet: onegrid db migrate makes it")
        role = OWNER if owner else APPLICATION
        click.echo(f"postgresql://{role}@127.0.0.1:{cluster.port}/{DATABASE}" if loopback else cluster.url(role))
        return
    urls = installation.Urls(settings.database_url, settings.owner_url)
    click.echo(urls.need_owner() if owner else urls.application)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_invocation
def backup(invocation: Invocation, file: Path) -> None:
    """Write database and photos into one FILE, while everything runs on."""
    from api.runtime import backup as backups

    with invocation.database() as urls:
        manifest = backups.backup(urls.need_owner(), invocation.settings.uploads_dir, file, _progress)
    rows = sum(manifest["rows"].values())
    click.echo(
        f"{file}: {counted(rows, 'row')}, {counted(manifest['uploads'], 'upload')}, {file.stat().st_size / 1e6:.1f} MB"
    )


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_invocation
def restore(invocation: Invocation, file: Path) -> None:
    """Bring a backup back into an empty database; it is checked before and after."""
    from api.runtime import backup as backups
    from api.runtime.prepare import bring_up_to_date, is_empty

    settings = invocation.settings
    _refuse_while_running(settings)
    backups.read_manifest(file)
    with invocation.database() as urls:
        owner = urls.need_owner()

        def make_room() -> None:
            if settings.private and is_empty(owner):
                Cluster(settings.data_dir).recreate_database()

        manifest = backups.restore(owner, settings.uploads_dir, file, _progress, make_room)
        bring_up_to_date(urls)
    rows = sum(manifest["rows"].values())
    click.echo(
        f"restored: {counted(rows, 'row')}, {counted(manifest['uploads'], 'upload')}, as of {manifest['made_at']}"
    )


@db.command()
@click.option("--remove", is_flag=True, help="Delete the private cluster itself too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def reset(invocation: Invocation, remove: bool, yes: bool) -> None:
    """Empty the private database and the photos: everything in them is lost."""
    settings = invocation.settings
    if not settings.private:
        raise RuntimeFault("only the private database can be reset; drop the one of ONEGRID_DATABASE_URL by hand")
    _refuse_while_running(settings)
    if not yes:
        click.confirm(
            f"Everything in the database and the uploads of {settings.data_dir} will be lost. Go on?", abort=True
        )
    cluster = Cluster(settings.data_dir)
    if remove:
        cluster.remove()
    else:
        from api.runtime.prepare import bring_up_to_date

        with invocation.database() as urls:
            cluster.recreate_database()
            bring_up_to_date(urls)
    shutil.rmtree(settings.uploads_dir, ignore_errors=True)
    click.echo("removed" if remove else "the database is empty")


def _refuse_while_running(settings: Settings) -> None:
    if installation.is_running(settings):
        raise RuntimeFault("OneGrid is running; stop it first: onegrid down")


def _progress(line: str) -> None:
    click.echo(line, err=True)


commands = [db]
