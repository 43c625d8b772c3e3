"""Durable jobs: one plain store in memory (the oracle), one in a SQLite file, and the lock of a home."""
