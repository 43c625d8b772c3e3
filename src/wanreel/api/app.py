"""Puts the routes together into one application: our own face, and whatever other faces the server is to have."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from wanreel.api import (
    accounts,
    artifacts,
    budgets,
    catalog,
    events,
    groups,
    health,
    hooks,
    jobs,
    links,
    problems,
    prompts,
    reviews,
    shared,
    uploads,
    usage,
    webhooks,
)
from wanreel.api.access import secret_in
from wanreel.api.dashscope.face import dashscope_face
from wanreel.api.desk import Desk
from wanreel.api.examples import with_examples
from wanreel.api.face import Face
from wanreel.api.guard import Guard
from wanreel.api.openai.face import openai_face
from wanreel.api.problems import ProblemBody, ProblemField, Told, told
from wanreel.api.schemas import EventOut
from wanreel.api.switch import Switch
from wanreel.domain.errors import WanreelError
from wanreel.telemetry import REQUEST_BROKE, log
from wanreel.version import VERSION

_LARGE = ("/v1/jobs", "/v1/groups", "/v1/estimate", "/v1/usage/reconcile", "/v1/uploads")


def own_face() -> Face:
    """Our own API: it owns every path that no other face does."""
    return Face(
        name="own",
        routers=(
            health.router,
            jobs.router,
            groups.router,
            reviews.router,
            events.router,
            uploads.router,
            artifacts.router,
            shared.router,
            links.router,
            accounts.router,
            catalog.router,
            prompts.router,
            usage.router,
            budgets.router,
            webhooks.router,
            hooks.router,
        ),
        owns=lambda path: True,
        refuse=problems.response,
    )


def drop_ins() -> tuple[Face, ...]:
    """The faces that look like somebody else's API."""
    return (dashscope_face(), openai_face())


def make_app(
    desk: Desk, faces: Sequence[Face] | None = None, *, loopback: bool = True, pages: Sequence[BaseRoute] = ()
) -> ASGIApp:
    """The whole server as one ASGI application, with all `drop_ins` unless told which. They come before our own where
    paths meet. `pages` are what a person's browser is shown.
    """
    every = (*(drop_ins() if faces is None else faces), own_face())
    app = FastAPI(
        title="wanreel",
        version=VERSION,
        description="Wan videos that are paid for once, never lost, and kept for good.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan(desk),
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.router.routes.extend((*_routes(every), *pages))

    def face_of(path: str) -> Face:
        return next(face for face in every if face.owns(path))

    def refuse(path: str, what: Told, request_id: str) -> Response:
        return face_of(path).refuse(what, request_id)

    async def on_error(request: Request, error: Exception) -> Response:
        what = told(error)
        request_id: str = request.state.request_id
        if what.code == "internal":
            log.error(REQUEST_BROKE, request=request_id, path=request.url.path, exc_info=error)
        return refuse(request.url.path, what, request_id)

    kinds = (WanreelError, RequestValidationError, HTTPException, problems.Refusal)
    app.openapi = lambda: _document(app)

    def limit(method: str, path: str) -> int:
        own = face_of(path).body_bytes_max(method, path)
        usual = desk.rules.body_bytes_max if path in _LARGE else desk.rules.small_bytes_max
        return usual if own is None else own

    async def door(path: str, authorization: str, address: str) -> None:
        if path in _LARGE:  # the framework reads these whole before it asks who sends them
            await desk.greet(secret_in(authorization) or None, address)

    inner: ASGIApp = Switch(app, dict.fromkeys(kinds, on_error))
    if desk.rules.origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=desk.rules.origins,
            allow_methods=["GET", "POST", "DELETE", "PUT", "PATCH"],
            allow_headers=[*ASKED_WITH],
            expose_headers=["ETag", "Link", "Location", "X-Request-Id", "Retry-After", "Preference-Applied"],
            max_age=600,
        )
    return Guard(inner, rules=desk.rules, clock=desk.clock, refuse=refuse, limit=limit, door=door, loopback=loopback)


ASKED_WITH = (  # by pages of other origins; Accept and the like need no leave
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer"),
    *("traceparent", "tracestate"),
)


def document(faces: Sequence[Face] | None = None) -> dict[str, Any]:
    """The OpenAPI document alone, for whoever makes types or pages of it: no home, no server."""
    app = FastAPI(title="wanreel", version=VERSION)
    app.router.routes.extend(_routes((*(drop_ins() if faces is None else faces), own_face())))
    return _document(app)


def _lifespan(desk: Desk) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await desk.hub.open()
        try:
            yield
        finally:
            await desk.hub.close()

    return lifespan


def _routes(faces: Sequence[Face]) -> list[BaseRoute]:
    return [route for face in faces for router in face.routers for route in router.routes]


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description="Own API of wanreel. Errors are RFC 9457 problems; ids are opaque; times are UTC.",
            routes=app.routes,
            servers=[{"url": "/"}],
        )
        schemas: dict[str, Any] = made.setdefault("components", {}).setdefault("schemas", {})
        for model in (ProblemBody, ProblemField, EventOut):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schema.pop("$defs", None)
            schemas[str(schema.get("title") or model.__name__)] = schema
        app.openapi_schema = with_examples(made)
    return app.openapi_schema
