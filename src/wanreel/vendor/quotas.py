"""What the vendor says an account may do: the quota API, where it exists (FS §10.1). Null means unset."""

from __future__ import annotations

from collections.abc import Mapping

from wanreel.ports.vendor import ListFailed
from wanreel.vendor.answers import trouble
from wanreel.vendor.paging import page_count
from wanreel.vendor.words import as_list, as_object, number, read_object, said

_RUNNING = "async_user_concurrency_limit"


def quota_answer(http_status: int, raw: bytes) -> tuple[Mapping[str, int], int]:
    """How many tasks of each model may run at once, by one page of quotas, and how many pages there are.
    Raises ListFailed.
    """
    body = read_object(raw)
    output = as_object((body or {}).get("output"))
    rows = as_list(output.get("quotas"))
    if http_status != 200 or body is None or said(body.get("code")) or rows is None:
        raise ListFailed(trouble(http_status, raw, body or {}))
    found: dict[str, int] = {}
    for row in map(as_object, rows):
        model = said(row.get("model"), 200)
        figures = [number(as_object(row.get(name)).get(_RUNNING)) for name in ("model_limit", "workspace_limit")]
        least = min((figure for figure in figures if figure is not None), default=None)
        if model and least is not None and 1 <= least <= 1_000_000:
            found[model] = int(least)
    return found, page_count(output)
