"""Areas that fill a town: no gap, no overlap, every area the exact union of those in it."""

from gis.partition.model import Partition, faults
from gis.partition.places import KINDS, Change, Fault, PartitionError, geojson, table
from gis.partition.repairing import repair
from gis.partition.simplifying import simplify

__all__ = [
    "KINDS", "Change", "Fault", "Partition", "PartitionError", "faults", "geojson", "repair", "simplify", "table",
]  # fmt: skip
