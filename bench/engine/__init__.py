"""How fast engines move jobs through the same pipeline, with a vendor in their own process."""
