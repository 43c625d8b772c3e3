"""A notice as the one line of JSON that every receiver gets. Pure."""

from __future__ import annotations

import json

from wanreel.domain.event import Notice


def notice_line(notice: Notice) -> bytes:
    """One JSON object in UTF-8, without a line break: `id`, `job`, `kind`, `at` (seconds since the epoch, UTC), `text`.

    Delivery is at least once: a receiver that must not act twice remembers the ids it has seen.
    """
    fields = {"id": notice.id, "job": notice.job_id, "kind": notice.kind, "at": notice.at, "text": notice.text}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
