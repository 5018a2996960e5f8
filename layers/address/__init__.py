"""Finding the place: a coordinate in any system, an address text, a name or a door plate becomes a leaf of the town."""
