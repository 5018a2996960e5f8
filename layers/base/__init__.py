"""What the base map draws: roads, water, land use, buildings, places."""
