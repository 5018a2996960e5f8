"""Compiled loops do without a place to keep the machine code."""

import os
import subprocess
import sys
from pathlib import Path

import numba.core.caching

from gis.compiled import compiled
from gis.warm import warm

GIS = Path(__file__).resolve().parents[2] / "gis"


def test_function_is_compiled_where_nothing_can_be_kept(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])

    def twice(x):
        return 2 * x

    assert compiled(twice)(21) == 42


def test_machine_code_is_kept_where_that_is_possible(tmp_path):
    (tmp_path / "doubling.py").write_text(
        "from gis.compiled import compiled\n@compiled\ndef twice(x):\n    return 2 * x\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{GIS.parent}{os.pathsep}{tmp_path}", "NUMBA_CACHE_DIR": ""}
    run = [sys.executable, "-c", "from doubling import twice; print(twice(4), sum(twice.stats.cache_hits.values()))"]
    first, second = (
        subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    )
    assert (first, second) == (["8", "0"], ["8", "1"])


def test_warming_compiles_everything_without_error():
    warm()
