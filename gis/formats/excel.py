"""Excel tables: every cell comes out as text, formulas never run."""

from __future__ import annotations

import datetime
import warnings
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from gis.formats.delimited import unquoted
from gis.formats.errors import FormatError


def read_excel(path: Path, sheet: str | None, max_bytes: int) -> tuple[pd.DataFrame, str]:
    """Return the rows of a sheet (the first if none is named) as text, and the sheet's name.

    The value last computed stands for a formula; a formula that was never computed stays text. Whole numbers lose
    `.0`, times become RFC 3339 without zone, empty rows are left out. The index is the row number of the sheet.

    Raises
    ------
    FormatError
        `file.broken`, `file.empty`, `file.layer_unknown`, `file.too_large`.
    """
    _check_size(path, max_bytes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that we do not read
        try:
            name, rows, has_formula = _cells(path, sheet, computed=False)
            if has_formula:
                rows = _computed(rows, _cells(path, sheet, computed=True)[1])
        except FormatError:
            raise
        except Exception as error:  # openpyxl lets KeyError, BadZipFile, ParseError and more through
            raise FormatError(
                "file.broken", f"{path.name} is not a whole Excel file: {error}; save it again as .xlsx"
            ) from error
    return _frame(path, rows), name


def _check_size(path: Path, max_bytes: int) -> None:
    """Refuse a file that unpacks to more than `max_bytes`: an .xlsx is a zip archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise FormatError("file.broken", f"{path.name} is not a whole .xlsx file; save it again as .xlsx") from error
    if size > max_bytes:
        raise FormatError("file.too_large", f"{path.name} unpacks to {size:,} bytes, more than {max_bytes:,}; split it")


def _cells(path: Path, sheet: str | None, computed: bool) -> tuple[str, list[list[Any]], bool]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=computed)
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise FormatError(
                "file.layer_unknown",
                f"{path.name} has no sheet {sheet}; it has {', '.join(book.sheetnames)}",
                layers=book.sheetnames,
            )
        page = book[sheet or book.sheetnames[0]]
        page.reset_dimensions()
        rows = [list(row) for row in page.iter_rows()]
        has_formula = any(cell.data_type == "f" for row in rows for cell in row)
        return page.title, [[cell.value for cell in row] for row in rows], has_formula
    finally:
        book.close()


def _computed(written: list[list[Any]], values: list[list[Any]]) -> list[list[Any]]:
    """Return the computed value of each formula that has one, the cell as written otherwise."""
    return [
        [value if value is not None else cell for cell, value in zip(row, value_row, strict=True)]
        for row, value_row in zip(written, values, strict=True)
    ]


def _frame(path: Path, rows: list[list[Any]]) -> pd.DataFrame:
    texts = [(number, [_text(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
    texts = [(number, row) for number, row in texts if any(row)]
    if not texts:
        raise FormatError("file.empty", f"{path.name} holds no rows; the first row must name the columns")
    columns = texts[0][1]
    while columns and not columns[-1]:
        columns.pop()
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise FormatError(
            "file.broken", f"{path.name} names a column twice: {', '.join(twice) or '(blank)'}; rename one"
        )
    width = len(columns)
    cells = [(row + [""] * width)[:width] for _, row in texts[1:]]
    numbers = pd.Index([number for number, _ in texts[1:]], name="row")
    return pd.DataFrame(cells, columns=columns, index=numbers, dtype=object)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return unquoted(str(value))
