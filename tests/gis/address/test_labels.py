"""The geocoder on the labelled texts of the shipped pack; the bounds hold for the half nobody tuned on."""

from __future__ import annotations

import pytest

from gis.address import find
from tests.gis.address.accuracy import GEOD, LABELS, PACK, TAKEN, Outcome, figures, measure, pack_gazetteer, rows

pytestmark = pytest.mark.skipif(not (PACK / "addresses.csv").exists(), reason="the pack is not generated")


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return measure("")


@pytest.fixture(scope="module")
def held_out(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.label["half"] == "held_out"]


def test_labels_are_many_and_of_every_kind() -> None:
    labels = rows(LABELS)
    assert len(labels) >= 300
    assert 0.4 < sum(label["half"] == "held_out" for label in labels) / len(labels) < 0.6
    kinds = {"typed", "prefix", "spoken", "misspelt", "traditional", "old_name", "landmark", "landmark_offset"}
    assert kinds | {"entity", "plate", "ambiguous", "group", "elsewhere"} <= {label["kind"] for label in labels}


def test_true_place_is_among_the_candidates(held_out: list[Outcome]) -> None:
    assert figures(held_out).among >= 0.95


def test_wrong_grid_is_rare(held_out: list[Outcome]) -> None:
    precise = [outcome for outcome in held_out if outcome.label["level"] not in ("village", "road", "none")]
    assert figures(precise).wrong_grid <= 0.05
    taken = [outcome for outcome in precise if outcome.best and outcome.best.score >= TAKEN]
    asked = [outcome for outcome in taken if "ambiguous" not in outcome.best.how]
    assert figures(asked).wrong_grid <= 0.03


def test_level_and_distance_are_right(held_out: list[Outcome]) -> None:
    found = figures(held_out)
    assert found.level_right >= 0.9
    assert found.within_tolerance >= 0.93
    assert found.within_radius >= 0.9
    assert found.median_error_m <= 15


def test_radius_of_an_interpolated_number_holds_in_nine_of_ten_cases() -> None:
    """Every twentieth plate is taken away and found between its neighbours."""
    plates = [row for row in rows(PACK / "addresses.csv") if row["number"].isdigit()]
    away = plates[7::20]
    gone = {row["plate_id"] for row in away}
    town = pack_gazetteer(hidden=gone)
    held = []
    for row in away:
        found = find(
            f"{row['road'] or row['natural_village']}{row['number']}号", town, prior_village=row["village_code"]
        ).best
        if found and found.level == "number_interpolated" and found.village_code == row["village_code"]:
            error_m = GEOD.inv(found.lon, found.lat, float(row["lon"]), float(row["lat"]))[2]
            held.append(error_m <= found.radius_m)
    assert len(held) > 200
    assert sum(held) / len(held) >= 0.88


def test_labels_are_those_of_the_pack() -> None:
    """Run python -m tests.gis.address.make_labels after the pack has changed."""
    places = {row["plate_id"]: (float(row["lon"]), float(row["lat"])) for row in rows(PACK / "addresses.csv")}
    labels = [label for label in rows(LABELS) if label["plate_id"]]
    assert labels
    assert all(places.get(label["plate_id"]) == (float(label["lon"]), float(label["lat"])) for label in labels)


def test_high_scores_are_more_often_right_than_low_ones(outcomes: list[Outcome]) -> None:
    def right(low: float, high: float) -> float:
        band = [outcome for outcome in outcomes if outcome.best and low <= outcome.best.score < high]
        return figures(band).within_tolerance

    assert right(0.8, 1.01) > right(0.0, 0.8)
    assert right(0.8, 1.01) >= 0.98


def test_addresses_of_other_towns_are_not_claimed(outcomes: list[Outcome]) -> None:
    assert all(outcome.level_right for outcome in outcomes if outcome.label["kind"] == "elsewhere")
