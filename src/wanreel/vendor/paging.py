"""Pages of the vendor's small lists: quotas and models."""

from __future__ import annotations

from collections.abc import Mapping

from wanreel.vendor.words import number

PAGE_SIZE = 100
PAGES_MAX = 20


def page_count(output: Mapping[str, object]) -> int:
    """How many pages there are, by `total` and `page_size`; 1 where the vendor does not say, 20 at the most."""
    total, size = number(output.get("total")), number(output.get("page_size")) or PAGE_SIZE
    pages = 1 if total is None else -(-int(total) // max(1, int(size)))
    return max(1, min(pages, PAGES_MAX))
