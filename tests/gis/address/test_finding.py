"""Where texts lead: levels, interpolation, offsets, ambiguity, priors, bad input; distances on the ellipsoid."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.address import Gazetteer, find, find_many
from gis.address.metric import BEARINGS, distance_m, moved
from tests.gis.address.willow_town import DONGBANG, GEOD, LIUTANG, SHIQIAO, at, metres, willow_town

TOWN = willow_town()
FOUND = [
    # text, level, metres east and north of the origin, tolerance in metres, village
    ("青溪县柳塘镇石桥村3组5号", "plate", (650, 1000), 1, SHIQIAO),
    ("东浜三组五号", "plate", (3650, 1000), 1, DONGBANG),
    ("柳溪路30号", "plate", (150, 490), 1, None),
    ("柳溪路三十一号", "plate", (155, 510), 1, None),
    ("王家埭二号", "plate", (20, -1000), 1, LIUTANG),
    ("L030", "plate", (150, 490), 1, None),
    ("沈家浜7-2", "plate", (500, -1000), 1, LIUTANG),
    ("沈家浜7号", "number_interpolated", (500, -1000), 1, LIUTANG),
    ("柳溪路24号", "number_interpolated", (120, 490), 2, None),
    ("柳溪路25号", "number_interpolated", (125, 510), 2, None),
    ("沈家浜8号", "number_interpolated", (510, -1000), 25, LIUTANG),
    ("好再来饭店", "entity", (3000, -900), 1, None),
    ("明珠紧固件", "entity", (3100, -950), 1, None),
    ("老供销社", "entity", (100, 520), 1, None),
    ("好在来饭店", "entity", (3000, -900), 1, None),
    ("大塘", "landmark", (1000, -1500), 1, LIUTANG),
    ("土地庙", "landmark", (300, -1200), 1, LIUTANG),
    ("石桥村老街桥", "landmark", (400, 1200), 1, SHIQIAO),
    ("石桥村老街桥往南两百米", "landmark_offset", (400, 1000), 2, SHIQIAO),
    ("柳塘水库东北方向100米", "landmark_offset", (1070.7, -1429.3), 2, LIUTANG),
    ("200 m west of 大塘", "landmark_offset", (800, -1500), 2, LIUTANG),
    ("好再来饭店对面", "landmark_offset", (3000, -900), 40, None),
    ("柳溪路30号隔壁", "landmark_offset", (150, 490), 30, None),
    ("石桥村2组", "group", (450, 1000), 60, SHIQIAO),
    ("石码头村2组", "group", (450, 1000), 60, SHIQIAO),
    ("王家埭", "natural_village", (10, -1000), 15, LIUTANG),
    ("柳溪路", "road", (150, 500), 60, None),
    ("镇南村", "village", None, 0, "100204"),
]


@pytest.mark.parametrize(("text", "level", "place", "tolerance_m", "village"), FOUND)
def test_text_leads_to_the_place(town: Gazetteer, text, level, place, tolerance_m, village) -> None:
    best = find(text, town).best
    assert best is not None
    assert best.level == level
    if place is not None:
        assert metres(best.lon, best.lat, at(*place)) <= tolerance_m
    assert village in (None, best.village_code)


def test_scores_follow_the_levels_and_radii_the_uncertainty(town: Gazetteer) -> None:
    texts = ["石桥村3组5号", "大塘", "柳溪路24号", "大塘南50米", "石桥村3组", "柳溪路", "石桥村"]
    bests = [find(text, town).best for text in texts]
    assert [best.score for best in bests] == sorted((best.score for best in bests), reverse=True)
    assert bests[0].radius_m < bests[3].radius_m < bests[4].radius_m < bests[6].radius_m


@pytest.mark.parametrize(
    ("right", "wrong"), [("柳溪路30号", "流西路30号"), ("柳溪路30号", "柳四路30号"), ("石桥村3组5号", "石挢村3组5号")]
)
def test_misspelt_text_leads_to_the_same_place_with_a_lower_score(town: Gazetteer, right: str, wrong: str) -> None:
    first, second = find(right, town).best, find(wrong, town).best
    assert first.plate_id == second.plate_id
    assert second.score < first.score


def test_landmark_of_two_villages_gives_both_until_one_is_named(town: Gazetteer) -> None:
    both = find("老街桥", town)
    assert {item.village_code for item in both.items if item.level == "landmark"} == {SHIQIAO, DONGBANG}
    assert all("ambiguous" in item.how for item in both.items)
    assert find("东浜村老街桥", town).best.village_code == DONGBANG
    assert find("老街桥", town, prior_village=DONGBANG).best.village_code == DONGBANG
    assert find("老街桥", town, prior_village=SHIQIAO).best.village_code == SHIQIAO
    assert find("老街桥", town, near=at(3300, 1000)).best.village_code == DONGBANG
    assert both.best.score < find("东浜村老街桥", town).best.score


def test_group_without_village_gives_every_village_and_the_prior_first(town: Gazetteer) -> None:
    answer = find("三组", town)
    assert {item.village_code for item in answer.items} == {SHIQIAO, DONGBANG}
    assert find("三组5号", town, prior_village=DONGBANG).best.plate_id == f"{DONGBANG}G3N5"
    assert find("3组5号", town, prior_village=SHIQIAO).best.plate_id == f"{SHIQIAO}G3N5"


def test_place_in_another_village_than_named_is_doubted_not_dropped(town: Gazetteer) -> None:
    best = find("石桥村大塘", town).items
    doubted = next(item for item in best if item.level == "landmark")
    assert "village_conflict" in doubted.how
    assert doubted.score < find("大塘", town).best.score


def test_offset_about_something_unknown_is_not_applied(town: Gazetteer) -> None:
    plain, said = find("石桥村三组", town).best, find("石桥村三组老王家隔壁", town).best
    assert (plain.lon, plain.lat, plain.level, plain.radius_m) == (said.lon, said.lat, said.level, said.radius_m)


def test_address_of_another_town_loses_half_its_score(town: Gazetteer) -> None:
    assert find("嘉善县姚庄镇柳溪路30号", town).best.score == pytest.approx(0.5 * find("柳溪路30号", town).best.score)


def test_coordinates_in_the_text_are_taken_as_written(town: Gazetteer) -> None:
    for text in ("120.9012,30.4021", "位置：120.9012， 30.4021 附近", "30.4021 120.9012", "E120.9012 N30.4021"):
        best = find(text, town).best
        assert best.level in ("coordinate", "landmark_offset")
        assert (best.lon, best.lat) == (120.9012, 30.4021)
        assert "crs_unknown" in best.how


RUE = [
    ("12 Rue Grimaldi", "R12"),
    ("Rue Grimaldi 12", "R12"),
    ("12, rue GRIMALDI, 98000 Monaco", "R12"),
    ("12 bis Rue Grimaldi", "R12b"),
    ("rue grimadli 12", "R12"),
    ("Rue Grimaldi, n° 10", "R10"),
    ("25 av. Albert II", "A25"),
    ("25 Avenue Albert 2", "A25"),
    ("1 rue de l'eglise", "E1"),
    ("1 Rue de l’Église", "E1"),
    ("4-6 Av St Laurent", "S4"),
]


@pytest.mark.parametrize(("text", "plate_id"), RUE)
def test_western_addresses_are_found(rue: Gazetteer, text: str, plate_id: str) -> None:
    assert find(text, rue).best.plate_id == plate_id


def test_western_numbers_are_interpolated(rue: Gazetteer) -> None:
    best = find("16 Rue Grimaldi", rue).best
    assert best.level == "number_interpolated"
    assert best.label == "Rue Grimaldi 16"
    assert (best.lon, best.lat) == (pytest.approx(7.4206), pytest.approx(43.7353))
    assert find("opposite Café de la Poste", rue).best.level == "landmark_offset"
    assert find("Bd du Larvotto", rue).best.level == "road"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("😀🎉", "empty"),
        ("<br/>", "empty"),
        ("随便写写", "no_name_known"),
        ("58号", "number_without_street"),
    ],
)
def test_nothing_found_says_why(town: Gazetteer, text: str, reason: str) -> None:
    answer = find(text, town)
    assert (answer.best, answer.level, answer.reason, len(answer)) == (None, "none", reason, 0)


def test_names_without_position_are_not_located() -> None:
    town = Gazetteer.build(villages=[("1", "石桥村委会")])
    assert find("石桥村", town).reason == "not_located"
    assert find("石桥村", Gazetteer()).reason == "no_name_known"


@given(
    st.text(max_size=80)
    | st.text(st.sampled_from("柳塘镇石桥村三3组号路-老街桥南50米对面 百千万零<>&#.120"), max_size=80)
)
def test_no_text_is_ever_refused(text: str) -> None:
    answer = find(text, TOWN)
    assert (answer.reason is None) == bool(answer.items)
    assert [item.score for item in answer.items] == sorted((item.score for item in answer.items), reverse=True)
    for item in answer.items:
        assert 0 < item.score <= 1
        assert item.radius_m > 0
        assert math.isfinite(item.lon + item.lat)


def test_limit_bounds_the_candidates(town: Gazetteer) -> None:
    assert [len(find("三组5号", town, limit=limit)) for limit in (0, 1, 2)] == [0, 1, 2]


def test_many_texts_give_what_each_gives(town: Gazetteer) -> None:
    texts = [row[0] for row in FOUND] + ["", None, float("nan"), "老街桥", "老街桥"]
    priors = [None] * (len(texts) - 1) + [DONGBANG]
    found = find_many(texts, town, prior_village=priors)
    for position, text in enumerate(texts):
        alone = find(text if isinstance(text, str) else "", town, prior_village=priors[position])
        assert found.candidates[position] == alone
        assert found.level[position] == alone.level
        if alone.best is None:
            assert np.isnan(found.lon[position])
            assert found.plate_id[position] is None
        else:
            assert (found.lon[position], found.score[position]) == (alone.best.lon, alone.best.score)
    with pytest.raises(ValueError, match="33 texts but 1 near"):
        find_many(texts, town, near=[None])


def test_gazetteer_is_built_from_tuples_mappings_or_none() -> None:
    rows = [
        {
            "plate_id": "A",
            "village_code": None,
            "road": "柳溪路",
            "number": "3",
            "lon": 120.9,
            "lat": 30.4,
            "households": 2,
        }
    ]
    assert find("柳溪路3号", Gazetteer.build(plates=rows)).best.plate_id == "A"
    with pytest.raises(ValueError, match="unknown kind of place: river"):
        Gazetteer.build(places=[("river", "长江")])
    with pytest.raises(dataclasses.FrozenInstanceError):
        TOWN.plates = ()  # type: ignore[misc]


def test_plate_without_position_is_read_over() -> None:
    town = Gazetteer.build(
        plates=[
            ("A", "", "", "", "柳溪路", "3", float("nan"), float("nan")),
            ("B", "", "", "", "柳溪路", "5", 120.9, 30.4),
        ]
    )
    assert find("柳溪路5号", town).best.plate_id == "B"
    assert find("柳溪路3号", town).best.level == "number_interpolated"


@given(st.floats(-179, 179), st.floats(-70, 70), st.sampled_from(sorted(BEARINGS)), st.floats(1, 5_000))
def test_moving_agrees_with_the_ellipsoid(lon: float, lat: float, direction: str, far_m: float) -> None:
    there = moved(lon, lat, direction, far_m)
    azimuth, _, along_m = GEOD.inv(lon, lat, *there)
    assert along_m == pytest.approx(far_m, rel=2e-3)
    assert (azimuth - BEARINGS[direction] + 180) % 360 - 180 == pytest.approx(0, abs=0.5)
    assert distance_m(lon, lat, *there) == pytest.approx(along_m, rel=3e-3)


@pytest.mark.parametrize("text", ["海宁市黄湾镇石桥村3组5号", "通元镇石桥村3组5号", "青溪县通元镇石桥村3组5号"])
def test_address_that_names_another_town_says_so(text):
    best = find(text, TOWN).best
    assert (best.score, "outside" in best.how) == (0.5, True)


@pytest.mark.parametrize(
    "text", ["我们镇石桥村3组5号", "在县道边石桥村3组5号", "老乡说石桥村3组5号", "青溪县柳塘镇石桥村3组5号"]
)
def test_words_that_only_look_like_another_town_do_not(text):
    best = find(text, TOWN).best
    assert (best.level, "outside" in best.how) == ("plate", False)


@pytest.mark.parametrize("text", ["东浜大塘往南200米", "东浜的大塘往南200米"])
def test_short_name_of_a_landmark_behind_another_name_is_not_that_landmark(text):
    best, *others = find(text, TOWN).items
    assert best.level == "village"
    assert any("other_name" in other.how for other in others)


@pytest.mark.parametrize("text", ["大塘往南200米", "柳塘水库往南200米", "柳塘村大塘往南200米", "王家埭大塘往南200米"])
def test_landmark_by_its_own_name_is_found(text):
    best = find(text, TOWN).best
    assert metres(best.lon, best.lat, at(1000, -1700)) < 2
