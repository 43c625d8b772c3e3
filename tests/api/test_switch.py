"""Tests of the way to a route: the first that fits, as the framework's own router would find it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message

from wanreel.api.switch import Switch


def _route(path: str, name: str, *methods: str) -> Route:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(f"{name} {dict(request.path_params)}")

    return Route(path, answer, methods=methods or ("GET",))


ROUTES: list[BaseRoute] = [
    _route("/api/v1/{rest:path}", "foreign"),
    _route("/v1/jobs", "list"),
    _route("/v1/jobs", "order", "POST"),
    _route("/v1/jobs/{job}", "job"),
    _route("/v1/jobs/latest", "never: the one before takes it"),
    _route("/v1/jobs/{job}/cancel", "cancel", "POST"),
    _route("/v1/jobs-of/{day}", "of a day"),
    _route("/{name}", "any"),
    _route("/s/{token}/{name}", "shared"),
    _route("/v1/{kind}/{id}", "late"),
    Mount("/mounted", routes=[_route("/{deep:path}", "deep")]),
    _route("/", "page"),
]
ASKED = [
    ("GET", "/v1/jobs"),
    ("POST", "/v1/jobs"),
    ("PUT", "/v1/jobs"),
    ("HEAD", "/v1/jobs/j1"),
    ("GET", "/v1/jobs/latest"),
    ("GET", "/v1/jobs/j1/cancel"),
    ("POST", "/v1/jobs/j1/cancel"),
    ("DELETE", "/v1/jobs/j1"),
    ("GET", "/v1/jobs/"),
    ("GET", "/v1/jobs-of/monday"),
    ("GET", "/v1/groups/g1"),
    ("GET", "/api/v1/tasks/t1"),
    ("GET", "/api/v1"),
    ("GET", "/s/abc/clip.mp4"),
    ("GET", "/mounted/a/b"),
    ("GET", "/robots.txt"),
    ("POST", "/robots.txt"),
    ("GET", "/"),
    ("GET", "//"),
    ("GET", ""),
    ("GET", "/v1//jobs"),
    ("GET", "/nothing/at/all/here"),
]


async def _answer(app: Any, method: str, path: str) -> tuple[int, bytes]:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "root_path": ""}
    await app(scope, receive, send)
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


@pytest.mark.parametrize(("method", "path"), ASKED)
async def test_every_path_is_led_where_the_framework_leads_it(method: str, path: str) -> None:
    """Status and answer are those of the framework's own router: fixed and open paths, methods, mounts, nothing."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.extend(ROUTES)
    assert await _answer(app, method, path) == await _answer(Switch(app, app.exception_handlers), method, path)


def test_what_is_asked_is_not_all_the_same() -> None:
    """The paths above meet every route there is but the one that another hides."""
    assert len({path for _, path in ASKED}) > len(ROUTES)
