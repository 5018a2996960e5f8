"""``onegrid up | down | status``: all processes of an installation."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

import click

from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted
from api.runtime import installation, processes
from api.runtime.cluster import Cluster
from api.runtime.errors import RuntimeFault
from api.runtime.settings import Settings


@click.command()
@click.option("--serve", is_flag=True, help="A real town: the demo town is never loaded and never served.")
@click.option("--bound", is_flag=True, help="Stop when the program that started this one ends (used by make).")
@pass_invocation
def up(invocation: Invocation, serve: bool, bound: bool) -> None:
    """Start database, web and worker, and keep them running until Ctrl-C."""
    from api.runtime.supervisor import Supervisor

    if bound:
        processes.die_with_parent(signal.SIGTERM)
    Supervisor(invocation.settings, serve=serve, say=click.echo).run()


@click.command()
@click.option("--wait", "patience_s", metavar="SECONDS", default=30.0, show_default=True, help="How long it may take.")
@pass_invocation
def down(invocation: Invocation, patience_s: float) -> None:
    """Stop everything that "up" has started; a database that a killed run left behind too."""
    settings = invocation.settings
    state = installation.read_state(settings)
    if installation.is_running(settings):
        if state is None:
            raise RuntimeFault("OneGrid is just starting; try again in a moment")
        os.kill(state["pid"], signal.SIGTERM)
        if not _until(lambda: not installation.is_running(settings), patience_s):
            raise RuntimeFault(f"process {state['pid']} does not stop; look into {settings.log_dir}")
        click.echo("stopped")
        return
    if settings.private and Cluster(settings.data_dir).pid() is not None:
        with installation.cluster_held(settings, Cluster(settings.data_dir), patience_s):
            pass
        click.echo("stopped the database that was left running")
        return
    click.echo("nothing was running")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show what runs; exit status 1 if nothing does or it does not answer."""
    invocation: Invocation = ctx.obj
    found = _status(invocation.settings)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)
    if not found["ready"]:
        ctx.exit(1)


def _status(settings: Settings) -> dict[str, Any]:
    state = installation.read_state(settings) if installation.is_running(settings) else None
    if state is None:
        return {"running": False, "ready": False, "address": settings.address, "processes": []}
    rows = [dict(row, running=bool(row["pid"]) and processes.alive(row["pid"])) for row in state["processes"]]
    uptime = int(time.time() - state["started_at"])
    return dict(
        state,
        running=True,
        processes=rows,
        uptime_s=uptime,
        ready=state["ready"] and any(row["running"] for row in rows),
    )


def _print(found: dict[str, Any]) -> None:
    if not found["running"]:
        click.echo("OneGrid is not running")
        return
    kind = " (demo)" if found["demo"] else ""
    click.echo(f"{found['town'] or 'no town yet'}{kind}: {found['address']}, up for {found['uptime_s']} s")
    for row in found["processes"]:
        word = f"process {row['pid']}" if row["running"] else "down"
        again = f", started again {counted(row['restarts'], 'time')}" if row["restarts"] else ""
        click.echo(f"  {row['name']:<10} {word}{again}")
    if not found["ready"]:
        click.echo("not ready yet")


def _until(done: Any, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


commands = [up, down, status]
