"""The table of the closed loop as the database and the documents have it, written from `workflow.TABLE`.

    python -m layers.incident.table

writes ``data/sql/42_transition_rule.sql`` and ``docs/closed-loop.md``; a test says when they are behind.
"""

from __future__ import annotations

from pathlib import Path

from layers.incident import guards
from layers.incident.case import OUTER_STAGE, STATES
from layers.incident.workflow import TABLE, Rule

ROOT = Path(__file__).parents[2]
SQL = ROOT / "data" / "sql" / "42_transition_rule.sql"
DOCUMENT = ROOT / "docs" / "closed-loop.md"
_HEAD = """-- The table of the closed loop. Written by `python -m layers.incident.table`; change layers/incident/workflow.py instead.
delete from transition_rule;
insert into transition_rule (name, from_state, to_state, permissions, not_handler) values
"""
_STAGES = {"accept": "受理", "handle": "执行", "evaluate": "评价"}


def sql() -> str:
    """Return the statement that fills ``transition_rule``."""
    rows = [
        f"    ('{rule.name}', '{state}', '{rule.target or state}', '{{{','.join(rule.permission.split('|'))}}}',"
        f" {str(guards.not_handler in rule.when).lower()})"
        for rule in TABLE
        for state in rule.sources
    ]
    return _HEAD + ",\n".join(rows) + ";\n"


def document() -> str:
    """Return the page of the documentation: diagram and table."""
    return "\n".join([*_INTRODUCTION, *_diagram(), "", *_table(), ""])


_INTRODUCTION = [
    "# The closed loop",
    "",
    "Written by `python -m layers.incident.table` from `layers/incident/workflow.py`, which the program runs by; the same rows stand in",
    "the table `transition_rule`, where a trigger holds every writer to them, and writes the log row. A transition without another state",
    "is a lane beside it: the state stays. `S` is the supervision lane (督办), open from dispatch until the case closes.",
    "",
]


def _diagram() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> reported"]
    for title, states in _by_stage().items():
        lines += [f'    state "{title}" as {states[0]}_stage {{', *(f"        {state}" for state in states), "    }"]
    seen: dict[tuple[str, str], list[str]] = {}
    for rule in TABLE:
        if rule.target is not None and rule.name != "void":
            for state in rule.sources:
                seen.setdefault((state, rule.target), []).append(rule.name)
    lines += [f"    {start} --> {end}: {', '.join(names)}" for (start, end), names in seen.items()]
    return [*lines, "    archived --> [*]", "```"]


def _by_stage() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for state in STATES:
        if state in OUTER_STAGE:
            found.setdefault(_STAGES[OUTER_STAGE[state]], []).append(state)
    return found


def _table() -> list[str]:
    head = ["| # | name | from | to | permission | facts needed | refused when |", "|---|---|---|---|---|---|---|"]
    return [*head, *(_row(rule) for rule in TABLE)]


def _row(rule: Rule) -> str:
    checks = [guard.__name__.replace("_", " ") for guard in (*rule.when, *rule.check)]
    own = ["only the leading or a helping organisation"] if rule.own else []
    cells = (
        rule.number,
        f"`{rule.name}`",
        _sources(rule),
        rule.target or "–",
        rule.permission.replace("|", ", "),
        ", ".join(rule.needs) or "–",
        "; ".join([*own, *(f"not: {check}" for check in checks)]) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _sources(rule: Rule) -> str:
    left_out = [state for state in STATES if state not in rule.sources]
    return f"any but {', '.join(left_out)}" if len(left_out) < 3 else ", ".join(rule.sources)


if __name__ == "__main__":
    SQL.write_text(sql(), encoding="utf-8")
    DOCUMENT.write_text(document(), encoding="utf-8")
