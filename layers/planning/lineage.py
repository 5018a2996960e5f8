"""Which area follows which: shares of area between two partitions, and the codes that successors keep. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import shapely

from gis.partition import Partition
from gis.partition.places import Measure
from layers.planning import codes
from layers.planning.reading import different


class Share(NamedTuple):
    """What went from one leaf to another: m² and the westernmost longitude of it."""

    old: str
    new: str
    area_m2: float
    west: float


def shares(old: Partition, new: Partition, measure: Measure) -> list[Share]:
    """Return what went from each leaf of one partition to each of another one, where leaves differ.

    Leaves that are the same in both are left out. Slivers under 0.01 m², of lines that meet beside the lattice, do not count.
    """
    after = [code for code in different(old, new) if code not in new.children]
    before = [code for code in different(new, old) if code not in old.children]
    if not before or not after:
        return []
    there, here = old.shapes(before), new.shapes(after)
    pairs = shapely.STRtree([there[code] for code in before]).query([here[code] for code in after], "intersects").T
    found = []
    for n, o in pairs.tolist():
        common = shapely.intersection(here[after[n]], there[before[o]])
        area_m2 = float(measure.project(common).area) if not common.is_empty else 0.0
        if area_m2 > 0.01:
            found.append(Share(before[o], after[n], area_m2, float(common.bounds[0])))
    return found


def kept(found: Collection[Share], old: Partition, new: Partition) -> dict[str, str]:
    """Return the code of its predecessor for each new leaf that keeps one: each is the other's largest share, ties west-most.

    A leaf of another level or village never keeps the code: what a code means does not change.
    """
    alike = ("level", "parent")
    successor: dict[str, Share] = {}
    predecessor: dict[str, Share] = {}
    same = [
        share
        for share in found
        if all(old.rows[share.old].values[name] == new.rows[share.new].values[name] for name in alike)
    ]
    for share in sorted(same, key=lambda one: (-round(one.area_m2, 2), one.west, one.old, one.new)):
        successor.setdefault(share.old, share)
        predecessor.setdefault(share.new, share)
    return {new_code: share.old for new_code, share in predecessor.items() if successor[share.old].new == new_code}


def final_codes(found: Collection[Share], old: Partition, new: Partition, taken: Collection[str]) -> dict[str, str]:
    """Return the code that each changed leaf of a draft is published under.

    Successors keep the code of their predecessor; another leaf keeps that of the draft if no area ever had it, else it gets
    the next of its village.

    Parameters
    ----------
    taken : every code that an area of the town ever had.
    """
    after = sorted({share.new for share in found} | {c for c in different(old, new) if c not in new.children})
    renamed = kept(found, old, new)
    rest = [code for code in after if code not in renamed]
    used = {*taken, *renamed.values()}
    for code in [code for code in rest if code not in used]:
        renamed[code] = code
        used.add(code)
    fresh = [(code, new.rows[code]) for code in rest if code not in renamed]
    return renamed | codes.given(new.rows, fresh, used)


def renumbered(code: str | None, names: Mapping[str, str]) -> str | None:
    """Return the final code of an area of the draft."""
    return None if code is None else names.get(code, code)
