"""Cases brought to a state over HTTP, by whom each step belongs to, for tests of pages."""

from __future__ import annotations

import csv
import io
import time
from functools import cache
from typing import Any

import httpx
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.browser.conftest import PASSWORD
from tests.conftest import ROOT

# Where the grid worker of the demo has the post.
GRID = "330424105206003"


@cache
def categories() -> list[dict[str, str]]:
    with (ROOT / "data/packs/ganpu/categories.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_squadron() -> str:
    """A category that the squadron of the demo login ``agency`` leads."""
    return next(row["code"] for row in categories() if row["lead_org"] == "enforcement_squadron")


def for_the_spot() -> str:
    """A category that a grid worker may settle."""
    return next(row["code"] for row in categories() if row["self_handle"] == "true")


class Staff:
    """One demo login over HTTP; each call has a connection of its own, so that none is left open."""

    def __init__(self, url: str, username: str) -> None:
        self.url = url
        given = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{url}/api/v1/session", json=given, timeout=30)
        while answer.status_code == 429:  # many tests sign in from one address
            time.sleep(answer.json()["detail"]["retry_after_s"])
            answer = httpx.post(f"{url}/api/v1/session", json=given, timeout=30)
        assert answer.status_code == 200, answer.text
        self.cookies, self.csrf = answer.cookies, answer.json()["csrf"]

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}{path}", cookies=self.cookies, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"X-CSRF-Token": self.csrf}
        answer = httpx.post(f"{self.url}{path}", cookies=self.cookies, headers=headers, timeout=30, **body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def grid(self) -> dict[str, Any]:
        """The grid of the grid worker, with the point of its label."""
        return next(area for area in self.get("/api/v1/areas")["areas"] if area["code"] == GRID)

    def report(self, title: str, category: str | None = None, **more: Any) -> str:
        at = self.grid()
        place = {"lon": at["lon"], "lat": at["lat"], "crs": "cgcs2000", "category": category or of_squadron()}
        body = {"title": title, "description": title, "channel": "app", **place, **more}
        return self.post("/api/v1/incidents", json=body)["id"]

    def step(self, case: str, name: str, **facts: Any) -> dict[str, Any]:
        return self.post(f"/api/v1/incidents/{case}/transitions", json={"name": name, **facts})["properties"]

    def case(self, case: str) -> dict[str, Any]:
        return self.get(f"/api/v1/incidents/{case}")["properties"]

    def photo(self, case: str) -> str:
        return self.post(f"/api/v1/incidents/{case}/photos", files={"photo": ("after.jpg", picture())})["id"]

    def dispatch(self, case: str, **facts: Any) -> str:
        """As the command room: accepted, filed, sent out."""
        for name in ("accept", "file"):
            self.step(case, name)
        self.step(case, "dispatch", **facts)
        return case


def close(command: Staff, agency: Staff, case: str) -> None:
    """From dispatched on to closed."""
    agency.step(case, "sign")
    told = "路边渣土已清运，路面已冲洗。"
    agency.step(case, "feed_back", text="已清理", public_text=told, photo_after=agency.photo(case))
    command.step(case, "pass_inspection", text="现场已看")
    command.step(case, "close", condition_met=True)


def picture(lon: float | None = None, lat: float | None = None) -> bytes:
    """A photo, each another one; with the camera's place when it is given."""
    image, made = Image.effect_noise((160, 120), 60).convert("RGB"), io.BytesIO()
    exif = Image.Exif()
    if lon is not None and lat is not None:
        exif.get_ifd(0x8825).update({1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(lon)})
    image.save(made, "JPEG", exif=exif)
    return made.getvalue()


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    whole = int(value)
    minutes = int((value - whole) * 60)
    return (
        IFDRational(whole),
        IFDRational(minutes),
        IFDRational(round((value - whole - minutes / 60) * 3_600_000), 1000),
    )
