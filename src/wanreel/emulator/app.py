"""The vendor's paths over HTTP: reads a request, asks the desk, puts its reply on the wire. Decides nothing itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.typedefs import Handler

from wanreel.emulator.clock import Clock, pause
from wanreel.emulator.desk import Desk
from wanreel.emulator.downloads import Film, serve
from wanreel.emulator.gallery import Gallery
from wanreel.emulator.inputs import Inputs
from wanreel.emulator.objects import as_object
from wanreel.emulator.replies import Reply
from wanreel.emulator.results import PREFIX
from wanreel.emulator.scripts import Instruction
from wanreel.emulator.shelf import Shelf
from wanreel.emulator.storage import Serving
from wanreel.emulator.transport import hang_up, send
from wanreel.emulator.uploads import FILE_MB_MAX, HOST_PATH

BASE = "/api/v1"
BODY_BYTES_MAX = 96 * 1024 * 1024
_FAMILIES = "{family:video-generation|image2video}"


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the handlers work with."""

    desk: Desk
    clock: Clock
    shelf: Shelf
    gallery: Gallery
    inputs: Inputs
    clip_bytes: int = 0


def build(rooms: Rooms) -> web.Application:
    """The application with every vendor path; list and create take a trailing slash too."""
    app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[_bounded])
    front = Front(rooms)
    for slash in ("", "/"):
        app.router.add_post(f"{BASE}/services/aigc/{_FAMILIES}/video-synthesis{slash}", front.create)
        app.router.add_post(f"{BASE}/services/aigc/image2video/face-detect{slash}", front.detect)
        app.router.add_get(f"{BASE}/tasks{slash}", front.list)
        app.router.add_get(f"{BASE}/uploads{slash}", front.policy)
    app.router.add_get(f"{BASE}/tasks/{{task_id}}", front.query)
    app.router.add_post(f"{BASE}/tasks/{{task_id}}/cancel", front.cancel)
    app.router.add_get(f"{BASE}/models/limits", front.limits)
    app.router.add_get(f"{BASE}/models", front.models)
    app.router.add_post(HOST_PATH, front.upload)
    app.router.add_post(HOST_PATH + "/", front.upload)
    for verb in ("GET", "HEAD"):
        app.router.add_route(verb, PREFIX + "{key:.+}", front.download)
    app.router.add_route("*", f"{BASE}/{{rest:.*}}", front.nothing)
    return app


@web.middleware
async def _bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer too large a body with a fresh answer: the error's own traceback holds on to all that was read."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        words = "the body is too large"
    return web.json_response({"error": words}, status=413)


class Front:
    """One handler per vendor call."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._desk = rooms.desk

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Accept or refuse a task."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return await send(request, self._desk.refuse("create", "BadRequest.TooLarge", request.headers, self._now()))
        fault = await self._fault("create", request)
        # A stranger's pictures are neither fetched nor kept.
        media = await self._rooms.inputs.look_at(_parsed(body)) if self._desk.knows(request.headers) else {}
        family = request.match_info["family"]
        reply = self._desk.create(family, request.headers, body, self._now(), media=media, fault=fault)
        return await send(request, reply)

    async def query(self, request: web.Request) -> web.StreamResponse:
        """One task's state."""
        fault = await self._fault("query", request)
        return await send(request, self._desk.query(_id(request), request.headers, self._now(), fault=fault))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Take back a task that still waits."""
        await request.read()
        fault = await self._fault("cancel", request)
        return await send(request, self._desk.cancel(_id(request), request.headers, self._now(), fault=fault))

    async def list(self, request: web.Request) -> web.StreamResponse:
        """The account's tasks."""
        fault = await self._fault("list", request)
        return await send(request, self._desk.list(request.query, request.headers, self._now(), fault=fault))

    async def policy(self, request: web.Request) -> web.StreamResponse:
        """Permission for one upload."""
        fault = await self._fault("policy", request)
        return await send(request, self._desk.policy(request.query, request.headers, self._now(), fault=fault))

    async def limits(self, request: web.Request) -> web.StreamResponse:
        """Quotas per model."""
        fault = await self._fault("limits", request)
        return await send(request, self._desk.limits(request.query, request.headers, self._now(), fault=fault))

    async def models(self, request: web.Request) -> web.StreamResponse:
        """Models of the region."""
        fault = await self._fault("models", request)
        return await send(request, self._desk.models(request.query, request.headers, self._now(), fault=fault))

    async def detect(self, request: web.Request) -> web.StreamResponse:
        """The synchronous face check."""
        body = await request.read()
        fault = await self._fault("detect", request)
        return await send(request, self._desk.detect(request.headers, body, self._now(), fault=fault))

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """A form upload. Fields come in any order, but the file comes last: what follows it is not read."""
        try:
            fields, data = await _form(request)
        except (ValueError, LookupError):  # no form, or not one that can be read
            return await send(request, self._malformed())
        fault = await self._fault("upload", request)
        sha = sha256(data).hexdigest()
        reply = self._desk.upload(fields, (sha, len(data)), request.headers, self._now(), fault=fault)
        if 200 <= reply.status < 300 or reply.mishap:
            self._rooms.shelf.put(data)
        return await send(request, reply)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A result file."""
        key = request.match_info["key"]
        fault = self._desk.meet("download", request.headers, self._now(), result=key)
        got = self._desk.download(request.method, key, request.query, request.headers, self._now(), fault=fault)
        if isinstance(got, Reply):
            return await send(request, got)
        return await self._serve(request, got)

    async def _serve(self, request: web.Request, serving: Serving) -> web.StreamResponse:
        try:
            path = await self._rooms.gallery.clip(serving.task.shot)
        except RuntimeError:  # the pool is closed: the emulator is going down
            return hang_up(request)
        return await serve(request, serving, Film.of(path, self._rooms.clip_bytes), self._desk.quirks, self._now())

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        """Any other path below the base."""
        return await send(request, self._desk.refuse("other", "NotFound", request.headers, self._now()))

    def _malformed(self) -> Reply:
        words = b"<Error><Code>MalformedPOSTRequest</Code><Message>The body of your POST request is not well-formed "
        return Reply(400, words + b"multipart/form-data.</Message></Error>", {"content-type": "application/xml"})

    async def _fault(self, operation: str, request: web.Request) -> Instruction | None:
        """The fault this call meets, waited out if it is to happen late."""
        fault = self._desk.meet(operation, request.headers, self._now())
        if fault is not None and fault.fault == "slow_before":
            await pause(fault.delay_s)
        return fault

    def _now(self) -> float:
        return self._rooms.clock.now()


def _id(request: web.Request) -> str:
    return request.match_info["task_id"]


def _parsed(body: bytes) -> Mapping[str, Any]:
    """The body as an object if it is one; refusing it is the desk's work."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return as_object(found) or {}


async def _form(request: web.Request) -> tuple[dict[str, str], bytes]:
    """The fields of an upload form and its file, which comes last. Raises ValueError when it is no such form."""
    fields: dict[str, str] = {}
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                break
            if part.name == "file":
                return fields, await _read(part, (FILE_MB_MAX + 1) * 1024 * 1024)
            fields[part.name or ""] = await part.text()
    raise ValueError("a form with a file is needed")


async def _read(part: BodyPartReader, bytes_max: int) -> bytes:
    data = bytearray()
    while len(data) <= bytes_max and (piece := await part.read_chunk(1 << 16)):
        data += piece
    return bytes(data)
