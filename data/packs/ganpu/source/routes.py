"""Least-cost lines over a raster: how rivers, roads and crest borders find their way."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from frame import X_MIN, Y_MIN, Floats
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely import LineString


class CostField:
    """A raster of cost per metre, and the cheapest lines over it."""

    def __init__(self, cost: Floats, cell_m: float) -> None:
        self.cost, self.cell_m = cost, cell_m
        self._graph: csr_matrix | None = None

    def _build(self) -> csr_matrix:
        rows, cols = self.cost.shape
        index = np.arange(rows * cols).reshape(rows, cols)
        tails, heads, weights = [], [], []
        for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
            a = (slice(0, rows - dr), slice(max(-dc, 0), cols - max(dc, 0)))
            b = (slice(dr, rows), slice(max(dc, 0), cols + min(dc, 0)))
            length = np.hypot(dr, dc) * self.cell_m
            tails.append(index[a].ravel())
            heads.append(index[b].ravel())
            weights.append(length * (self.cost[a] + self.cost[b]).ravel() / 2)
        return csr_matrix(
            (np.concatenate(weights), (np.concatenate(tails), np.concatenate(heads))), shape=(rows * cols,) * 2
        )

    def _node(self, x: float, y: float) -> int:
        col = int(np.clip((x - X_MIN) / self.cell_m, 0, self.cost.shape[1] - 1))
        row = int(np.clip((y - Y_MIN) / self.cell_m, 0, self.cost.shape[0] - 1))
        return row * self.cost.shape[1] + col

    def line(self, via: Floats, sigma: float = 1.6, tolerance_m: float = 4.0) -> LineString:
        """Return the cheapest line through the points (n, 2), smoothed; it starts and ends exactly on them."""
        if self._graph is None:
            self._graph = self._build()
        cells: list[int] = []
        for (x1, y1), (x2, y2) in itertools.pairwise(via):
            start, end = self._node(x1, y1), self._node(x2, y2)
            _, before = dijkstra(self._graph, directed=False, indices=start, return_predecessors=True)
            part = [end]
            while part[-1] != start:
                part.append(int(before[part[-1]]))
            cells += part[::-1] if not cells else part[-2::-1]
        row, col = np.divmod(np.array(cells), self.cost.shape[1])
        xy = np.column_stack([X_MIN + (col + 0.5) * self.cell_m, Y_MIN + (row + 0.5) * self.cell_m])
        xy[0], xy[-1] = via[0], via[-1]
        return smoothed(xy, sigma, tolerance_m)

    def cheapen(self, line: LineString, factor: float) -> None:
        """Make the cells under the line cheaper, so that later lines join it rather than run beside it."""
        at = np.arange(0, line.length, self.cell_m / 2)
        xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
        for x, y in xy:
            node = self._node(x, y)
            row, col = divmod(node, self.cost.shape[1])
            self.cost[row, col] = min(self.cost[row, col], factor)
        self._graph = None


def smoothed(xy: Floats, sigma: float, tolerance_m: float) -> LineString:
    """Return the polyline evened out (about 25 m steps, Gaussian) and thinned; ends stay."""
    line = LineString(xy)
    count = max(int(line.length / 25), 3)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, np.linspace(0, line.length, count + 1)))
    soft = gaussian_filter1d(points, sigma * 1.6, axis=0, mode="nearest")
    taper = np.minimum(np.minimum(np.arange(count + 1), np.arange(count + 1)[::-1]) / 4, 1)[:, None]
    return LineString(points * (1 - taper) + soft * taper).simplify(tolerance_m)
