"""wanreel: Wan videos that are paid for once, never lost, and kept for good."""

__version__ = "0.1.0"
