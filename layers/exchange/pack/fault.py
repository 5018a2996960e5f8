"""What is wrong with a pack, each with its file and row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from data.errors import Invalid


class Fault(NamedTuple):
    """One fault. `row` is the row of the sheet (header = 1) or the number of the feature; None for a whole file."""

    file: str
    row: int | None
    reason: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{where}: {self.reason}"


class PackFaulty(Invalid):
    """A pack with faults; nothing of it was loaded. `faults` holds them all."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(
            "pack.faulty",
            f"the pack {path} has {len(faults)} fault{'s' if len(faults) != 1 else ''}; nothing was loaded",
            faults=[fault._asdict() for fault in faults],
        )
