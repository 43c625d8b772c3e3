"""The emulator's own paths under /_emulator, for tests: counters, tasks, calls, scripts, time, outages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from wanreel.emulator.answers import task_view
from wanreel.emulator.app import Rooms
from wanreel.emulator.objects import as_object
from wanreel.emulator.page import page
from wanreel.emulator.scripts import SECONDS_MAX, is_status
from wanreel.emulator.sender import Sender
from wanreel.emulator.signing import CERTIFICATE_PATH

PREFIX = "/_emulator"


def add(app: web.Application, rooms: Rooms, sender: Sender | None) -> None:
    """Add the control paths, the page, and (when events are sent) their certificate to an application."""
    control = Control(rooms)
    get, post, delete = app.router.add_get, app.router.add_post, app.router.add_delete
    get("/", control.page)
    get(f"{PREFIX}/counters", control.counters)
    get(f"{PREFIX}/tasks", control.tasks)
    get(f"{PREFIX}/requests", control.requests)
    get(f"{PREFIX}/time", control.time)
    post(f"{PREFIX}/advance", control.advance)
    post(f"{PREFIX}/outage", control.outage)
    post(f"{PREFIX}/scripts", control.add_script)
    get(f"{PREFIX}/scripts", control.scripts)
    get(f"{PREFIX}/scripts/{{id}}", control.script)
    delete(f"{PREFIX}/scripts", control.drop_scripts)
    delete(f"{PREFIX}/scripts/{{id}}", control.drop_script)
    if sender is not None:
        pem = sender.signer.certificate_pem

        async def certificate(_: web.Request) -> web.Response:
            return web.Response(body=pem, content_type="application/x-pem-file")

        get(CERTIFICATE_PATH, certificate)


class Control:
    """One handler per control path. All answers are JSON."""

    def __init__(self, rooms: Rooms) -> None:
        self._desk = rooms.desk
        self._clock = rooms.clock
        self._scripts = rooms.desk.gate.scripts.scripts

    async def page(self, _: web.Request) -> web.Response:
        """Tasks, paid seconds and calls for a person."""
        text = page(self._desk, self._clock.now())
        return web.Response(body=text.encode("utf-8", "replace"), content_type="text/html", charset="utf-8")

    async def counters(self, _: web.Request) -> web.Response:
        """The figures."""
        return web.json_response(self._desk.figures(self._clock.now()))

    async def tasks(self, _: web.Request) -> web.Response:
        """Every known task, oldest first, with the request that made it."""
        now = self._clock.now()
        return web.json_response({"tasks": [task_view(task, now) for task in self._desk.tasks(now)]})

    async def requests(self, _: web.Request) -> web.Response:
        """The latest calls, oldest first."""
        return web.json_response({"requests": list(self._desk.log)})

    async def time(self, _: web.Request) -> web.Response:
        """The emulator's now."""
        return web.json_response({"now": self._clock.now(), "virtual": self._clock.virtual})

    async def advance(self, request: web.Request) -> web.Response:
        """Move time forward by ``seconds``."""
        asked = await _object(request)
        try:
            now = self._clock.advance(_number(asked, "seconds"))
        except ValueError as wrong:
            raise _bad(str(wrong)) from None
        self._desk.advance(now)
        return web.json_response({"now": now})

    async def outage(self, request: web.Request) -> web.Response:
        """Be gone from now (or ``in_s`` later) ``for_s`` seconds; ``status`` and ``code`` say how, else hang up."""
        asked = await _object(request)
        start = self._clock.now() + _number(asked, "in_s", 0.0)
        until = start + _number(asked, "for_s")
        status = asked.get("status", 0)
        if not is_status(status):
            raise _bad("status must be one of HTTP, from 200 to 599 (or 0: connections drop)")
        self._desk.outage(start, until, status=status, code=str(asked.get("code", "")))
        return web.json_response({"from_at": start, "to_at": until})

    async def add_script(self, request: web.Request) -> web.Response:
        """Take in a script; its id and report."""
        try:
            script_id = self._desk.gate.add_script(await _object(request))
        except (ValueError, TypeError) as wrong:
            raise _bad(str(wrong)) from None
        return web.json_response(self._scripts[script_id].report(), status=201)

    async def scripts(self, _: web.Request) -> web.Response:
        """The reports of all scripts."""
        return web.json_response({"scripts": [script.report() for script in self._scripts.values()]})

    async def script(self, request: web.Request) -> web.Response:
        """One script's report."""
        script = self._scripts.get(request.match_info["id"])
        return web.json_response(script.report()) if script else _absent()

    async def drop_script(self, request: web.Request) -> web.Response:
        """Forget a script; its last report."""
        report = self._desk.gate.drop_script(request.match_info["id"])
        return web.json_response(report) if report else _absent()

    async def drop_scripts(self, _: web.Request) -> web.Response:
        """Forget all scripts; their last reports."""
        reports = [self._desk.gate.drop_script(script_id) for script_id in [*self._scripts]]
        return web.json_response({"scripts": reports})


async def _object(request: web.Request) -> Mapping[str, Any]:
    try:
        found = as_object(json.loads(await request.read()))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        raise _bad("the body must be a JSON object")
    return found


def _number(asked: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = asked.get(name, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= SECONDS_MAX:
        raise _bad(f"{name} must be a number from 0 to {SECONDS_MAX:.0f}")
    return float(value)


def _absent() -> web.Response:
    return web.json_response({"error": "no such script"}, status=404)


def _bad(words: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": words}), content_type="application/json")
