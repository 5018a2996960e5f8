"""Everything a pack may hold, a file may be refused for and an import may take stands in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layers.address.place import REASONS
from layers.exchange.importing import KINDS
from layers.exchange.pack.manifest import Manifest
from layers.exchange.pack.rows import SHAPES, TABLES

ROOT = Path(__file__).parents[3]
PACKS = (ROOT / "docs" / "pack-format.md").read_text(encoding="utf-8")
FORMATS = (ROOT / "docs" / "data-formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [*SHAPES, *TABLES], ids=lambda kind: kind.file)
def test_every_file_and_column_of_a_pack_is_described(kind):
    line = next(line for line in PACKS.splitlines() if line.startswith(f"| `{kind.file}` |"))
    columns = [(info.alias or name, info.is_required()) for name, info in kind.model_fields.items()]
    told = [(name.strip("*"), name.startswith("**")) for name in line.split(" | ")[1].split(", ")]
    assert told == columns


def test_every_part_of_the_manifest_is_described():
    for name in Manifest.model_fields:
        assert re.search(rf"^(\[\[?{name}\]?\]|{name} =)", PACKS, re.MULTILINE), name


def test_every_error_code_of_files_is_described():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gis" / "formats").glob("*.py"))
    for name in sorted(set(re.findall(r'"(file\.[a-z_]+)"', code))):
        assert f"`{name}`" in FORMATS, name


def test_every_kind_of_import_and_every_triage_reason_is_described():
    for kind in KINDS.values():
        assert f"| `{kind.name}` |" in FORMATS
        for column in kind.required:
            assert f"`{column}`" in next(line for line in FORMATS.splitlines() if line.startswith(f"| `{kind.name}` |"))
    for reason in REASONS:
        assert f"| `{reason}` |" in FORMATS
