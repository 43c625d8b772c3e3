"""How a check speaks: all it found, one finding a line, each saying what to do."""

from collections.abc import Iterable


def none_of(findings: Iterable[str]) -> None:
    """Fail with every finding in full."""
    found = sorted(findings)
    assert not found, "\n" + "\n".join(found)
