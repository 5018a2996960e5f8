"""Codes of new leaves: the next number of their village that no area ever had. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from data.errors import Conflict
from gis.partition.patch import AreaRow, Patch

EXCLUSIVE = "exclusive"
_DIGITS = 3
_FIRST_EXCLUSIVE, _LAST = 901, 999
_ZONE = "999"


def prefix(rows: Mapping[str, AreaRow], parent: str | None) -> str:
    """Return what the codes of leaves in an area begin with: its own code in a village, that of its zones in a town.

    Examples
    --------
    >>> prefix({"330424105001": AreaRow(0, 0, {"level": "village", "parent": "330424105"})}, "330424105001")
    '330424105001'
    """
    above = rows.get(parent or "")
    if above is None or above.values.get("level") != "town":
        return parent or ""
    zones = sorted(code for code, row in rows.items() if row.parent == parent and row.values.get("level") == "zone")
    return zones[0][:-_DIGITS] if zones and len(zones[0]) > _DIGITS else f"{parent}{_ZONE}"


def next_code(start: str, kind: Any, taken: Collection[str]) -> str:
    """Return the lowest free code with a prefix: above all numbers that were ever used, 901–999 for exclusive leaves.

    Raises
    ------
    Conflict
        ``plan.codes_used_up``: the village has no number left.

    Examples
    --------
    >>> next_code("330424105001", "base", {"330424105001001", "330424105001003"})
    '330424105001004'
    >>> next_code("330424105001", "exclusive", {"330424105001003"})
    '330424105001901'
    """
    used = {
        int(code[len(start) :])
        for code in taken
        if code.startswith(start) and len(code) == len(start) + _DIGITS and code[len(start) :].isdecimal()
    }
    low, high = (_FIRST_EXCLUSIVE, _LAST) if kind == EXCLUSIVE or start.endswith(_ZONE) else (1, _FIRST_EXCLUSIVE - 1)
    number = max((n for n in used if low <= n <= high), default=low - 1) + 1
    if number > high:
        raise Conflict("plan.codes_used_up", f"{start} has no number left for a new grid", prefix=start)
    return f"{start}{number:0{_DIGITS}d}"


def given(rows: Mapping[str, AreaRow], fresh: Iterable[tuple[str, AreaRow]], taken: Collection[str]) -> dict[str, str]:
    """Return a code for each new row, in order. ``taken``: codes that any area had or the plan used."""
    used, found = {*taken, *rows}, {}
    for placeholder, row in fresh:
        code = next_code(prefix(rows, row.parent), row.values.get("kind"), used)
        used.add(code)
        found[placeholder] = code
    return found


def renamed(patch: Patch, codes: Mapping[str, str]) -> Patch:
    """Return a patch with some codes replaced."""

    def of(code: str | None) -> str | None:
        return codes.get(code, code) if code is not None else None

    def row(before: AreaRow | None) -> AreaRow | None:
        if before is None:
            return None
        values = {**before.values, "code": of(before.values["code"]), "parent": of(before.values["parent"])}
        return before._replace(values=values)

    removed, added = (
        tuple(sorted((edge._replace(left=of(edge.left), right=of(edge.right)) for edge in edges), key=lambda e: e[:4]))
        for edges in (patch.removed, patch.added)
    )
    rows = tuple(sorted(((codes.get(code, code), row(a), row(b)) for code, a, b in patch.rows), key=lambda one: one[0]))
    return Patch(removed, added, rows)
