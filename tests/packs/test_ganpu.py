"""The demo town's pack as a whole: its label, its maker, the loader and the smallest pack of the documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from layers.exchange.pack.check import check
from tests.packs.ganpu import PACK, manifest


def test_everything_is_labelled_synthetic() -> None:
    assert manifest()["town"]["synthetic"] is True
    assert "演示" in manifest()["notice"]["zh"]
    assert "Demonstration" in manifest()["notice"]["en"]
    assert sum(f.stat().st_size for f in PACK.rglob("*") if f.is_file() and "__pycache__" not in f.parts) < 15e6


def test_the_maker_writes_the_same_bytes_again(tmp_path: Path) -> None:
    """The tables that need no landscape, made in another process with another hash seed."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import catalogue\n"
        "from records import write_csv; out = Path(sys.argv[2]); found = catalogue.categories()\n"
        "for name, rows in (('categories', [c.row() for c in found]), ('rules', catalogue.rules(found)),\n"
        "                   ('calendar', catalogue.calendar())):\n"
        "    write_csv(out / f'{name}.csv', list(rows[0]), rows)\n"
    )
    source = PACK / "source"
    command = [sys.executable, "-c", script, str(source), str(tmp_path)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"})
    for name in ("categories.csv", "rules.csv", "calendar.csv"):
        assert (tmp_path / name).read_bytes() == (PACK / name).read_bytes(), name


def test_the_smallest_pack_of_the_documents_loads(tmp_path: Path) -> None:
    text = (PACK.parents[2] / "docs" / "pack-format.md").read_text(encoding="utf-8")
    (tmp_path / "areas").mkdir()
    (tmp_path / "pack.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.S)[-1], encoding="utf-8")
    boundaries = re.findall(r"```json\n(.*?)```", text, re.S)[-1]
    (tmp_path / "areas" / "villages.geojson").write_text(boundaries, encoding="utf-8")
    assert check(tmp_path) == []


def test_the_loader_finds_no_fault() -> None:
    assert check(PACK) == []
