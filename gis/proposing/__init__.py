"""Proposals for grids: small units put together so that the grids are balanced, compact, whole, and near to today's.

Units are arrays, so that anything can be one: natural villages, blocks between roads and water, squares. Every grid stays in
one piece at each step of the search. The same seed gives the same proposal.
"""

from gis.proposing.plans import Proposal, Weights, measured, variants
from gis.proposing.search import NoProposal, propose
from gis.proposing.units import Units, among

__all__ = ["NoProposal", "Proposal", "Units", "Weights", "among", "measured", "propose", "variants"]
