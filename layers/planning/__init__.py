"""Boundary plans: planners redraw the boundaries of a town together, and publish them."""
