"""What an operation changed: borders and rows taken out and put in. Turned round, it is the way back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Edge(NamedTuple):
    """A piece of a border in lattice steps, from its smaller point to its larger one; None for outside."""

    ax: int
    ay: int
    bx: int
    by: int
    left: str | None
    right: str | None


class AreaRow(NamedTuple):
    """What is said of an area: its place among the others, its label in the index of the frame, its columns."""

    order: int
    label: Hashable
    values: Mapping[str, Any]

    @property
    def parent(self) -> str | None:
        """Code of the area it lies in."""
        parent = self.values["parent"]
        return parent if isinstance(parent, str) and parent else None


RowChange = tuple[str, AreaRow | None, AreaRow | None]


@dataclass(frozen=True)
class Patch:
    """A change of a partition.

    Attributes
    ----------
    removed, added : tuple of Edge
        Sorted; an edge whose sides changed is in both.
    rows : tuple
        Code, row before and row after; None where the area was not there or is not there any more.
    """

    removed: tuple[Edge, ...] = ()
    added: tuple[Edge, ...] = ()
    rows: tuple[RowChange, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """The areas that it touches."""
        beside = {code for edge in (*self.removed, *self.added) for code in edge[4:] if code is not None}
        return frozenset(beside | {code for code, _, _ in self.rows})

    def inverse(self) -> Patch:
        """Return the way back."""
        return Patch(self.added, self.removed, tuple((code, after, before) for code, before, after in self.rows))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain lists and dicts."""
        return {
            "removed": [list(edge) for edge in self.removed],
            "added": [list(edge) for edge in self.added],
            "rows": [[code, _row_out(before), _row_out(after)] for code, before, after in self.rows],
        }

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> Patch:
        """Return what `to_json` made into lists."""
        return cls(
            tuple(Edge(*edge) for edge in given["removed"]),
            tuple(Edge(*edge) for edge in given["added"]),
            tuple((code, _row_in(before), _row_in(after)) for code, before, after in given["rows"]),
        )


def _row_out(row: AreaRow | None) -> list[Any] | None:
    return None if row is None else [row.order, row.label, dict(row.values)]


def _row_in(given: list[Any] | None) -> AreaRow | None:
    return None if given is None else AreaRow(*given)
