"""Town packs: a folder with a manifest and ordinary files that makes a town."""

from layers.exchange.pack.check import check, read
from layers.exchange.pack.fault import Fault, PackFaulty
from layers.exchange.pack.load import Loaded, load

__all__ = ["Fault", "Loaded", "PackFaulty", "check", "load", "read"]
