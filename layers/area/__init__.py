"""Areas of a town: boundaries with versions, and which of them a point lies in."""
