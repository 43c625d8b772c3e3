"""Where a scene plays: light, land, water, buildings, weather."""
