"""One row of a file against its model, with reasons a person can act on."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from gis.errors import GisError
from layers.exchange.importing.report import Imported
from layers.exchange.importing.sheet import Piece
from layers.exchange.pack.check import reasons
from layers.exchange.pack.rows import Row

R = TypeVar("R", bound=Row)


class Checker:
    """Checks rows and remembers keys, over all pieces of a file."""

    def __init__(self, imported: Imported) -> None:
        self.imported = imported
        self._rows_by_key: dict[Hashable, int] = {}

    def rows(self, piece: Piece, model: type[R], **defaults: Any) -> Iterator[tuple[int, int, R]]:
        """Yield (position, row number, row) of the good rows; the others are rejected with their reason."""
        fields = {info.alias or name for name, info in model.model_fields.items()}
        for position, number in enumerate(piece.cells.index):
            record = {name: value for name, value in piece.record(position).items() if name in fields}
            try:
                row = model.model_validate({**defaults, **record})
            except (ValidationError, GisError) as error:
                told = "; ".join(reasons(error)) if isinstance(error, ValidationError) else error.message
                self.imported.reject(int(number), told, piece.origin(number))
                continue
            if self.is_new(int(number), tuple(getattr(row, name) for name in model.key), piece):
                yield position, int(number), row

    def is_new(self, number: int, key: Hashable, piece: Piece) -> bool:
        """Say whether this key comes for the first time; a later row of the same key is rejected."""
        first = self._rows_by_key.setdefault(key, number)
        if first != number:
            self.imported.reject(number, f"repeats row {first}", piece.origin(number))
        return first == number
