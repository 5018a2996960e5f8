"""What the tests of pages share: waiting, checking with axe, reporting as the public does."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import axe_playwright_python
import httpx
from PIL import Image
from playwright.sync_api import Page, expect

# A busy machine draws maps by software.
expect.set_options(timeout=20_000)

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
AXE_RUN = """() => axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
}).then(found => found.violations.filter(one => one.impact === 'serious' || one.impact === 'critical')
    .map(one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).join(' | ')}`))"""
EVIL = '<img src=x onerror="window.__evil=1"><script>window.__evil=1</script>${alert(1)}'
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
LoginAs = Callable[[Page, str], None]
Shots = Callable[[Page, str], None]


def settled(page: Page) -> None:
    """Wait until nothing is loading and the fonts are there."""
    page.wait_for_load_state("load")
    expect(page.locator("[data-state=loading]")).to_have_count(0)
    page.evaluate("() => document.fonts.ready")


def serious(page: Page) -> list[str]:
    """Serious and critical findings of axe."""
    page.evaluate(AXE)
    return page.evaluate(AXE_RUN)


def too_wide_px(page: Page) -> int:
    """How far the page reaches beyond its window."""
    return page.evaluate("() => Math.max(0, document.documentElement.scrollWidth - innerWidth)")


def open_to_everybody(page: Page, sizes: Mapping[str, Any], look: Callable[[str], None] = lambda size: None) -> None:
    """A page fits at each size and axe finds nothing serious; `look` at it meanwhile."""
    for size, viewport in sizes.items():
        page.set_viewport_size(viewport)
        settled(page)
        assert (size, too_wide_px(page)) == (size, 0)
        assert (size, serious(page)) == (size, [])
        look(size)


def report(server_url: str, **fields: Any) -> dict[str, Any]:
    """One report through the API, as the public sends it: without a session."""
    body = {"title": "路灯不亮", "description": "路灯不亮", "channel": "public", **fields}
    answer = httpx.post(f"{server_url}/api/v1/incidents", json=body, timeout=20)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def center_of(server_url: str, page: Page) -> tuple[float, float]:
    """Where the town's map begins, lon and lat."""
    lon, lat = page.request.get(f"{server_url}/api/v1/me?public=1").json()["town"]["map"]["center"]
    return lon, lat


def jpeg() -> bytes:
    """A small photo."""
    made = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 80)).save(made, "JPEG")
    return made.getvalue()
