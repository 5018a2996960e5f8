"""make bench: every row of the speed table, measured in one run; bench/results.json and docs/speed.md are written."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.stage import ROOT, stage

Rows = list[dict[str, Any]]


def gather(only: set[str], quick: bool) -> Rows:
    """Run the benchmarks asked for, cheapest set-up first; return their rows with the name of their table."""
    from bench import geocode, locate, loop, paint, planning, publishing, report, streams, tiles

    pure: dict[str, Callable[[], Rows]] = {
        "locate": lambda: locate.rows(quick),
        "geocode": geocode.rows,
        "planning": planning.rows,
    }
    staged: dict[str, Callable[[Any], Rows]] = {
        "report": report.rows,
        "tiles": tiles.rows,
        "streams": streams.rows,
        "paint": paint.rows,
        # last: they add cases until there are a million
        "loop": lambda where: loop.rows(where, 50_000 if quick else loop.ALL),
        "publishing": lambda where: publishing.rows(where, 50_000 if quick else loop.ALL),
    }
    found: Rows = []
    for name, run in pure.items():
        if not only or name in only:
            found += [{"table": name, **row} for row in run()]
    wanted = {name: run for name, run in staged.items() if not only or name in only}
    if wanted:
        with stage() as where:
            where.add_entities(20_000 if quick else 100_000)
            where.add_incidents(20_000 if quick else 100_000)
            where.analyse()
            for name, measure in wanted.items():
                found += [{"table": name, **row} for row in measure(where)]
    return found


def said(value: float) -> str:
    """Return a figure with three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def goal(row: dict[str, Any]) -> str:
    """Return the goal with its direction."""
    return ("≤ " if row.get("below") else "≥ ") + said(row["goal"])


def show(rows: Rows) -> None:
    """Print the table."""
    table = Table("table", "job", "against", "figure", "goal", "")
    for row in rows:
        table.add_row(
            row["table"], row["job"], row["against"], said(row["ratio"]), goal(row), "ok" if row["ok"] else "missed"
        )
    Console(width=150).print(table)


def write(rows: Rows) -> None:
    """Write results.json and the page of the documentation."""
    result = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(), "rows": rows}
    (ROOT / "bench" / "results.json").write_text(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    lines = [
        "# Speed",
        "",
        "Written by `make bench`, all in one run on one machine: ratios travel, milliseconds do not. A missed goal stays in the table.",
        "",
        "| job | against | figure | goal | |",
        "|---|---|---|---|---|",
        *(
            f"| {r['job']} | {r['against']} | {said(r['ratio'])} | {goal(r)} | {'' if r['ok'] else 'missed'} |"
            for r in rows
        ),
        "",
    ]
    page = ROOT / "docs" / "speed.md"
    # what was measured otherwise stands below the table and stays
    _, mark, rest = page.read_text(encoding="utf-8").partition("\n## ")
    page.write_text("\n".join(lines) + mark + rest, encoding="utf-8")


def main() -> None:
    """Run, print, and write unless only a part was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="tables to run; default: all")
    parser.add_argument("--quick", action="store_true", help="smaller, for trying; writes nothing")
    arguments = parser.parse_args()
    rows = gather(set(arguments.only), arguments.quick)
    show(rows)
    if not arguments.quick and not arguments.only:
        write(rows)


if __name__ == "__main__":
    main()
