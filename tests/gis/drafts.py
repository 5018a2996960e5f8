"""Random operations on a partition, sensible and hostile ones, for laws that hold after any of them."""

from __future__ import annotations

import json
import random

import numpy as np
import shapely

from gis.lattice import from_integers, to_integers
from gis.partition import Partition, operations
from gis.partition.operations import (
    CutOut,
    Describe,
    Draw,
    HandOver,
    Merge,
    MoveVertex,
    Operation,
    Redraw,
    Reshape,
    Restore,
    Split,
    SplitJunction,
)

Point = tuple[float, float]


def degrees(point) -> Point:
    """A lattice point in degrees."""
    return tuple(from_integers(np.asarray(point)).tolist())


class Draftsman:
    """Somebody who draws at random: near borders mostly, now and then nonsense."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.count = 0

    def operation(self, part: Partition) -> Operation:
        """Return something to try on a partition."""
        self.leaves = [code for code in part.rows if code not in part.children]
        low = np.minimum(part.borders.start, part.borders.stop).min(axis=0)
        high = np.maximum(part.borders.start, part.borders.stop).max(axis=0)
        self.low, self.size = low, high - low
        makers = (
            self._move, self._move, self._junction, self._reshape, self._reshape, self._reshape_parents, self._split, self._split,
            self._merge, self._hand_over, self._hand_over, self._cut_out, self._redraw, self._draw, self._describe, self._restore,
        )  # fmt: skip
        return self.rng.choice(makers)(part)

    def _anywhere(self) -> np.ndarray:
        return self.low + np.array([int(self.rng.uniform(-0.05, 1.05) * size) for size in self.size])

    def _near(self, point: np.ndarray, share: float = 0.1) -> np.ndarray:
        return point + np.array([int(self.rng.gauss(0, share) * size) for size in self.size])

    def _edge(self, part: Partition, code: str | None = None) -> tuple[np.ndarray, np.ndarray, int, int]:
        rows = np.arange(len(part.borders)) if code is None else part.borders.of_leaves([part.leaves.index(code)])
        k = int(self.rng.choice(rows))
        b = part.borders
        return b.start[k], b.stop[k], int(b.left[k]), int(b.right[k])

    def _code(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def _leaf(self) -> str:
        return self.rng.choice(self.leaves)

    def _name(self, part: Partition, leaf: int) -> str:
        return part.leaves[leaf] if leaf >= 0 else self._leaf()

    def _move(self, part: Partition) -> Operation:
        a, b, *_ = self._edge(part)
        to = self.rng.choice([self._near(a, 0.02), self._near(a), b, (a + b) // 2])
        return MoveVertex(degrees(a), degrees(to))

    def _junction(self, part: Partition) -> Operation:
        a, _, left, right = self._edge(part)
        return SplitJunction(degrees(a), degrees(self._near(a, 0.03)), self._name(part, self.rng.choice([left, right])))

    def _line(self, a: np.ndarray, b: np.ndarray) -> tuple[Point, ...]:
        between = [degrees(self._near((a * (3 - k) + b * (1 + k)) // 4, 0.04)) for k in range(self.rng.randint(0, 3))]
        return (degrees(a), *between, degrees(b))

    def _reshape(self, part: Partition) -> Operation:
        a, b, left, right = self._edge(part)
        one, other = self._name(part, left), self._name(part, right)
        if self.rng.random() < 0.6:
            numbers = part.leaves.index(one), part.leaves.index(other)
            both = [
                k for k in range(len(part.borders))
                if {int(part.borders.left[k]), int(part.borders.right[k])} == set(numbers)
            ]  # fmt: skip
            if both:
                b = part.borders.stop[self.rng.choice(both)]
        return Reshape((one, other), self._line(a, (a + b) // 2 if self.rng.random() < 0.3 else b))

    def _reshape_parents(self, part: Partition) -> Operation:
        parents = sorted({part.rows[leaf].parent or "" for leaf in self.leaves})
        sides = {
            code: {part.leaves.index(leaf) for leaf in part.leaves_of(code)} for code in parents if code in part.rows
        }
        pairs = [
            (a, b, k) for k, (left, right) in enumerate(zip(part.borders.left.tolist(), part.borders.right.tolist(), strict=True))
            for a in sides for b in sides if a != b and left in sides[a] and right in sides[b]
        ]  # fmt: skip
        if not pairs:
            return self._reshape(part)
        a, b, k = self.rng.choice(pairs)
        others = [other for one, two, other in pairs if (one, two) == (a, b)]
        return Reshape((a, b), self._line(part.borders.start[k], part.borders.stop[self.rng.choice(others)]))

    def _split(self, part: Partition) -> Operation:
        code = self._leaf()
        a, c = self._edge(part, code), self._edge(part, code)
        ends = [(edge[0] + edge[1]) // 2 if self.rng.random() < 0.5 else edge[0] for edge in (a, c)]
        codes = tuple(self._code() for _ in range(1 if self.rng.random() < 0.7 else 2))
        return Split(code, self._line(*ends), codes)

    def _merge(self, part: Partition) -> Operation:
        _, _, left, right = self._edge(part)
        one, other = self._name(part, left), self._name(part, right)
        return Merge((one, other), self.rng.choice([one, other]))

    def _ring(self, part: Partition) -> tuple[Point, ...]:
        middle = self._edge(part)[0] if self.rng.random() < 0.7 else self._anywhere()
        share = self.rng.choice([0.003, 0.05, 0.2])
        points = [self._near(middle, share) for _ in range(self.rng.randint(3, 6))]
        if self.rng.random() < 0.3:
            points.append(self._edge(part)[0])
        return tuple(degrees(point) for point in points)

    def _hand_over(self, part: Partition) -> Operation:
        _, _, left, right = self._edge(part)
        sources = (self._name(part, right),) if self.rng.random() < 0.5 else ()
        return HandOver(((self._ring(part),),), self._name(part, left), sources)

    def _cut_out(self, part: Partition) -> Operation:
        return CutOut(((self._ring(part),),), self._code(), None, (self._leaf(),) if self.rng.random() < 0.5 else ())

    def _redraw(self, part: Partition) -> Operation:
        """The leaves of an area, cut by a straight line as another program would do it."""
        leaf = self._leaf()
        parent = part.rows[leaf].parent or leaf
        codes = part.leaves_of(parent) if parent in part.rows else (leaf,)
        whole = shapely.union_all(list(part.shapes(codes).values()))
        a, b = (np.array(degrees(self._anywhere())) for _ in range(2))
        knife = shapely.LineString([a + (a - b) * 20, b + (b - a) * 20])
        halves = shapely.get_parts(shapely.polygonize([shapely.union_all([whole.boundary, knife])]))
        halves = [half for half in halves if whole.contains(half.representative_point())]
        leaves = tuple(
            (
                self._code(),
                (tuple(tuple(map(tuple, to_degrees(ring))) for ring in (half.exterior, *half.interiors)),),
                {},
            )
            for half in halves[:8]
        )
        return Redraw(parent, leaves, self.rng.choice([0.0, 0.5, 30.0]))

    def _draw(self, part: Partition) -> Operation:
        """Some leaves as a surveyor draws them again, each by itself; now and then one is left out, or is new."""
        some = sorted(set(self.rng.choices(self.leaves, k=self.rng.randint(1, 4))))
        shake = self.rng.choice([0.0, 3.0, 300.0])
        shapes = part.shapes(some)
        drawn = {code: shaken(shapes[code], shake, self.rng) for code in some}
        gone = tuple(some[:1]) if len(some) > 2 and self.rng.random() < 0.3 else ()
        leaves = [(code, drawn[code], {}, ()) for code in some if code not in gone]
        if gone:
            leaves.append((self._code(), drawn[gone[0]], {"parent": part.rows[gone[0]].parent}, ()))
        elif self.rng.random() < 0.3:
            parent = part.rows[some[0]].parent
            takes = tuple(code for code in self.leaves if code not in some)
            leaves.append((self._code(), ((self._ring(part),),), {"parent": parent}, takes))
        return Draw(tuple(leaves), gone, self.rng.choice([0.0, 2.0, 30.0, 1e6]), "again.gpkg")

    def _describe(self, part: Partition) -> Operation:
        leaf, other = self._leaf(), self._leaf()
        return Describe(leaf, {"parent": part.rows[other].parent})

    def _restore(self, part: Partition) -> Operation:
        if not part.history:
            return self._move(part)
        return Restore(self.rng.choice(part.history).inverse())


def to_degrees(ring: shapely.LinearRing) -> list[list[float]]:
    """The points of a ring on the lattice."""
    return from_integers(to_integers(shapely.get_coordinates(ring))).tolist()


def shaken(shape: shapely.Geometry, steps: float, rng: random.Random) -> tuple[tuple[tuple[Point, ...], ...], ...]:
    """The rings of a shape, each vertex moved at random by so many lattice steps."""
    return tuple(
        tuple(
            tuple(
                degrees(np.rint(point + np.array([rng.gauss(0, steps) for _ in range(2)])).astype(np.int64))
                for point in to_integers(shapely.get_coordinates(ring)[:-1])
            )
            for ring in shapely.get_rings(part)
        )
        for part in shapely.get_parts(shape)
    )


def through_json(operation: Operation) -> Operation:
    """The operation as another process reads it."""
    return operations.of_json(json.loads(json.dumps(operation.to_json())))
