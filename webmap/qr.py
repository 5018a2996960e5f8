"""QR codes as SVG, for paper."""

from __future__ import annotations

import segno
from markupsafe import Markup


def code(text: str, title: str) -> Markup:
    """Return an SVG element with the QR code of ``text``, black on nothing; its size is the page's to set.

    Error correction M: a folded or stamped sheet still reads.

    Examples
    --------
    >>> code("330424105202603170046", "Case").startswith("<svg")
    True
    """
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(border=0, omitsize=True, svgclass="qr", lineclass=None, title=title))
