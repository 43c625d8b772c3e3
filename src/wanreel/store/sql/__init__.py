"""Tables and statements that mean the same on every database; each function works inside a transaction it is given."""
