"""Proposals: every grid in one piece, figures as counted anew, and as good as the best of all plans where all can be tried."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.proposing import NoProposal, Units, Weights, measured, propose, variants


def squares(across, up, seed=0, **more):
    """Units of 100 m in rows, with loads that vary."""
    rng = np.random.default_rng(seed)
    number = np.arange(across * up).reshape(up, across)
    beside = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    outer = np.zeros(across * up)
    for rim in (number[0], number[-1], number[:, 0], number[:, -1]):
        outer[rim] += 100.0
    y, x = np.divmod(np.arange(across * up), across)
    return Units(
        rng.lognormal(3, 0.5, across * up).round(), np.full(across * up, 1e4), outer, beside,
        np.full(len(beside), 100.0), np.column_stack([x, y]) * 100.0, **more,
    )  # fmt: skip


def in_one_piece(units, grid, number):
    """Whether the units of a grid hang together, walked by hand."""
    mine = set(np.flatnonzero(grid == number).tolist())
    seen, queue = set(), [min(mine)] if mine else []
    while queue:
        here = queue.pop()
        if here in seen:
            continue
        seen.add(here)
        queue += [b for a, b in units.beside.tolist() if a == here and b in mine]
        queue += [a for a, b in units.beside.tolist() if b == here and a in mine]
    return bool(mine) and seen == mine


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(1, 8), st.integers(1, 6), st.integers(0, 10_000))
def test_every_grid_is_there_and_in_one_piece(across, up, count, seed):
    units = squares(across, up, seed)
    if count > len(units):
        with pytest.raises(NoProposal) as error:
            propose(units, count)
        assert error.value.code == "proposal.count"
        return
    found = propose(units, count, seed=seed, tries=1, trials=200)
    assert all(in_one_piece(units, found.grid, k) for k in range(count))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_figures_are_those_of_the_plan(seed):
    rng = np.random.default_rng(seed)
    units = squares(6, 5, seed, together=rng.integers(-1, 4, 30), today=rng.integers(0, 3, 30))
    found = propose(units, 3, seed=seed, tries=1, trials=100)
    for k in range(3):
        mine = [u for u in range(30) if found.grid[u] == k]
        assert found.load[k] == pytest.approx(sum(units.load[u] for u in mine))
        border = sum(units.outer_m[u] for u in mine) + sum(
            100.0 for a, b in units.beside.tolist() if (a in mine) != (b in mine)
        )
        assert found.perimeter_m[k] == pytest.approx(border)
    villages = {}
    for village, grid in zip(units.together.tolist(), found.grid.tolist(), strict=True):
        if village >= 0:
            villages.setdefault(village, set()).add(grid)
    assert found.split == sum(len(grids) - 1 for grids in villages.values())
    gone = sum(units.load[u] for u in range(30) if units.today[u] != found.grid[u])
    assert found.moved == pytest.approx(gone / units.load.sum())


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_best_of_all_plans_of_two_grids(seed):
    units = squares(4, 3, seed)
    best = min(
        (
            measured(units, np.array(grid), 2)
            for grid in itertools.product((0, 1), repeat=12)
            if all(in_one_piece(units, np.array(grid), k) for k in (0, 1))
        ),
        key=lambda plan: plan.cost,
    )
    assert propose(units, 2, seed=seed, tries=3).cost == pytest.approx(best.cost)


def test_the_same_seed_gives_the_same_plan_and_aims_show():
    today = np.repeat(np.arange(4), 50)
    units = squares(20, 10, 3, today=today, together=np.arange(200) // 8)
    asked = variants(Weights(), has_today=True)
    plans = {name: propose(units, 4, weights, seed=5) for name, weights in asked.items()}
    assert np.array_equal(plans["asked"].grid, propose(units, 4, asked["asked"], seed=5).grid)
    assert plans["balance"].spread == min(plan.spread for plan in plans.values())
    assert plans["compact"].cut_m == min(plan.cut_m for plan in plans.values())
    assert plans["stay"].moved == min(plan.moved for plan in plans.values())


def test_bounds_are_kept_where_they_can_be():
    units = squares(20, 15, 1)
    mean = units.load.sum() / 12
    found = propose(units, 12, bounds=(0.95 * mean, 1.05 * mean))
    assert found.outside == ()
    assert np.all(np.abs(found.load - mean) <= 0.05 * mean)


def test_why_nothing_can_be_proposed():
    units = squares(5, 4)
    with pytest.raises(NoProposal) as error:
        propose(units, 4, bounds=(300, 500))
    assert error.value.code == "proposal.load"
    assert error.value.detail["most"] == 1
    heavy = np.array(units.load)
    heavy[7] = 900.0
    loaded = Units(heavy, units.area_m2, units.outer_m, units.beside, units.length_m, units.xy)
    with pytest.raises(NoProposal) as error:
        propose(loaded, 4, bounds=(100, 500))
    assert error.value.code == "proposal.unit"
    assert error.value.detail["units"] == [7]


def test_islands_are_given_to_a_grid_and_a_search_can_be_ended():
    units = squares(6, 6)
    apart = units.beside[~np.any(units.beside >= 30, axis=1)]
    island = np.vstack([apart, [[30, 31], [31, 32], [32, 33], [33, 34], [34, 35]]])
    far = units.xy + np.where(np.arange(36) >= 30, 5_000, 0)[:, None]
    parts = Units(units.load, units.area_m2, units.outer_m, island, np.full(len(island), 100.0), far)
    found = propose(parts, 3)
    assert set(found.grid.tolist()) == {0, 1, 2}
    shares = []

    def stop(share):
        shares.append(share)
        return len(shares) < 3

    assert set(propose(units, 3, progress=stop).grid.tolist()) == {0, 1, 2}
    assert len(shares) == 3
    assert shares == sorted(shares)
