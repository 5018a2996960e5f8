"""What can be wrong with a file, with permanent codes."""

from __future__ import annotations

from typing import Any

from gis.errors import GisError


class FormatError(GisError):
    """A file that cannot be read or written, with the reason and what to do.

    Parameters
    ----------
    code : str
        Permanent: `file.not_found`, `file.empty`, `file.broken`, `file.incomplete`, `file.too_large`, `file.encoding`,
        `file.kind_unknown`, `file.crs_unknown`, `file.layer_unknown`, `file.same`.
    message : str
        What is wrong, then what to do.
    **detail
        Facts for a program (layers, missing parts, line).
    """

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(code, message, detail)
