"""Exports: what the scope sees and no more, in every format, marked where the data is synthetic."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy import text

from data.errors import Forbidden, NotFound
from data.scope import Scope
from gis.formats import FormatError, read
from layers.exchange import export
from layers.exchange.importing import Options, import_file
from layers.registry import all_layers
from tests.small_town import GRIDS

ENTITIES = "uscc,name,kind,lon,lat\n1,=1+1,catering,120.885,30.405\n2,乙店,food_trade,120.895,30.415\n"
INCIDENTS = "id,title,reported_at,lon,lat\n1,@SUM(A1),2026-03-17 14:32,120.885,30.405\n2,t,2026-03-17,0,0\n"


@pytest.fixture
def filled(database, tmp_path):
    """The small town with two entities and two incidents, of which one waits for triage."""
    with database.transaction(Scope.system(1)) as session:
        for kind, content in (("entities", ENTITIES), ("incidents", INCIDENTS)):
            (tmp_path / "in.csv").write_text(content, encoding="utf-8")
            import_file(session, kind, tmp_path / "in.csv", Options())
    return database


def _export(database, scope, layer, path, **filters):
    with database.transaction(scope) as session:
        return export.export(session, layer, path, filters)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".csv", ".xlsx", ".parquet", ".shp"])
def test_incidents_go_out_in_every_format_with_their_notice(filled, tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    assert _export(filled, Scope.system(1), "incident", path) == 2
    frame = read(path).frame
    assert len(frame) == 2
    notice = next(name for name in frame.columns if name.startswith("synthetic"))
    assert set(frame[notice]) == {"测试数据"}
    assert "13800" not in path.read_bytes().decode("utf-8", "ignore")


def test_table_is_harmless_and_has_the_towns_times(filled, tmp_path):
    _export(filled, Scope.system(1), "incident", tmp_path / "out.csv")
    frame = pd.read_csv(tmp_path / "out.csv", dtype=str).sort_values("reported_at")
    assert frame["title"].tolist() == ["t", "'@SUM(A1)"]
    assert frame["reported_at"].tolist() == ["2026-03-17T00:00:00+08:00", "2026-03-17T14:32:00+08:00"]
    assert frame["grid"].tolist()[1] == GRIDS[0]


def test_entities_that_went_out_come_back_unchanged(filled, tmp_path):
    _export(filled, Scope.system(1), "market-entity", tmp_path / "out.xlsx")
    with filled.transaction(Scope.system(1)) as session:
        done = import_file(session, "entities", tmp_path / "out.xlsx", Options(crs="cgcs2000"))
    assert (done.added, done.changed, done.unchanged, done.rejected) == (0, 0, 2, 0)


def test_scope_limits_what_goes_out(filled, tmp_path, small_town):
    own = frozenset({small_town.areas[GRIDS[0]]})
    worker = Scope(1, user_id=5, area_ids=own, permissions=frozenset({"view", "export"}))
    assert _export(filled, worker, "market-entity", tmp_path / "own.csv") == 1
    with pytest.raises(Forbidden, match="export"):
        _export(filled, Scope(1, user_id=5, permissions=frozenset({"view"})), "market-entity", tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()
    assert _export(filled, Scope.system(small_town.other_town_id), "market-entity", tmp_path / "other.csv") == 0


def test_filters_and_unknown_layers(filled, tmp_path):
    assert _export(filled, Scope.system(1), "incident", tmp_path / "t.csv", triage="1") == 1
    with pytest.raises(NotFound):
        _export(filled, Scope.system(1), "planet", tmp_path / "t.csv")
    with pytest.raises(FormatError):
        _export(filled, Scope.system(1), "incident", tmp_path / "t.doc")


def test_export_is_audited(filled, tmp_path):
    _export(filled, Scope.system(1), "incident", tmp_path / "t.csv")
    with filled.transaction(Scope.system(1)) as session:
        rows = session.execute(text("select subject_id, detail->>'rows' from audit where action = 'export'")).all()
    assert rows == [("incident", "2")]


def test_every_layer_can_be_exported(filled, tmp_path):
    for layer in all_layers():
        assert _export(filled, Scope.system(1), layer, tmp_path / f"{layer}.geojson") >= 0
