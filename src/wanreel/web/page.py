"""The studio's files, served as they were built: one document, its scripts and styles, and nothing that is not a file.

The page is static and holds no secret; whatever it shows it asks of the public API, with the caller's own token.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

DIST = Path(__file__).parent / "dist"
"""Where `make page` puts it, and where a wheel carries it."""

_RULES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types svelte-trusted-html",
)
POLICY = "; ".join(_RULES)
"""No inline script, no inline style, nothing from elsewhere; markup is made by the page's own templates alone."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
FOREVER = "public, max-age=31536000, immutable"
ANEW = "no-cache"

ABSENT = (
    "The studio is not built in this checkout.\n\n"
    "Run `make page` in it, then load this page again. Installed wheels carry it.\n"
    "The HTTP API answers below /v1/ all the same; /openapi.json describes it.\n"
)
_SQUEEZED = ("text/", "application/json", "image/svg+xml")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the page, in memory; `packed` is gzip's, where that is worth it."""

    body: bytes
    packed: bytes | None
    media_type: str
    tag: str
    cache: str


def routes(folder: Path = DIST) -> list[BaseRoute]:
    """The page's routes: `/` and each of its files by its exact name. Without a built page `/` says so in words."""
    files = _read(folder)
    if "index.html" not in files:
        return [Route("/", _absent, include_in_schema=False)]

    async def answer(request: Request) -> Response:
        name = request.url.path.lstrip("/") or "index.html"
        return _file(request.headers, files[name])

    names = ["/", *(f"/{name}" for name in files if name != "index.html")]
    return [Route(name, answer, methods=["GET"], include_in_schema=False) for name in names]


def _file(headers: Mapping[str, str], kept: Kept) -> Response:
    told = {**HEADERS, "Cache-Control": kept.cache, "ETag": kept.tag, "Vary": "Accept-Encoding"}
    if headers.get("if-none-match") == kept.tag:
        return Response(status_code=304, headers=told)
    if kept.packed is not None and "gzip" in headers.get("accept-encoding", ""):
        return Response(kept.packed, headers={**told, "Content-Encoding": "gzip"}, media_type=kept.media_type)
    return Response(kept.body, headers=told, media_type=kept.media_type)


async def _absent(_: Request) -> Response:
    return Response(ABSENT, status_code=503, headers={"Cache-Control": "no-store"}, media_type="text/plain")


def _read(folder: Path) -> dict[str, Kept]:
    """Every file of a built page by its path below it; empty where there is none."""
    if not folder.is_dir():
        return {}
    found: dict[str, Kept] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        body = path.read_bytes()
        media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.relative_to(folder).as_posix()] = Kept(
            body=body,
            packed=gzip.compress(body, 9, mtime=0) if media_type.startswith(_SQUEEZED) else None,
            media_type=media_type,
            tag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            cache=FOREVER if path.parent.name == "assets" else ANEW,
        )
    return found
