"""The drop-in's routes as one face, and which paths are the vendor's."""

from __future__ import annotations

from wanreel.api.dashscope import routes, uploads
from wanreel.api.dashscope.words import refuse
from wanreel.api.face import Face
from wanreel.ports.uploads import UPLOAD_BYTES_MAX

BASE = "/api/v1"
_FORM_BYTES = 1024 * 1024  # beside the file


def dashscope_face() -> Face:
    """DashScope's shape under `/api/v1`."""
    return Face(
        name="dashscope",
        routers=(uploads.router, routes.router),
        owns=lambda path: path == BASE or path.startswith(f"{BASE}/"),
        refuse=refuse,
        body_bytes_max=_most,
    )


def _most(method: str, path: str) -> int | None:
    large = method == "POST" and (path.rstrip("/").endswith("/video-synthesis") or path == uploads.FORM_PATH)
    return UPLOAD_BYTES_MAX + _FORM_BYTES if large else None
