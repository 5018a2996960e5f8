"""Plans and files: a draft from a file of QGIS or CAD, a plan as GeoPackage."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from api import body, db
from api.auth.access import needs
from api.describe import takes_file
from data.errors import Invalid, TooLarge
from data.receipt import once
from gis.formats import write_package
from layers.planning import answer
from layers.planning.asked import DrawFile
from layers.planning.files import drafting, package
from webmap import i18n
from webmap.style import qgis

blueprint = Blueprint("plan_file", __name__)

MAX_BYTES = 25 * 2**20
_NOT_OF_NAMES = re.compile(r"[^\w.()（） -]+")


@blueprint.post("/api/v1/plans/<uuid:plan_id>/file")
@needs("plan")
@takes_file("file", model=DrawFile)
def draw_file(plan_id: UUID) -> dict[str, Any]:
    """Look at a file of QGIS or CAD (multipart field ``file``): faults with places; with ``apply`` it becomes one step of the draft."""
    asked = DrawFile.model_validate(request.form.to_dict())
    content, name = _file()
    with tempfile.TemporaryDirectory(prefix="onegrid-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        given = drafting.Given(path, asked.crs, asked.layer, asked.width_m)
        if asked.apply:
            return _draw(plan_id, asked, given, content)
        with db.transaction() as session:
            return drafting.look(session, plan_id, given)


def _draw(plan_id: UUID, asked: DrawFile, given: drafting.Given, content: bytes) -> dict[str, Any]:
    seen = asked.version
    if seen is None:
        fault = {"field": "version", "code": "missing", "message": "name the version at which the file was looked at"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    said = {
        "plan": str(plan_id), "step": "file", "sha256": hashlib.sha256(content).hexdigest(), "name": given.path.name,
        **asked.model_dump(mode="json"),
    }  # fmt: skip
    key = str(asked.id) if asked.id else body.client_id()

    def act(session: Session) -> tuple[int, dict[str, Any]]:
        return 200, {"seq": drafting.draw(session, plan_id, asked.id, seen, given)}

    with db.transaction() as session:
        _, made = once(session, key, said, lambda: act(session))
        return answer.changed(session, plan_id, seen, made["seq"])


def _file() -> tuple[bytes, str]:
    """The file sent, and its name without any folder."""
    file: FileStorage | None = request.files.get("file")
    if file is None or not file.filename:
        fault = {"field": "file", "code": "missing", "message": "send the file as the field file"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLarge("request.too_large", "the request is too large", limit_bytes=MAX_BYTES)
    bare = _NOT_OF_NAMES.sub("_", Path(file.filename.replace("\\", "/")).name).lstrip(".")
    stem, dot, suffix = bare.rpartition(".")
    return content, f"{stem[:80] or 'file'}{dot}{suffix[:12]}" if dot else f"{bare[:80] or 'file'}"


@blueprint.get("/api/v1/plans/<uuid:plan_id>/file.gpkg")
@needs("plan", "review_plan")
def plan_file(plan_id: UUID) -> Response:
    """The plan as a GeoPackage with the styles of QGIS: areas with their figures, borders, what is handed over, today's borders."""
    with db.transaction() as session:
        made = package.package(session, plan_id)
    with tempfile.TemporaryDirectory(prefix="onegrid-") as folder:
        path = Path(folder) / "plan.gpkg"
        write_package(path, made.layers, qgis.styles(_words(), "name_en" if g.language == "en" else "name"))
        content = path.read_bytes()
    found = Response(content, mimetype="application/geopackage+sqlite3")
    found.headers["Content-Disposition"] = f'attachment; filename="plan-{str(plan_id)[:8]}-{made.version}.gpkg"'
    return found


def _words() -> dict[str, str]:
    """The words of a style's legend, in the language of the request."""
    return {name: i18n.text(g.language, f"planner.style_{name}") for name in qgis.WORDS}
