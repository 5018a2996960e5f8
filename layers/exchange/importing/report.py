"""What an import did, row by row where a row was not taken."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from data.errors import Invalid
from gis.formats import write


class Reject(NamedTuple):
    """A row that was not taken: its number in the sheet, why, and what stood in it."""

    row: int
    reason: str
    cells: Mapping[str, Any]


@dataclass
class Imported:
    """Counts of rows by what became of them.

    `added`, `changed`, `unchanged` and `rejected` add up to the rows of the file; `triage` counts, among those taken,
    the ones whose place a person must look at.
    """

    kind: str
    path: Path
    dry_run: bool = False
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    triage: int = 0
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """Rows that were not taken."""
        return len(self.rejects)

    @property
    def rejects_path(self) -> Path:
        """Where the rejected rows are written: beside the file, or here if that folder may not be written."""
        return beside(self.path, ".rejects.csv")

    def reject(self, row: int, reason: str, cells: Mapping[str, Any] | None = None) -> None:
        """Note a row that is not taken."""
        self.rejects.append(Reject(row, reason, cells or {}))

    def note(self, text: str) -> None:
        """Note something once."""
        if text not in self.notes:
            self.notes.append(text)

    def write_rejects(self) -> Path | None:
        """Write the rejected rows with row number and reason beside the file, and return the path; None if none.

        A rejects file of an earlier run goes away: it would tell of rows that are in by now.
        """
        if not self.rejects:
            self.rejects_path.unlink(missing_ok=True)
            return None
        rows = [
            {"row": item.row, "reason": item.reason, **_texts(item.cells)}
            for item in sorted(self.rejects, key=lambda item: (item.row, item.reason))
        ]
        return write(pd.DataFrame(rows).fillna(""), self.rejects_path)

    def as_dict(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {
            "kind": self.kind,
            "file": str(self.path),
            "dry_run": self.dry_run,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "ended": self.ended,
            "rejected": self.rejected,
            "triage": self.triage,
            "rejects_file": str(self.rejects_path) if self.rejects else None,
            "mapping": self.mapping,
            "notes": self.notes,
            "changes": self.changes,
        }


def beside(path: Path, ending: str) -> Path:
    """Return the path of a file that tells of another one: in its folder, else in the working folder."""
    name = path.name + ending
    return path.with_name(name) if os.access(path.parent, os.W_OK) else Path.cwd() / name


class StrictRefused(Invalid):
    """Rows were rejected and the import was to be all or nothing."""

    def __init__(self, imported: Imported) -> None:
        self.imported = imported
        first = min(imported.rejects)
        super().__init__(
            "import.strict",
            f"nothing was imported, {imported.rejected} row{'s are' if imported.rejected != 1 else ' is'} rejected (--strict); "
            f"the first is row {first.row}: {first.reason}",
            rejected=imported.rejected,
        )


def _texts(cells: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: "" if value is None else str(value)
        for name, value in cells.items()
        if name not in ("geometry", "row", "reason")
    }
