"""Texts to places in the small town: candidates in their leaves, doubt told, one gazetteer a town, nothing widened."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from data.scope import Scope, scope_of
from layers.address import service
from layers.exchange.importing import Options, import_file
from tests.small_town import GRIDS, VILLAGES

PLATES = """plate_id,road,number,natural_village,villager_group,lon,lat
MP0001,堰山路,1,,,120.885,30.405
P2,堰山路,3,,,120.8852,30.405
P3,,7,东埭,3组,120.895,30.415
P4,,7,东埭,3组,120.885,30.415
"""
ENTITIES = "uscc,name,kind,lon,lat\n91A,老街酒楼,catering,120.895,30.405\n"


@pytest.fixture
def town(database, tmp_path):
    """The small town with four door plates, two of them alike in two villages, and a restaurant."""
    with database.transaction(Scope.system(1)) as session:
        for kind, content in (("addresses", PLATES), ("entities", ENTITIES)):
            (tmp_path / "t.csv").write_text(content, encoding="utf-8")
            import_file(session, kind, tmp_path / "t.csv", Options(crs="cgcs2000"))
    return database


def _place(town, words, scope=None, **given):
    with town.transaction(scope or Scope.public(1)) as session:
        return service.geocode(session, words, **given).place


def test_door_plate_is_found_by_address_and_by_its_number(town):
    for words in ("堰山路1号", "甲村堰山路１号", "MP0001"):
        place = _place(town, words)
        assert (place.level, place.plate_id, place.leaf.code, place.triage_reason) == (
            "plate",
            "MP0001",
            GRIDS[0],
            None,
        )


def test_entity_is_found_by_name_and_lies_in_its_village(town):
    place = _place(town, "老街酒楼")
    assert (place.level, place.leaf.code, place.village["code"]) == ("entity", GRIDS[2], VILLAGES[1])


def test_one_address_in_two_villages_is_ambiguous_until_the_reporters_village_decides(town):
    place = _place(town, "东埭3组7号")
    assert place.triage_reason == "ambiguous"
    assert place.how["rivals"]
    for village, grid in zip(VILLAGES, (GRIDS[1], GRIDS[3]), strict=True):
        decided = _place(town, "东埭3组7号", prior_village=village)
        assert (decided.leaf.code, decided.triage_reason) == (grid, None)


def test_village_alone_is_vague_and_lists_its_grids(town):
    place = _place(town, "甲村")
    assert place.level == "village"
    assert {share.code for share in place.shares} >= set(GRIDS[:2])
    assert place.score < 0.5
    assert place.triage_reason == "vague"


def test_shares_of_a_place_whose_village_is_named_stay_inside_it(town):
    for words, grids in (("甲村", GRIDS[:2]), ("乙村", GRIDS[2:]), ("甲村东埭3组", GRIDS[:2])):
        shares = _place(town, words).shares
        assert {share.code for share in shares} <= set(grids)
        assert not shares or sum(share.share for share in shares) == pytest.approx(1.0)


@pytest.mark.parametrize("words", ["海宁市黄湾镇堰山路1号", "通元镇甲村堰山路1号", "海宁市乙村"])
def test_address_of_another_town_gets_no_grid_but_its_candidates(town, words):
    place = _place(town, words)
    assert (place.leaf, place.lon, place.level, place.score, place.triage_reason) == (
        None,
        None,
        "none",
        0.0,
        "other_town",
    )
    with town.transaction(Scope.public(1)) as session:
        labels = [candidate.label for candidate in service.geocode(session, words).candidates]
    assert place.how["rivals"] == labels
    assert labels


@pytest.mark.parametrize(("words", "reason"), [("", "no_place"), ("火星基地", "place_not_found")])
def test_text_without_a_known_name_says_so(town, words, reason):
    place = _place(town, words)
    assert (place.leaf, place.lon, place.triage_reason) == (None, None, reason)


def test_coordinate_in_a_text_is_not_believed_without_its_system(town):
    place = _place(town, "120.885, 30.405")
    assert (place.leaf, place.lon, place.triage_reason, place.suggested_crs) == (None, None, "crs_unknown", "wgs84")


def test_many_texts_answer_as_single_ones_do(town):
    texts = ["堰山路1号", None, "甲村", "堰山路1号", "东埭3组7号", "火星"]
    with town.transaction(Scope.system(1)) as session:
        many = service.geocode_many(session, texts)
        single = [service.geocode(session, words or "") for words in texts]
    assert many == single


def test_the_public_is_answered_but_sees_no_more_than_before(town):
    with town.transaction(Scope.public(1)) as session:
        asked = scope_of(session)
        assert service.geocode(session, "堰山路1号").place.plate_id == "MP0001"
        assert scope_of(session) == asked
        assert session.execute(text("select count(*) from address")).scalar_one() == 0


def test_scope_is_the_askers_again_after_a_fault(town, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError

    with town.transaction(Scope.public(1)) as session:
        monkeypatch.setattr(service.GAZETTEER, "stamp", broken)
        with pytest.raises(RuntimeError):
            service.gazetteer(session)
        assert scope_of(session) == Scope.public(1)


def test_gazetteer_is_built_once_and_again_when_a_plate_comes(town, tmp_path):
    built = []
    real = service.GAZETTEER._build
    service.GAZETTEER._build = lambda session: built.append(1) or real(session)
    try:
        threads = [threading.Thread(target=_place, args=(town, "堰山路1号")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(built) <= 1
        (tmp_path / "t.csv").write_text("plate_id,road,number,lon,lat\nP9,堰山路,99,120.885,30.406\n", encoding="utf-8")
        with town.transaction(Scope.system(1)) as session:
            import_file(session, "addresses", tmp_path / "t.csv", Options(crs="cgcs2000"))
        assert _place(town, "堰山路99号").plate_id == "P9"
        assert _place(town, "堰山路99号").plate_id == "P9"
    finally:
        service.GAZETTEER._build = real


def test_towns_do_not_know_each_others_names(town, small_town):
    place = _place(town, "堰山路1号", Scope.public(small_town.other_town_id))
    assert place.triage_reason == "place_not_found"
