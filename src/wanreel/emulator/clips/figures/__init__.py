"""Who and what a scene can show: animals, people, machines, things, each drawn in moving phases."""
