"""How long work is told: progress on a terminal, one JSON object for machines, one line for people."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for machines.")


def tell(as_json: bool, facts: dict[str, Any], lines: list[str]) -> None:
    """Print the result: facts as JSON, or lines."""
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, default=str))
        return
    for line in lines:
        click.echo(line)


def counted(count: int, thing: str) -> str:
    """Return a count with its thing: 1 row, 2 rows."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


@contextlib.contextmanager
def progress(title: str, as_json: bool = False) -> Iterator[Callable[[int | str], None]]:
    """Give a function that shows rows done or the step at work; silent where nobody looks (pipes, `--json`)."""
    if as_json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[at]}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, at="")

        def show(at: int | str) -> None:
            bar.update(task, at=f"{at:,} rows" if isinstance(at, int) else at)

        yield show
