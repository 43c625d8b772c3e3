"""Every suite: rooms mirror the source; contract, properties, simulation, examples, e2e and house stand beside them."""
