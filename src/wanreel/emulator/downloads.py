"""Serves a clip the way the object store does: ranges, ETag, padding; and the ways it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from wanreel.emulator.clock import pause
from wanreel.emulator.hours import http_date
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import xml_reply
from wanreel.emulator.results import BUCKET
from wanreel.emulator.scripts import Instruction
from wanreel.emulator.storage import Serving
from wanreel.emulator.transport import end_early, hang_up

CHUNK_BYTES = 256 * 1024
_ZEROS = bytes(CHUNK_BYTES)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True, slots=True)
class Film:
    """A clip's file, made longer by a closing `free` box (players skip it) until it has ``total`` bytes."""

    path: Path
    size: int
    total: int

    @classmethod
    def of(cls, path: Path, bytes_min: int) -> Film:
        """The file as it is, or padded to at least that many bytes."""
        size = path.stat().st_size
        # A box needs 16 bytes for its own head (the 64-bit form).
        return cls(path, size, size if bytes_min <= size else max(bytes_min, size + 16))

    @property
    def etag(self) -> str:
        """Thirty-two upper-case hex digits in quotes, as the store writes it; stands for the content."""
        return f'"{self.path.stem[:24].upper()}{self.total % 16**8:08X}"'

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from start to stop, in pieces; never the whole in memory."""
        if start < self.size:
            with self.path.open("rb") as file:
                file.seek(start)
                while start < min(stop, self.size):
                    piece = file.read(min(CHUNK_BYTES, min(stop, self.size) - start))
                    if not piece:
                        raise OSError(f"{self.path} became shorter while it was served")
                    start += len(piece)
                    yield piece
        head = b"\x00\x00\x00\x01free" + (self.total - self.size).to_bytes(8, "big")
        while start < stop:
            offset = start - self.size
            piece = head[offset:] if offset < len(head) else _ZEROS
            piece = piece[: stop - start]
            start += len(piece)
            yield piece


def wanted(header: str | None, total: int) -> tuple[int, int] | None:
    """Start and stop of a single byte range; None for the whole, and for what cannot be read or satisfied."""
    match = _RANGE.match((header or "").strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, total - int(last)), total
        return (start, stop) if int(last) else None
    start, stop = int(first), min(total, int(last) + 1) if last else total
    return (start, stop) if start < stop else None


def beyond(header: str | None, total: int) -> bool:
    """Whether a range begins past the end."""
    match = _RANGE.match((header or "").strip())
    return match is not None and bool(match[1]) and int(match[1]) >= total


async def serve(request: web.Request, serving: Serving, film: Film, quirks: Quirks, now: float) -> web.StreamResponse:
    """Answer a good download request, with the bytes' own fault if one is due."""
    fault = serving.fault or Instruction()
    if fault.fault == "drop_after":
        return hang_up(request)
    if fault.fault in ("slow", "slow_before"):
        await pause(fault.delay_s)
    headers = {
        "content-type": "video/mp4",
        "accept-ranges": "bytes",
        "etag": film.etag,
        "last-modified": http_date(int(serving.task.end_at or 0)),
        "date": http_date(int(now)),
        "x-oss-request-id": serving.oss_id,
        "x-oss-object-type": "Normal",
        "x-oss-storage-class": "Standard",
        "server": "AliyunOSS",
        **fault.headers,
    }
    if fault.fault == "zero":
        return web.Response(status=200, body=b"", headers=headers)
    if fault.fault == "xml":
        body = xml_reply(200, "InternalError", "Please contact the server administrator.", serving.oss_id, BUCKET).body
        return web.Response(status=200, body=body, headers=headers)
    if quirks.range_beyond == "refuse" and beyond(request.headers.get("range"), film.total):
        body = xml_reply(416, "InvalidRange", "The requested range cannot be satisfied", serving.oss_id, BUCKET).body
        return web.Response(status=416, body=body, headers={**headers, "content-range": f"bytes */{film.total}"})
    span = wanted(request.headers.get("range"), film.total)
    start, stop = span or (0, film.total)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{film.total}"
    response = web.StreamResponse(status=206 if span else 200, headers=headers)
    return await _stream(request, response, film, start, stop, fault)


async def _stream(
    request: web.Request, response: web.StreamResponse, film: Film, start: int, stop: int, fault: Instruction
) -> web.StreamResponse:
    announced = sent_max = stop - start
    match fault.fault:
        case "cut":
            sent_max = int(announced * fault.fraction)
        case "half_body":
            sent_max = announced // 2
        case "wrong_length":
            announced = max(0, announced + fault.length_delta)
            sent_max = min(sent_max, announced)
        case _:
            pass
    response.content_length = announced
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    spoiled = start + (stop - start) // 2 if fault.fault == "corrupt" else -1
    at = start
    for piece in film.read(start, start + sent_max):
        bad = at <= spoiled < at + len(piece)
        await response.write(_flipped(piece, spoiled - at) if bad else piece)
        at += len(piece)
        await pause(0)  # let others have a turn: writes to a fast reader never wait
    if sent_max < announced:
        return end_early(request, response)
    return response


def _flipped(piece: bytes, offset: int) -> bytes:
    """Sixty-four bytes turned over from an offset on."""
    bad = bytearray(piece)
    for index in range(offset, min(offset + 64, len(bad))):
        bad[index] ^= 0xFF
    return bytes(bad)
