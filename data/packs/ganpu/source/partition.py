"""The exact partition: cells cut by roads, water and crests, gathered into grids, villages and zones.

Everything here from `cut` on is in whole numbers of 1e-7 degree, where shared edges are equal, not nearly equal.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import outline
import shapely
from frame import Floats, lattice_to_local, stream, to_lattice
from network import Ground, Way, joined
from routes import CostField
from scipy.ndimage import maximum_filter
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Polygon
from shapely.ops import polygonize, unary_union
from terrain import CELL_M, centres

TOWN_CODE = "330424105"
LAKE_CODE, FLAT_CODE = f"{TOWN_CODE}999901", f"{TOWN_CODE}999902"

# Exclusive grids: village suffix, name, English, centre (km), radius (km) within which cells are taken.
EXCLUSIVE = [
    ("204", "南北湖景区专属网格", "Nanbeihu Scenic Area Exclusive Grid", (6.3, 6.45), 1.32),
    ("205", "临港工业区专属网格", "Harbour Industrial Area Exclusive Grid", (11.75, 4.35), 0.85),
    ("206", "六里工业园专属网格", "Liuli Industrial Park Exclusive Grid", (4.3, 9.55), 0.62),
]


@dataclass(frozen=True)
class Area:
    """One area of the pack; shape in whole numbers of 1e-7 degree."""

    code: str
    name: str
    name_en: str
    kind: str
    parent: str
    shape: Polygon

    @property
    def local(self) -> Polygon:
        """The shape in local metres."""
        return lattice_to_local(self.shape)


@dataclass(frozen=True)
class Areas:
    """Town, villages, grids and zones, each sorted by code."""

    town: Area
    villages: list[Area]
    grids: list[Area]
    zones: list[Area]


def crests(ground: Ground) -> list[LineString]:
    """Return lines along the crests of the relief, local metres: the natural borders in the hills."""
    z = ground.relief.values
    drop = maximum_filter(z, 11) - z
    field = CostField(1 + (drop / 6) ** 2, CELL_M)
    lines = []
    for points, _ in outline.RIDGES[:8]:
        via = np.array([(x, y) for x, y, _ in points]) * 1000
        lines.append(field.line(via[[0, *range(2, len(via) - 1, 2), len(via) - 1]], sigma=1.2, tolerance_m=6))
    return lines


def cut(ground: Ground, ways: list[Way], edges: list[LineString]) -> list[Polygon]:
    """Return the cells between all lines, in whole lattice numbers; edges bound the town and its zones."""
    crest = joined(
        [Way("", "crest", line) for line in crests(ground)] + ways + [Way("", "edge", line) for line in edges[:2]],
        1_300,
        {"crest"},
    )
    lines = [w.line.simplify(4) for w in crest if w.kind != "edge"]
    shore = ground.land.buffer(30)
    lines = [part for line in lines for part in _parts(line.intersection(shore))] + edges
    noded = shapely.unary_union(np.array([to_lattice(line) for line in lines]), grid_size=1)
    return list(polygonize(noded))


def _parts(shape: shapely.Geometry) -> list[LineString]:
    return [g for g in shapely.get_parts(shape) if g.geom_type == "LineString" and g.length > 1]


class Grouping:
    """Cells as a graph, and labels that grow over it without leaving stray pieces."""

    def __init__(self, cells: list[Polygon]) -> None:
        self.cells = cells
        sides: dict[tuple[tuple[float, float], tuple[float, float]], list[int]] = defaultdict(list)
        for i, cell in enumerate(cells):
            for ring in (cell.exterior, *cell.interiors):
                xy = [(x, y) for x, y in ring.coords]
                for a, b in itertools.pairwise(xy):
                    sides[(min(a, b), max(a, b))].append(i)
        self.border: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for (a, b), owners in sides.items():
            if len(owners) == 2:
                length = float(np.hypot(a[0] - b[0], a[1] - b[1]))
                self.border[owners[0]][owners[1]] += length
                self.border[owners[1]][owners[0]] += length

    def pieces(self, members: set[int]) -> list[set[int]]:
        """Return the connected pieces of the member cells, largest area first."""
        left, found = set(members), []
        while left:
            first = min(left)
            stack, piece = [first], {first}
            left.discard(first)
            while stack:
                for other in self.border[stack.pop()]:
                    if other in left:
                        left.discard(other)
                        piece.add(other)
                        stack.append(other)
            found.append(piece)
        return sorted(found, key=lambda p: -sum(self.cells[i].area for i in p))

    def tidy(self, label: dict[int, str], keep_pieces: frozenset[str] = frozenset(), rounds: int = 8) -> None:
        """Give stray pieces and fingers to the neighbour they share most border with, in place."""
        for _ in range(rounds):
            changed = False
            for name in sorted(set(label.values())):
                members = {i for i, n in label.items() if n == name}
                for piece in self.pieces(members)[1:] if name not in keep_pieces else []:
                    changed |= self._hand_over(piece, label, name)
            for i in sorted(label):
                shares: dict[str, float] = defaultdict(float)
                for other, length in self.border[i].items():
                    if other in label:
                        shares[label[other]] += length
                if not shares:
                    continue
                best = max(sorted(shares), key=lambda n: shares[n])
                if best != label[i] and shares[best] > 0.62 * sum(shares.values()):
                    label[i] = best
                    changed = True
            if not changed:
                return

    def _hand_over(self, piece: set[int], label: dict[int, str], name: str) -> bool:
        shares: dict[str, float] = defaultdict(float)
        for i in piece:
            for other, length in self.border[i].items():
                if other in label and label[other] != name:
                    shares[label[other]] += length
        if not shares:
            return False
        best = max(sorted(shares), key=lambda n: shares[n])
        for i in piece:
            label[i] = best
        return True


def _reach_cost(ground: Ground, ways: list[Way]) -> CostField:
    """Return what it costs to get about: hills, wide water and main roads are felt as barriers."""
    x, y = centres(CELL_M)
    cost = 1 + np.clip(ground.relief.values - 6, 0, 400) / 12
    for kind, width_m, barrier in (("river", 16, 7.0), ("river", 30, 9.0), ("primary", 0, 3.0), ("highway", 0, 4.0)):
        lines = [w.line for w in ways if w.kind == kind and w.width_m >= width_m]
        hit = shapely.contains_xy(unary_union([line.buffer(30) for line in lines]), x, y)
        cost = np.where(hit, cost + barrier, cost)
    return CostField(cost, CELL_M)


def _nearest_seed(
    field: CostField, seeds: list[tuple[str, float, float]], cells: list[Polygon], factor: dict[str, float]
) -> dict[int, str]:
    """Return for each cell the name of the seed that reaches most of it first; factor scales a seed's distances."""
    names = sorted({name for name, *_ in seeds})
    graph = field._graph if field._graph is not None else field._build()
    field._graph = graph
    reach = np.stack(
        [
            dijkstra(
                graph, directed=False, min_only=True, indices=[field._node(x, y) for n, x, y in seeds if n == name]
            )
            * factor.get(name, 1.0)
            for name in names
        ]
    )
    winner = reach.argmin(axis=0).reshape(field.cost.shape)
    x, y = centres(CELL_M)
    label = {}
    for i, cell in enumerate(cells):
        shape = lattice_to_local(cell)
        west, south, east, north = shape.bounds
        near = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        inside = winner[near][shapely.contains_xy(shape, x[near], y[near])]
        if not len(inside):
            point = shape.representative_point()
            inside = np.array([winner.ravel()[field._node(point.x, point.y)]])
        label[i] = names[int(np.bincount(inside).argmax())]
    return label


