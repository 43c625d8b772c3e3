"""Pages of what is listed newest first: one more than asked for is read, which tells whether there is another page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response


class Listed(Protocol):
    """Something with an id, which the next page goes on after."""

    @property
    def id(self) -> str:
        """Unguessable, and in the order of the list."""
        ...


Row = TypeVar("Row", bound=Listed)


def page_of(found: Sequence[Row], limit: int, request: Request, answer: Response) -> tuple[Sequence[Row], str | None]:
    """The page, and what the next one goes on after, None at the end; its address is in the answer's Link header."""
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    if more is not None:
        onward = request.url.include_query_params(after=more)
        answer.headers["Link"] = f'<{onward.path}?{onward.query}>; rel="next"'
    return page, more
