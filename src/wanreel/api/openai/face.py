"""OpenAI's videos as one face. It owns `/v1/videos`, a path that our own API under `/v1` has no use for."""

from __future__ import annotations

from wanreel.api.face import Face
from wanreel.api.openai import routes
from wanreel.api.openai.words import refuse
from wanreel.ports.uploads import UPLOAD_BYTES_MAX

BASE = "/v1/videos"
_FORM_BYTES = 1024 * 1024  # beside the file


def openai_face() -> Face:
    """OpenAI's shape; its clients' base URL is `http://HOST:PORT/v1`."""
    return Face(
        name="openai",
        routers=(routes.router,),
        owns=lambda path: path == BASE or path.startswith(f"{BASE}/"),
        refuse=refuse,
        body_bytes_max=lambda method, path: (
            UPLOAD_BYTES_MAX + _FORM_BYTES if (method, path) == ("POST", BASE) else None
        ),
    )
