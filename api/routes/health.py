"""Whether the process lives, whether it can serve, and what it has done: for supervisors and monitoring."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import metrics
from api.auth.access import anonymous
from api.state import State
from data import migrate
from data.errors import OneGridError
from data.scope import Scope

blueprint = Blueprint("health", __name__)

_REVISION = text("select version_num from alembic_version")


@blueprint.get("/healthz")
@anonymous
def healthz() -> dict[str, str]:
    """The process answers; says nothing about the database."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@anonymous
def readyz() -> tuple[Response, int]:
    """Whether requests can be served: database reachable, migrated to the newest revision, a town loaded."""
    checks = _checks(current_app.extensions["onegrid"])
    ready = all(check["ok"] for check in checks.values())
    return jsonify({"status": "ready" if ready else "not_ready", "checks": checks}), 200 if ready else 503


def _checks(state: State) -> dict[str, dict[str, Any]]:
    started = time.perf_counter()
    try:
        with state.database.transaction(Scope.public(None)) as session:
            revision = session.execute(_REVISION).scalar_one_or_none()
        towns = state.towns()
    except (SQLAlchemyError, OneGridError) as fault:
        code = getattr(fault, "code", "database.failed")
        return {"database": {"ok": False, "reason": code if isinstance(code, str) else "database.failed"}}
    head = migrate.head()
    return {
        "database": {"ok": True, "ms": round((time.perf_counter() - started) * 1000, 1)},
        "migrations": {"ok": revision == head, "revision": revision, "head": head},
        "town": {"ok": bool(towns), "towns": [town.code for town in towns]},
    }


@blueprint.get("/metrics")
@anonymous
def prometheus() -> Response:
    """Counts and durations of requests, for Prometheus; holds no personal data."""
    body, media_type = metrics.text()
    return Response(body, content_type=media_type)