def _usable_area(cell: Polygon, ground: Ground) -> float:
    """Return how much of a cell can be lived on, by how steep and high it is: square metres."""
    shape = lattice_to_local(cell)
    west, south, east, north = shape.bounds
    x, y = np.meshgrid(np.linspace(west, east, 12), np.linspace(south, north, 12))
    inside = shapely.contains_xy(shape, x, y)
    height = ground.relief.at(np.column_stack([x[inside], y[inside]])) if inside.any() else np.zeros(1)
    return shape.area * max(float((height < 5).mean()), 0.01)


VILLAGE_FACTOR = {
    "001": 1.9,
    "200": 1.15,
    "201": 0.95,
    "206": 0.84,
    "212": 1.02,
    "204": 1.1,
    "208": 1.0,
    "209": 0.78,
    "205": 0.85,
}
EXTRA_SEEDS = [
    ("204", 6.2, 6.3),
    ("204", 6.0, 4.9),
    ("206", 4.6, 9.6),
    ("205", 11.6, 4.4),
    ("203", 13.2, 9.3),
    ("202", 13.2, 7.4),
    ("201", 8.1, 3.6),
    ("205", 9.9, 3.5),
    ("203", 13.7, 8.6),
]


# Where the middle of a village's usable land lies in the hills, its grids start from places on the plain.
GRID_SEEDS = {"208": [(1.9, 9.7), (3.2, 8.5)], "201": [(8.8, 5.9), (8.2, 3.4)]}


