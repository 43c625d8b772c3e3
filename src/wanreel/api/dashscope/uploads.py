"""The vendor's temporary uploads on our server: a policy, then a form with the file, then `oss://` names it (FS §7)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from wanreel.api.access import Submitter
from wanreel.api.caller import Caller
from wanreel.api.dashscope.words import documented
from wanreel.api.desk import Desk, desk_of
from wanreel.api.orders import UPLOAD, opened
from wanreel.api.problems import Refusal
from wanreel.api.switch import Room
from wanreel.domain.errors import Invalid, Problem
from wanreel.ports.uploads import UPLOAD_BEGIN_S, UPLOAD_BYTES_MAX

router = Room(prefix="/api/v1", tags=["dashscope"])

FORM_PATH = "/api/v1/uploads"
BUCKET = "oss://wanreel-uploads/"
"""How a file that was uploaded here is named in a create."""

_PIECE = 256 * 1024
_HEAD_BYTES_MAX = 64 * 1024
_LOOK_BYTES = 4096
_KEY = re.compile(rb'name="?key"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,2000})\r\n', re.IGNORECASE)


@router.get("/uploads", responses=documented())
async def policy(
    request: Request,
    caller: Submitter,
    action: Annotated[str, Query(description="`getPolicy`.", examples=["getPolicy"])] = "",
    model: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """The right to upload one file within a few minutes."""
    if action != "getPolicy":
        raise Invalid("", (Problem("action", "must be getPolicy", action[:80]),))
    begun = await desk_of(request).uploads.begin(caller.project)
    data = {
        "policy": begun.id,
        "signature": begun.id,
        "upload_dir": f"{BUCKET.removeprefix('oss://')}{begun.id}",
        "upload_host": f"{str(request.base_url).rstrip('/')}{FORM_PATH}",
        "expire_in_seconds": int(UPLOAD_BEGIN_S),
        "max_file_size_mb": UPLOAD_BYTES_MAX // 1024**2,
        "capacity_limit_mb": 999_999_999,
        "oss_access_key_id": "wanreel",
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
    }
    return {"request_id": request.state.request_id, "data": data}


@router.post(
    "/uploads",
    response_class=Response,
    responses={200: {"description": "Kept."}, 204: {"description": "Kept."}, **documented()},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "key": {"type": "string"},
                            "success_action_status": {"type": "string"},
                            "file": {"type": "string", "format": "binary"},
                        },
                        "required": ["key", "file"],
                    }
                }
            },
        }
    },
)
async def upload(request: Request) -> Response:
    """Take the file a policy was given for; the id in its key is the only secret, as at the vendor its signature is."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal("unsupported", "Send a form: multipart/form-data with key and file.")
    async with (await _begun(request)).form(max_files=1, max_fields=30) as form:
        key, file = form.get("key"), form.get("file")
        if not isinstance(key, str) or not isinstance(file, UploadFile):
            raise Refusal("malformed", "The form needs key, and file as its last part.")
        upload_id, _, name = key.removeprefix(BUCKET.removeprefix("oss://")).partition("/")
        await desk_of(request).uploads.keep(upload_id, name, _pieces(file), _part(name))
        wish = form.get("success_action_status")
        return Response(status_code=200 if wish == "200" else 204)


async def _begun(request: Request) -> Request:
    """The request once the key at its beginning names an upload that was begun: nothing more is read for a stranger.
    Raises NotFound, Refusal.
    """
    head, told, looked_at = bytearray(), list[Message](), 0
    found: re.Match[bytes] | None = None
    more = True
    while found is None and more and len(head) <= _HEAD_BYTES_MAX:
        message = await request.receive()
        told.append(message)
        head += message.get("body", b"")
        more = bool(message.get("more_body", False))
        if not more or len(head) - looked_at >= _LOOK_BYTES:  # not at every byte of one who sends them singly
            found, looked_at = _KEY.search(head), len(head)
    if found is None:
        raise Refusal("malformed", "The form needs key before file, and file as its last part.")
    key = found[1].decode("utf-8", "replace").removeprefix(BUCKET.removeprefix("oss://"))
    await desk_of(request).uploads.find(key.partition("/")[0])

    async def receive() -> Message:
        return told.pop(0) if told else await request.receive()

    return Request(request.scope, receive)


def _part(name: str) -> str:
    """Several files may come by one policy, each under its name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def opened_url(desk: Desk, caller: Caller, field: str, url: str) -> tuple[str, str]:
    """A medium's URL as the service takes it: what was uploaded here is a file of ours, called so. Raises Invalid."""
    if not url.startswith(BUCKET):
        return url, ""
    upload_id, _, name = url.removeprefix(BUCKET).partition("/")
    return await opened(desk, caller, field, UPLOAD + upload_id + _part(name))
