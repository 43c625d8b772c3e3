"""A face: routes that belong together, the paths they own, and the shape their errors have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from wanreel.api.problems import Told


@dataclass(frozen=True, slots=True)
class Face:
    """Routers, and how errors look on the paths that `owns` says are theirs. `refuse` gets the request's id as well.

    `body_bytes_max` is for paths of the face that take more than a small request; None: the usual.
    """

    name: str
    routers: Sequence[APIRouter]
    owns: Callable[[str], bool]
    refuse: Callable[[Told, str], Response]
    body_bytes_max: Callable[[str, str], int | None] = lambda _method, _path: None
