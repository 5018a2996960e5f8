"""A backup comes back exactly, and a damaged one changes nothing."""

from __future__ import annotations

import json
import tarfile

import pytest

TOWN = "insert into town (code, name, metric_srid) values ('330424103', '澉浦镇 \"a\\b\"', 4549)"


@pytest.fixture(scope="module")
def filled(installation):
    """An installation that does not run, with one town and one photo."""
    assert installation.onegrid("db", "migrate").returncode == 0
    with installation.opened() as cursor:
        cursor.execute(TOWN)
    uploads = installation.place / "data" / "uploads" / "ab"
    uploads.mkdir(parents=True)
    (uploads / "photo.jpg").write_bytes(b"\xff\xd8 not really")
    return installation


@pytest.fixture(scope="module")
def saved(filled):
    file = filled.place / "town.backup"
    answer = filled.onegrid("db", "backup", str(file))
    assert answer.returncode == 0, answer.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    return file


@pytest.fixture(scope="module")
def emptied(filled, saved):
    assert filled.onegrid("db", "reset", "--yes").returncode == 0
    return filled


def towns(installation):
    with installation.opened() as cursor:
        cursor.execute("select code, name, metric_srid from town")
        return cursor.fetchall()


def test_a_backup_is_refused_over_an_existing_file(filled, saved):
    answer = filled.onegrid("db", "backup", str(saved))
    assert answer.returncode == 1
    assert "exists" in answer.stderr


def test_restore_refuses_a_database_that_is_not_empty(filled, saved):
    answer = filled.onegrid("db", "restore", str(saved))
    assert answer.returncode == 1
    assert "not empty" in answer.stderr
    assert len(towns(filled)) == 1


def test_everything_is_there_again_after_reset_and_restore(filled, saved):
    before = towns(filled)
    assert filled.onegrid("db", "reset", "--yes").returncode == 0
    assert towns(filled) == []
    assert not (filled.place / "data" / "uploads").exists()
    answer = filled.onegrid("db", "restore", str(saved))
    assert answer.returncode == 0, answer.stderr
    assert towns(filled) == before
    assert (filled.place / "data" / "uploads" / "ab" / "photo.jpg").read_bytes() == b"\xff\xd8 not really"
    with filled.opened("onegrid_app") as cursor:
        # the application role is bound again: without a town it sees nothing
        cursor.execute("select count(*) from town")
        assert cursor.fetchone() == (0,)
        cursor.execute("select code from list_towns()")
        assert cursor.fetchall() == [("330424103",)]


@pytest.mark.parametrize("fault", ["cut", "changed", "newer", "outside", "link", "other"])
def test_a_bad_backup_changes_nothing(emptied, saved, tmp_path, fault):
    file = tmp_path / "bad.backup"
    whole = saved.read_bytes()
    if fault == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif fault == "changed":
        file.write_bytes(whole[:30_000] + b"oops" + whole[30_004:])
    elif fault == "newer":
        with tarfile.open(file, "w") as tar:
            manifest = tmp_path / "manifest.json"
            manifest.write_text(json.dumps({"format": 1, "revision": "9999_from_the_future"}))
            tar.add(manifest, "manifest.json")
    elif fault in ("outside", "link"):
        file.write_bytes(whole)
        with tarfile.open(file, "a") as tar:
            entry = tarfile.TarInfo("uploads/../../outside" if fault == "outside" else "uploads/link")
            entry.type, entry.linkname = (
                (tarfile.REGTYPE, "") if fault == "outside" else (tarfile.SYMTYPE, "/etc/passwd")
            )
            tar.addfile(entry)
    else:
        file.write_text("this is no backup")
    answer = emptied.onegrid("db", "restore", str(file))
    assert answer.returncode == 1
    assert answer.stderr.strip().splitlines()[-1].startswith("onegrid: ")
    assert "Traceback" not in answer.stderr
    assert towns(emptied) == []
    assert not (emptied.place / "data" / "uploads").exists()
