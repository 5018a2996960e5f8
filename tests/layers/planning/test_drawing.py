"""Two planners draw at random on one draft: whatever comes of it, the stored patches make it again and the figures hold."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from pydantic import TypeAdapter, ValidationError

from data.errors import Conflict, Invalid
from layers.planning import plans, points, queries, service
from layers.planning.asked import NewPlan, Operation
from layers.planning.points import Points
from layers.planning.state import STATES, States
from tests.gis.drafts import Draftsman
from tests.scopes import every_scope

OPERATION = TypeAdapter(Operation)


def sent(operation):
    """An operation of the draughtsman as the page sends it: no codes for what is new. None: the page has no such thing."""
    given = operation.to_json()
    if given["kind"] == "split":
        given["count"] = len(given.pop("codes"))
    elif given["kind"] == "cut_out":
        del given["code"]
    elif given["kind"] == "redraw":
        given["leaves"] = [{"polygons": polygons, "values": values} for _, polygons, values in given["leaves"]]
    elif given["kind"] == "restore":
        return None
    try:
        return OPERATION.validate_python(given)
    except ValidationError:
        return None  # as a ring of two points


def wkbs(part):
    areas = part.areas()
    return [shapely.to_wkb(shape) for shape in areas.geometry], areas.drop(columns="geometry").to_csv()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stored_patches_make_every_version_again_to_the_byte_and_the_points_lie_where_they_lie(
    database, small_town, seed
):
    rng, drawer, scopes = random.Random(seed), Draftsman(seed), every_scope(small_town)
    with database.transaction(scopes["planner"]) as session:
        plan_id = plans.add(session, NewPlan(name="随手"))
    spread = np.array([[120.88 + rng.random() * 0.03, 30.40 + rng.random() * 0.02] for _ in range(300)])
    corners = np.array([[x, y] for x in (120.88, 120.89, 120.90, 120.91) for y in (30.40, 30.41, 30.42)])
    places = Points(*np.vstack([spread, corners, corners]).T.copy(), {})
    bytes_of, done, refusals, told = {}, 0, [], []
    for _ in range(60):
        name = rng.choice(["planner", "planner2"])
        with database.transaction(scopes[name]) as session:
            plan = plans.require(session, plan_id)
            seen = max(0, plan.version - rng.choice([0, 0, 0, 1, 2]))
            state = STATES.get(session, plan, plan.version)
            bytes_of[plan.version] = wkbs(state.part)
            points.located(state, places)
            operation = sent(drawer.operation(STATES.get(session, plan, seen).part))
            others = session.execute(queries.STEPS_AFTER, {"plan_id": plan_id, "after": seen}).all()
        if operation is None:
            continue
        act = rng.choice(["edit"] * 5 + ["undo", "redo"])
        try:
            with database.transaction(scopes[name]) as session:
                if act == "edit":
                    service.edit(session, plan_id, None, seen, operation)
                else:
                    getattr(service, act)(session, plan_id, None, seen)
        except (Conflict, Invalid) as fault:
            refusals.append(fault)
            if fault.code == "plan.conflict":
                told.append((fault.detail, others, scopes[name].user_id))
            continue
        done += 1
        with database.transaction(scopes[name]) as session:
            plan = plans.require(session, plan_id)
            state = STATES.get(session, plan, plan.version)
            assert state.part.faults() == []
            found = points.located(state, places)
            assert np.array_equal(found, points.leaf_numbers(state.part, places.lon, places.lat))
    with database.transaction(scopes["planner"]) as session:
        fresh = States()
        plan = plans.require(session, plan_id)
        for version in rng.sample(sorted(bytes_of), min(6, len(bytes_of))):
            assert wkbs(fresh.get(session, plan, version).part) == bytes_of[version]
    for detail, others, user_id in told:
        mine = set(detail["mine"]["codes"])
        theirs = [row.seq for row in others if row.user_id != user_id and mine & set(row.codes)]
        assert [row["seq"] for row in detail["theirs"]] == theirs
    assert {fault.code.partition(".")[0] for fault in refusals} <= {"partition", "operation", "plan"}
    assert told
    assert done > 8


def test_undoing_everything_comes_back_to_the_first_byte(database, small_town):
    scopes, drawer = every_scope(small_town), Draftsman(11)
    with database.transaction(scopes["planner"]) as session:
        plan_id = plans.add(session, NewPlan(name="来回"))
    done = 0
    for _ in range(50):
        with database.transaction(scopes["planner"]) as session:
            plan = plans.require(session, plan_id)
            operation = sent(drawer.operation(STATES.get(session, plan, plan.version).part))
        if operation is None:
            continue
        try:
            with database.transaction(scopes["planner"]) as session:
                service.edit(session, plan_id, None, plan.version, operation)
            done += 1
        except Invalid:
            continue
    with database.transaction(scopes["planner"]) as session:
        last = plans.require(session, plan_id)
        drawn = wkbs(STATES.get(session, last, last.version).part)
    for act in ("undo", "redo"):
        for _ in range(done):
            with database.transaction(scopes["planner"]) as session:
                getattr(service, act)(session, plan_id, None, plans.require(session, plan_id).version)
        with database.transaction(scopes["planner"]) as session:
            plan = plans.require(session, plan_id)
            wanted = wkbs(STATES.get(session, plan, 0).part) if act == "undo" else drawn
            assert wkbs(STATES.get(session, plan, plan.version).part) == wanted
        with pytest.raises(Conflict, match="nothing"), database.transaction(scopes["planner"]) as session:
            getattr(service, act)(session, plan_id, None, plans.require(session, plan_id).version)
    assert done > 5
