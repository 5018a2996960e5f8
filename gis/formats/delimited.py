"""CSV in the encodings that towns have: UTF-8 with and without mark, UTF-16 of Excel, GB18030 (and so GBK)."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gis.formats.errors import FormatError

_DELIMITERS = ",\t;|"
_MAX_CELL = 1_000_000


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its mark, else strict UTF-8, else strict GB18030.

    The whole file is decoded, piece by piece: one Chinese name on the last row decides as well as one on the first.

    Raises
    ------
    FormatError
        `file.encoding` when the text is neither.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise FormatError("file.encoding", f"{path.name} is neither UTF-8 nor GBK text; save it as UTF-8 CSV and try again")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(header: str) -> str:
    """Return the delimiter of a header line: the one seen most outside quotes, a comma if none is seen.

    >>> delimiter_of('lon;lat;"a,b,c"')
    ';'
    """
    outside = "".join(header.split('"')[::2])
    counts = {mark: outside.count(mark) for mark in _DELIMITERS}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


class DelimitedText:
    """A CSV file, read in pieces.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    encoding, delimiter : str
    columns : list of str
    broken : list of (row, reason)
        Rows with too many or too few cells, filled while reading.

    Raises
    ------
    FormatError
        `file.empty`, `file.broken`, `file.encoding`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = encoding_of(path)
        self.broken: list[tuple[int, str]] = []
        with path.open(encoding=self.encoding, newline="") as stream:
            first = stream.readline()
        if not first.strip():
            raise FormatError("file.empty", f"{path.name} has no header row; the first row must name the columns")
        if "\0" in first:
            raise FormatError("file.broken", f"{path.name} is not a text table (it holds NUL bytes)")
        self.delimiter = delimiter_of(first)
        self.columns = next(self._records())
        self._check_columns()

    def _check_columns(self) -> None:
        self.columns = [name.strip() for name in self.columns]
        while self.columns and not self.columns[-1]:
            self.columns.pop()
        if twice := sorted({name for name in self.columns if self.columns.count(name) > 1}):
            raise FormatError("file.broken", f"{self.path.name} names a column twice: {', '.join(twice)}; rename one")

    def _records(self) -> Iterator[list[str]]:
        csv.field_size_limit(_MAX_CELL)
        with self.path.open(encoding=self.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
            try:
                yield from reader
            except csv.Error as error:
                raise FormatError(
                    "file.broken",
                    f"{self.path.name}, line {reader.line_num}: {error}; the file is cut off or a quote is not closed",
                    line=reader.line_num,
                ) from error

    def pieces(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield frames of at most `rows` rows; the index is the row number in the sheet (header = 1)."""
        records = self._records()
        next(records)
        numbers: list[int] = []
        cells: list[list[str]] = []
        for number, record in enumerate(records, start=2):
            good = self._fit(number, record)
            if good is None:
                continue
            numbers.append(number)
            cells.append(good)
            if len(cells) == rows:
                yield self._frame(numbers, cells)
                numbers, cells = [], []
        if cells:
            yield self._frame(numbers, cells)

    def _fit(self, number: int, record: list[str]) -> list[str] | None:
        """Return the cells under the header; None (and a note in `broken`) for a row that does not fit it."""
        width = len(self.columns)
        if not any(cell.strip() for cell in record):
            return None
        if len(record) < width:
            self.broken.append((number, f"has {len(record)} cells, the header {width}"))
            return None
        if any(cell.strip() for cell in record[width:]):
            self.broken.append((number, f"has {len(record)} cells, the header {width}"))
            return None
        if any("\0" in cell for cell in record):
            self.broken.append((number, "holds a NUL byte"))
            return None
        return [unquoted(cell) for cell in record[:width]]

    def _frame(self, numbers: list[int], cells: list[list[str]]) -> pd.DataFrame:
        return pd.DataFrame(cells, columns=self.columns, index=pd.Index(numbers, name="row"), dtype=object)


def unquoted(cell: str) -> str:
    """Return a cell without the apostrophe that an export put before a formula sign, and without outer blanks.

    >>> unquoted("'=1+1")
    '=1+1'
    """
    cell = cell.strip()
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@" else cell
