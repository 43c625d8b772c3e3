"""The vendor's temporary storage (FS §7): one policy per file, the file streamed, an oss:// URL that lives 48 hours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from wanreel.domain.job import Account, Fault
from wanreel.domain.request import Stored
from wanreel.ports.clock import Clock
from wanreel.ports.vendor import PrepareFailed
from wanreel.vendor.answers import trouble
from wanreel.vendor.errors import of_refusal
from wanreel.vendor.http import Answer, Broken, Call, Wire, is_loopback
from wanreel.vendor.limits import POLICIES_PER_S, Limits
from wanreel.vendor.words import as_object, glimpse, number, read_object, said

PIECE_BYTES = 256 * 1024
LIFE_S = 47 * 3600.0  # an hour less than the vendor keeps it
HELD_MAX = 256
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/bmp": ".bmp",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """The vendor's leave to store one file: where, under which key, with which signed fields."""

    host: str
    folder: str
    fields: tuple[tuple[str, str], ...]
    bytes_max: int | None


def read_grant(http_status: int, raw: bytes) -> Grant:
    """The policy answer. Raises PrepareFailed; `fatal` only where the vendor says that the request itself is wrong."""
    body = read_object(raw) or {}
    data = as_object(body.get("data"))
    told = {name: _field(data.get(name)) for name in _GRANT_FIELDS}
    if http_status != 200 or said(body.get("code")) or not all(told.values()):
        code = said(body.get("code"), 200)
        ours = 400 <= http_status < 500 and bool(code) and of_refusal(http_status, code).fault is Fault.OURS
        fatal = ours and http_status not in (408, 409, 429)
        why = f"the vendor gave no leave to upload: {trouble(http_status, raw, body)}"
        raise PrepareFailed(why, code=code or "upload_refused", fatal=fatal)
    megabytes = number(data.get("max_file_size_mb"))
    return Grant(
        host=told["upload_host"],
        folder=told["upload_dir"].rstrip("/"),
        fields=(
            ("OSSAccessKeyId", told["oss_access_key_id"]),
            ("Signature", told["signature"]),
            ("policy", told["policy"]),
            ("x-oss-object-acl", _field(data.get("x_oss_object_acl")) or "private"),
            ("x-oss-forbid-overwrite", _field(data.get("x_oss_forbid_overwrite")) or "true"),
        ),
        bytes_max=int(megabytes * 1024 * 1024) if megabytes else None,
    )


_GRANT_FIELDS = ("policy", "signature", "upload_dir", "upload_host", "oss_access_key_id")
FIELD_CHARS_MAX = 16_384


def _field(value: object) -> str:
    """A form field as it was given; "" for what would break the form."""
    return value if isinstance(value, str) and len(value) <= FIELD_CHARS_MAX and value.isprintable() else ""


def form_ends(grant: Grant, name: str, mime: str, boundary: str) -> tuple[bytes, bytes]:
    """What stands before and after the file's bytes in the form; the order is the SDK's, the file comes last."""
    signed = list(grant.fields)
    signed.insert(3, ("key", f"{grant.folder}/{name}"))
    signed += [("success_action_status", "200"), ("x-oss-content-type", mime)]
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in signed]
    file = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {mime}\r\n\r\n'
    return "".join((*parts, f"--{boundary}\r\n{file}")).encode(), f"\r\n--{boundary}--\r\n".encode()


def may_receive(host: str, base_url: str) -> bool:
    """Whether a user's file may be sent there: the vendor's storage over https, or the base URL's own host."""
    try:
        target, base = urlsplit(host), urlsplit(base_url)
        same = (target.scheme, target.hostname, target.port) == (base.scheme, base.hostname, base.port)
    except ValueError:
        return False
    name = target.hostname or ""
    near = is_loopback(name) and is_loopback(base.hostname or "")
    return same or near or (target.scheme == "https" and name.endswith(".aliyuncs.com"))


class Uploads:
    """Puts local files where the vendor can read them, and remembers where for as long as they lie there."""

    def __init__(self, wire: Wire, limits: Limits, clock: Clock) -> None:
        self._wire = wire
        self._limits = limits
        self._clock = clock
        self._held: dict[tuple[str, str, str], tuple[str, float]] = {}

    async def put(self, account: Account, model: str, file: Stored, path: Path, headers: Mapping[str, str]) -> str:
        """The oss:// URL of a file, uploaded unless it still lies there. Raises PrepareFailed."""
        key = (account.id, model, file.sha256)
        url, until = self._held.get(key, ("", 0.0))
        if self._clock.now() < until:
            return url
        await self._limits.take(account.id, f"policy:{model}", POLICIES_PER_S)
        query = f"/uploads?action=getPolicy&model={quote(model, safe='')}"
        grant = read_grant(*await self._answer(Call("GET", account.base_url + query, headers), "ask leave to upload"))
        if grant.bytes_max is not None and file.size_bytes > grant.bytes_max:
            words = f"{file.name or file.mime} is larger than the {grant.bytes_max // 1048576} MB the vendor stores"
            raise PrepareFailed(words, code="input_too_large", fatal=True)
        if not may_receive(grant.host, account.base_url):
            raise PrepareFailed(f"the vendor names {grant.host[:200]} for uploads, which is not its storage")
        url = await self._post(grant, file, path)
        while len(self._held) >= HELD_MAX:
            self._held.pop(next(iter(self._held)))
        self._held[key] = (url, self._clock.now() + LIFE_S)
        return url

    async def _post(self, grant: Grant, file: Stored, path: Path) -> str:
        boundary = self._clock.new_id("form")
        name = self._clock.new_id("in") + _EXTENSIONS.get(file.mime, "")
        head, tail = form_ends(grant, name, file.mime, boundary)
        whole_bytes = len(head) + file.size_bytes + len(tail)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(whole_bytes),
        }
        pieces = _pieces(head, path, file.size_bytes, tail)
        call = Call("POST", grant.host, headers, pieces, body_bytes=whole_bytes)
        status, raw = await self._answer(call, "upload")
        if status not in (200, 204):
            raise PrepareFailed(f"the vendor's storage refused the upload: HTTP {status}, {glimpse(raw)}")
        return f"oss://{grant.folder}/{name}"

    async def _answer(self, call: Call, what: str) -> tuple[int, bytes]:
        try:
            answer: Answer = await self._wire.exchange(call)
        except Broken as broken:
            raise PrepareFailed(f"could not {what}: {broken.why}") from broken
        return answer.status, answer.raw


async def _pieces(head: bytes, path: Path, size_bytes: int, tail: bytes) -> AsyncIterator[bytes]:
    """The form with the file in the middle, never more of it in memory than a piece."""
    yield head
    left = size_bytes
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while left > 0:
            piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, left))
            if not piece:
                raise OSError(f"{path.name} is shorter than it was")
            left -= len(piece)
            yield piece
    finally:
        file.close()
    yield tail
