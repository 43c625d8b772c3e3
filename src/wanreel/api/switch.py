"""What lies between the guard and a route: the framework's handling of errors, and one look-up.

The framework's own way there asks every router and every route of it in turn, and passes layers for what the guard has
done already. That was a fifth of what a read cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

_SEGMENTS = 2  # so many first segments of a path say which routes may fit: /v1/jobs


def operation_name(route: APIRoute) -> str:
    """What generated clients call an operation: the room's tag and the function's name."""
    return f"{route.tags[0] if route.tags else 'api'}_{route.name}"


class Room(APIRouter):
    """Routes that belong together, named for the document as all of ours are."""

    def __init__(self, **given: Any) -> None:
        """As a router of the framework."""
        super().__init__(**given, generate_unique_id_function=operation_name)


class Switch:
    """An application that leads each request to the first of `app`'s routes that fits it, as the framework would."""

    def __init__(self, app: FastAPI, handlers: Mapping[Any, ExceptionHandler]) -> None:
        """`handlers` by kind of error; what none of them takes is raised."""
        self._app = app
        self._by_start, self._others = _sorted(app.router.routes)
        self._way: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self._lead), handlers=handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; starting and stopping are the framework's."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        scope["router"] = self._app.router
        await self._way(scope, receive, send)

    async def _lead(self, scope: Scope, receive: Receive, send: Send) -> None:
        other_method: tuple[BaseRoute, Scope] | None = None
        for route in self._by_start.get(_start(scope["path"]), self._others):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL and other_method is None:
                other_method = route, found
        if other_method is None:
            await self._app.router.not_found(scope, receive, send)
            return
        route, found = other_method
        scope.update(found)
        await route.handle(scope, receive, send)


def _start(path: str) -> str:
    return "/".join(path.split("/", _SEGMENTS + 1)[: _SEGMENTS + 1])


def _sorted(routes: Sequence[BaseRoute]) -> tuple[dict[str, list[BaseRoute]], list[BaseRoute]]:
    """Routes that may fit, by how a path begins, and those that may fit any path; each list in the order given."""
    starts = [(_fixed_start(route), route) for route in routes]
    by_start: dict[str, list[BaseRoute]] = {
        start: [route for its, route in starts if its in (start, None)] for start, _ in starts if start is not None
    }
    return by_start, [route for start, route in starts if start is None]


def _fixed_start(route: BaseRoute) -> str | None:
    """How each path begins that a route takes; None where that is not the same for all."""
    start = _start(route.path) if isinstance(route, Route) else "{"
    return None if "{" in start else start
