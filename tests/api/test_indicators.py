"""Indicators: each figure equals the list it opens, and a second way of counting; no data is no figure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from layers.incident.indicators import GROUPS
from tests.api.test_transition import done, fed_back, photo, reported, step

SPAN = {
    "from": (datetime.now().astimezone() - timedelta(days=30)).isoformat(),
    "to": (datetime.now().astimezone() + timedelta(days=60)).isoformat(),
}


@pytest.fixture(scope="module")
def worked(shared_web):
    """One case closed, one sent back twice and handled again, one returned, one declined, one open."""
    command, _squad, case = fed_back(shared_web)
    done(command, case, "pass_inspection", text="已看")
    done(command, case, "close", condition_met=True)
    command, squad, again = fed_back(shared_web)
    for _ in range(2):
        done(command, again, "rework", reason="没扫干净")
        done(squad, again, "feed_back", text="再清理", photo_after=photo(squad, again))
    sent = reported(command)
    for name in ("accept", "file", "dispatch"):
        done(command, sent, name)
    done(squad, sent, "return", reason="不归我们", reason_code="not_our_duty")
    done(command, reported(command), "decline", reason="不归本镇", reason_code="not_ours")
    reported(command)
    return command


def measured(browser, **asked):
    answer = browser.get("/api/v1/indicators", query_string={**SPAN, **asked})
    assert answer.status_code == 200, answer.json
    return answer.json["groups"]


def count(browser, filters):
    return browser.get("/api/v1/incidents", query_string={**filters, "limit": 500}).json


@pytest.mark.parametrize("by", list(GROUPS))
def test_every_figure_opens_the_cases_it_counts(shared_web, worked, by):
    for group in measured(worked, by=by):
        for name, figure in group["indicators"].items():
            if figure["of"] is None:
                continue
            assert count(worked, figure["of"])["count"] == figure["denominator"], (group["key"], name)
            assert count(worked, figure["in"])["count"] == figure["numerator"], (group["key"], name)


def test_groups_add_up_to_the_town(shared_web, worked):
    (whole,) = measured(worked, by="town")
    for by in ("platform", "village", "org"):
        parts = measured(worked, by=by)
        for name, figure in whole["indicators"].items():
            own = [part["indicators"][name] for part in parts if name in part["indicators"]]
            assert sum(one["denominator"] for one in own) == figure["denominator"], (by, name)
            assert sum(one["numerator"] for one in own) == figure["numerator"], (by, name)


def test_the_figures_are_those_of_what_happened(shared_web, worked):
    (town,) = measured(worked)
    told = {name: (one["numerator"], one["denominator"]) for name, one in town["indicators"].items()}
    assert told["accurate_dispatch"] == (2, 3)
    assert told["valid_report"] == (3, 5)
    assert told["on_time_disposal"][0] == 2
    # of a case that was sent back twice the rate counts one
    assert told["rework"] == (1, 4)


def test_no_denominator_is_no_share(shared_web, worked):
    (town,) = measured(worked)
    assert town["indicators"].get("satisfaction") is None or town["indicators"]["satisfaction"]["share"] is None
    assert (
        measured(worked, **{"from": "2001-01-01T00:00:00+08:00", "to": "2001-02-01T00:00:00+08:00", "by": "village"})
        == []
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"by": "mood"}, "indicator.by"), ({"from": "yesterday"}, "indicator.period"), ({"to": "2001-01-01"}, "indicator.period"),
     ({"colour": "red"}, "filter.unknown")],
)  # fmt: skip
def test_what_cannot_be_measured_is_said(shared_web, asked, code):
    answer = shared_web.browser("command").get("/api/v1/indicators", query_string={**SPAN, **asked})
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_an_organisation_sees_its_own_cases_only(shared_web, worked):
    squad = shared_web.browser("squad")
    assert {group["key"] for group in measured(squad, by="org")} <= {"squad"}
    assert step(squad, "00000000-0000-7000-8000-000000000000", "accept").status_code == 404