def group_villages(ground: Ground, ways: list[Way], cells: list[Polygon]) -> dict[int, str]:
    """Return the village suffix of each cell."""
    field = _reach_cost(ground, ways)
    seeds = [(suffix, x * 1000, y * 1000) for suffix, _, _, _, (x, y), *_ in outline.VILLAGES]
    seeds += [(suffix, x * 1000, y * 1000) for suffix, x, y in EXTRA_SEEDS]
    label = _nearest_seed(field, seeds, cells, VILLAGE_FACTOR)
    Grouping(cells).tidy(label)
    return label


def group_grids(ground: Ground, ways: list[Way], cells: list[Polygon], village: dict[int, str]) -> dict[int, str]:
    """Return for each cell 'village suffix/grid letter'; exclusive grids have the letter X."""
    field, grouping, result = _reach_cost(ground, ways), Grouping(cells), {}
    for suffix, *_, count in outline.VILLAGES:
        members = [i for i in sorted(village) if village[i] == suffix]
        special = _exclusive_cells(suffix, members, cells, grouping)
        rest = [i for i in members if i not in special]
        parts = _split(suffix, rest, count, cells, ground, field)
        for i in members:
            result[i] = f"{suffix}/X" if i in special else f"{suffix}/{parts[i]}"
    return result


def _exclusive_cells(suffix: str, members: list[int], cells: list[Polygon], grouping: Grouping) -> set[int]:
    chosen: set[int] = set()
    for village, _, _, (x, y), radius in EXCLUSIVE:
        if village != suffix:
            continue
        disc = shapely.Point(x * 1000, y * 1000).buffer(radius * 1000)
        inside = {i for i in members if disc.contains(lattice_to_local(cells[i]).representative_point())}
        chosen |= grouping.pieces(inside)[0]
        for piece in grouping.pieces(set(members) - chosen)[1:]:  # pockets the disc cut off
            if sum(cells[i].area for i in piece) < 0.05 * sum(cells[i].area for i in members):
                chosen |= piece
    return chosen


def _split(
    suffix: str, members: list[int], count: int, cells: list[Polygon], ground: Ground, field: CostField
) -> dict[int, str]:
    """Return the cells' grid letters: parts of about equal usable area, grown from spread-out seeds."""
    if count == 1:
        return dict.fromkeys(members, "A")
    shapes = [cells[i] for i in members]
    weight = np.array([_usable_area(c, ground) for c in shapes])
    at = np.array([lattice_to_local(c).representative_point().coords[0] for c in shapes])
    rng, grouping = stream(f"grids/{suffix}"), Grouping(shapes)
    best: tuple[float, dict[int, str]] = (np.inf, {})
    for attempt in range(24):
        if attempt % 8 == 0:
            seeds = np.array(GRID_SEEDS[suffix]) * 1000 if suffix in GRID_SEEDS else _spread(at, weight, count, rng)
            factor = {chr(65 + k): 1.0 for k in range(count)}
        label = _nearest_seed(field, [(chr(65 + k), x, y) for k, (x, y) in enumerate(seeds)], shapes, factor)
        grouping.tidy(label)
        load = {n: weight[[k for k, m in label.items() if m == n]].sum() for n in factor}
        spread = max(load.values()) / max(min(load.values()), 1)
        if spread < best[0] and len(set(label.values())) == count:
            best = (spread, dict(label))
        if best[0] < 1.3 or (best[1] and attempt % 8 == 7):
            break
        mean = sum(load.values()) / count
        factor = {n: f * (load[n] / mean) ** 0.35 if load[n] else f * 0.7 for n, f in factor.items()}
    if not best[1]:
        raise ValueError(f"village {suffix}: no way to {count} connected grids from seeds {seeds.round().tolist()}")
    return {members[k]: name for k, name in best[1].items()}


