"""Files of a town brought in: areas, roads, addresses, entities, incidents and more."""

from layers.exchange.importing.columns import KINDS
from layers.exchange.importing.report import Imported, Reject
from layers.exchange.importing.run import Options, import_file

__all__ = ["KINDS", "Imported", "Options", "Reject", "import_file"]
