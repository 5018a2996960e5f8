"""onegrid user and onegrid token: accounts, and the tokens of programs."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from api.cli.invocation import Invocation, pass_invocation
from data.errors import Invalid
from layers.people import service
from layers.people.service import MadeUser, NewUser

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.group()
def user() -> None:
    """Make, list, reset and disable accounts."""


@user.command("add")
@click.argument("username", required=False)
@click.option("--role", help="Code of the role. The very first account becomes an administrator without it.")
@click.option("--name", help="Name of the person; default: the user name.")
@click.option("--org", help="Code of the organisation.")
@click.option("--area", "areas", multiple=True, help="Code of a village or grid the role is for; may be repeated.")
@click.option("--platform", help="Code of the platform the role is for.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with username,name,role,org,areas(;),platform: all are made, or none.",
)
@_json_option
@pass_invocation
def add(
    invocation: Invocation,
    username: str | None,
    role: str | None,
    name: str | None,
    org: str | None,
    areas: tuple[str, ...],
    platform: str | None,
    password_stdin: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """Make the account USERNAME, or those of a file. An initial password is told once and must be changed."""
    if (username is None) == (file is None):
        raise click.UsageError(
            "give a USERNAME or --file, not both:\n"
            "  onegrid user add zhoumin --role command_room --name 周敏\n"
            "  onegrid user add --file accounts.csv      columns username,name,role,org,areas,platform"
        )
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with invocation.transaction() as session:
        if file is not None:
            users = _read(file)
        else:
            given = role or _first_role(session)
            users = [NewUser(username or "", name or username or "", given, org, areas, platform, password)]
        made = _add(session, users)
    _tell(made, as_json)


def _first_role(session: Session) -> str:
    """The administrator's role while nobody can manage users yet."""
    found = service.first_manager_role(session)
    if found is None:
        raise Invalid("user.role", "name the role with --role")
    return found


def _read(file: Path) -> list[NewUser]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"username", "role"} <= rows[0].keys():
        raise Invalid("user.file", f"{file}: give a heading with at least username and role, and a row a user")
    return [
        NewUser(
            (row["username"] or "").strip(),
            (row.get("name") or row["username"] or "").strip(),
            (row["role"] or "").strip(),
            (row.get("org") or "").strip() or None,
            tuple(code.strip() for code in (row.get("areas") or "").split(";") if code.strip()),
            (row.get("platform") or "").strip() or None,
        )
        for row in rows
    ]


def _add(session: Session, users: list[NewUser]) -> list[MadeUser]:
    try:
        return service.add_users(session, users)
    except Invalid as refused:
        faults = refused.detail.get("faults", ())
        lines = [f"row {fault['row'] + 1}, {fault['field']}: {fault['message']}" for fault in faults]
        raise Invalid(refused.code, "; ".join([refused.message, *lines]), **refused.detail) from None


def _tell(made: list[MadeUser], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([{"username": one.username, "password": one.password} for one in made]))
        return
    for one in made:
        click.echo(f"{one.username}  {one.password}" if one.password else one.username)


@user.command("list")
@click.option("-q", "words", help="Only accounts whose name or organisation holds this.")
@_json_option
@pass_invocation
def list_users(invocation: Invocation, words: str | None, as_json: bool) -> None:
    """List the accounts of the town."""
    with invocation.transaction() as session:
        rows, _ = service.list_users(session, words, None, 100_000)
    if as_json:
        click.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        roles = ", ".join(role["code"] for role in row["roles"])
        state = "disabled" if row["disabled_at"] else "locked" if row["locked_until"] else ""
        click.echo(f"{row['username']:<24} {row['name']:<16} {roles:<24} {row['org'] or '':<16} {state}".rstrip())


@user.command("reset")
@click.argument("username")
@_json_option
@pass_invocation
def reset(invocation: Invocation, username: str, as_json: bool) -> None:
    """Give USERNAME a new initial password; its sessions end."""
    with invocation.transaction() as session:
        made = service.reset_password(session, username)
    _tell([made], as_json)


@user.command("disable")
@click.argument("username")
@pass_invocation
def disable(invocation: Invocation, username: str) -> None:
    """Take USERNAME out of use: sessions, tokens and streams end at once."""
    with invocation.transaction() as session:
        service.disable(session, username)
    click.echo(f"{username} is disabled")


@user.command("enable")
@click.argument("username")
@pass_invocation
def enable(invocation: Invocation, username: str) -> None:
    """Put USERNAME back into use."""
    with invocation.transaction() as session:
        service.enable(session, username)
    click.echo(f"{username} is in use")


@click.group()
def token() -> None:
    """Make, list and revoke tokens of programs."""


@token.command("create")
@click.argument("username")
@click.option("--scope", "scopes", multiple=True, help="A permission the token is limited to; may be repeated.")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days it lives; default: until it is revoked.")
@_json_option
@pass_invocation
def create_token(
    invocation: Invocation, username: str, scopes: tuple[str, ...], name: str, days: int | None, as_json: bool
) -> None:
    """Make a token that acts for USERNAME and print it; it is told this once."""
    with invocation.transaction() as session:
        number, plain = service.add_token(session, username, name, scopes, days)
    click.echo(json.dumps({"id": number, "token": plain}) if as_json else plain)


@token.command("list")
@_json_option
@pass_invocation
def list_tokens(invocation: Invocation, as_json: bool) -> None:
    """List the tokens of the town, without their text."""
    with invocation.transaction() as session:
        rows: list[dict[str, Any]] = service.list_tokens(session)
    if as_json:
        click.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        state = "revoked" if row["revoked_at"] else f"until {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else ""
        click.echo(
            f"{row['token_id']:<6} {row['username']:<20} {row['name']:<24} {','.join(row['scopes'])} {state}".rstrip()
        )


@token.command("revoke")
@click.argument("number", type=int)
@pass_invocation
def revoke_token(invocation: Invocation, number: int) -> None:
    """End the token NUMBER at once."""
    with invocation.transaction() as session:
        service.revoke_token(session, number)
    click.echo(f"token {number} is revoked")


commands = (user, token)
