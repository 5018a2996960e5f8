"""The lock files name every dependency with hashes, and no host they come from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = {name: ROOT / "api" / "runtime" / name for name in ("requirements.lock", "requirements-dev.lock")}


def normal(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()


def locked(path: Path) -> dict[str, str]:
    """Version of each package; packages whose version depends on the Python version have the first."""
    found: dict[str, str] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", path.read_text(), flags=re.MULTILINE):
        found.setdefault(normal(name), version)
    return found


@pytest.mark.parametrize(
    ("name", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_every_dependency_is_locked(name, groups):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = list(project["project"]["dependencies"])
    for group in groups:
        asked += project["dependency-groups"][group]
    assert {normal(entry) for entry in asked} <= set(locked(LOCKS[name])), "run: make lock"


def test_tests_run_with_the_versions_that_are_served():
    served, tested = (locked(path) for path in LOCKS.values())
    assert served.items() <= tested.items()


@pytest.mark.parametrize("path", [*LOCKS.values(), ROOT / "webmap" / "package-lock.json"], ids=lambda path: path.name)
def test_no_lock_file_names_a_host(path):
    # npm repeats where an author may be paid; nothing is fetched from there
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not re.match(r'\s*"url": ', line)]
    assert [line for line in lines if "://" in line or "index-url" in line or '"resolved"' in line] == []


def test_every_locked_package_has_a_checksum():
    for path in LOCKS.values():
        entries = re.split(r"\n(?=[a-z0-9])", path.read_text())
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    packages = json.loads((ROOT / "webmap" / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
