"""Proposals over HTTP: they change nothing, are drawn as one step, and say why nothing can be found."""

from __future__ import annotations

import pytest
import shapely

from tests.api.test_plan import done, draw, opened
from tests.small_town import GRIDS, VILLAGES

A1, A2, *_ = GRIDS


def proposed(browser, plan, **asked):
    return browser.post(f"/api/v1/plans/{plan}/propose", {"area": VILLAGES[0], "least": 0, "most": 1_000_000, **asked})


def test_a_proposal_stands_beside_today_and_is_drawn_as_one_step(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    told = done(proposed(planner, plan))
    assert told["units"] >= 2
    assert not told["today"]["moved"]
    for one in told["proposals"]:
        assert {"spread", "border_m", "compactness", "split", "moved", "outside", "difference"} <= set(one)
        assert sum(one["households"]) == sum(told["today"]["households"])
    assert done(planner.get(f"/api/v1/plans/{plan}"))["version"] == 0
    taken = told["proposals"][-1]
    made = draw(planner, plan, 0, taken["operation"])
    if made.status_code == 422:  # today's plan was the best one
        assert made.json["code"] == "partition.no_change"
        return
    drawn = {f["properties"]["code"]: shapely.geometry.shape(f["geometry"]) for f in done(made)["areas"]["features"]}
    for feature in taken["grids"]["features"]:
        code = feature["properties"]["code"]
        if code in drawn:
            assert drawn[code].symmetric_difference(shapely.geometry.shape(feature["geometry"])).area < 1e-12


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"area": "330499101"}, "proposal.area"),
        ({"area": "nowhere"}, "proposal.area"),
        ({"area": A1}, "proposal.area"),
        ({"count": 150}, "proposal.count"),
        ({"least": 900_000}, "proposal.load"),
        ({"least": 10, "most": 5}, "proposal.bounds"),
        ({"count": 0}, "request.invalid"),
        ({"weights": {"balance": -1}}, "request.invalid"),
    ],
)
def test_why_nothing_can_be_proposed_is_said(shared_web, asked, code):
    planner = shared_web.browser("planner")
    answer = proposed(planner, opened(planner), **asked)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_who_does_not_plan_gets_no_proposals(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    for who in ("worker-a1", "command"):
        assert proposed(shared_web.browser(who), plan).status_code == 403