def _spread(at: Floats, weight: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return count seed points by weighted k-means over the points (n, 2)."""
    seeds = at[rng.choice(len(at), count, replace=False, p=weight / weight.sum())]
    for _ in range(40):
        nearest = np.hypot(at[:, None, 0] - seeds[None, :, 0], at[:, None, 1] - seeds[None, :, 1]).argmin(axis=1)
        seeds = np.array(
            [
                np.average(at[nearest == k], axis=0, weights=weight[nearest == k])
                if weight[nearest == k].sum()
                else seeds[k]
                for k in range(count)
            ]
        )
    return seeds


def build(ground: Ground, ways: list[Way]) -> Areas:
    """Return the town's areas: grids and zones tile it, villages and town are unions of the same edges."""
    border, dyke, limit = outline.coast()
    edges = [LineString(border), LineString(dyke), LineString(limit), LineString(ground.lake.exterior.coords)]
    cells = cut(ground, ways, edges)
    place = [lattice_to_local(c).representative_point() for c in cells]
    land = [i for i, p in enumerate(place) if ground.land.contains(p) and not ground.lake.contains(p)]
    flat_zone = Polygon(np.vstack([dyke, limit[::-1][1:-1]])).buffer(0)
    zones = {
        LAKE_CODE: [c for c, p in zip(cells, place, strict=True) if ground.lake.contains(p)],
        FLAT_CODE: [c for c, p in zip(cells, place, strict=True) if flat_zone.contains(p)],
    }
    units = [cells[i] for i in land]
    village = group_villages(ground, ways, units)
    label = group_grids(ground, ways, units, village)
    shapes = {name: _union([units[i] for i, n in label.items() if n == name]) for name in sorted(set(label.values()))}
    grids = _number(shapes)
    return _assemble(grids, {code: _union(parts) for code, parts in zones.items()})


def _union(shapes: list[Polygon]) -> Polygon:
    merged = shapely.coverage_union_all(shapes)
    parts = list(shapely.get_parts(merged))
    if len(parts) != 1:
        raise ValueError(f"an area falls into {len(parts)} parts at {[p.representative_point().wkt for p in parts]}")
    return parts[0]


def _number(shapes: dict[str, Polygon]) -> list[Area]:
    """Return the grids with codes: west to east, then north to south, within each village; exclusive from 901."""
    names = {suffix: (name, name_en) for suffix, name, name_en, *_ in outline.VILLAGES}
    special = {village: (name, name_en) for village, name, name_en, *_ in EXCLUSIVE}
    grids = []
    for suffix, (name, name_en) in names.items():
        parent = f"{TOWN_CODE}{suffix}"
        own = [(label, shape) for label, shape in shapes.items() if label.startswith(suffix)]
        base = sorted(
            (s for label, s in own if not label.endswith("X")),
            key=lambda s: (round(s.representative_point().x / 1e4), -s.representative_point().y),
        )
        for k, shape in enumerate(base, 1):
            grids.append(Area(f"{parent}{k:03d}", f"{name}第 {k} 网格", f"{name_en} Grid {k}", "base", parent, shape))
        for label, shape in own:
            if label.endswith("X"):
                grids.append(Area(f"{parent}901", *special[suffix], "exclusive", parent, shape))
    return grids


def _assemble(grids: list[Area], zones: dict[str, Polygon]) -> Areas:
    villages = []
    for suffix, name, name_en, kind, *_ in outline.VILLAGES:
        code = f"{TOWN_CODE}{suffix}"
        shape = _union([g.shape for g in grids if g.parent == code])
        villages.append(Area(code, name, name_en, kind, TOWN_CODE, shape))
    zone_areas = [
        Area(LAKE_CODE, "南北湖湖区", "Nanbeihu Lake", "scenic", TOWN_CODE, zones[LAKE_CODE]),
        Area(FLAT_CODE, "澉浦滩涂", "Ganpu Tidal Flat", "water", TOWN_CODE, zones[FLAT_CODE]),
    ]
    whole = _union([g.shape for g in grids] + [z.shape for z in zone_areas])
    town = Area(TOWN_CODE, "澉浦镇", "Ganpu Town", "town", "", whole)
    return Areas(town, villages, sorted(grids, key=lambda a: a.code), zone_areas)
