"""wanreel: Wan videos that are paid for once, never lost, and kept for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wanreel.client.video import GenerationFailed, NeedsAttention, Video
    from wanreel.domain.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable, WanreelError
    from wanreel.library import AsyncClient, Client, async_client

__version__ = "0.1.0"
__all__ = [
    "AsyncClient", "Client", "Conflict", "GenerationFailed", "Invalid", "NeedsAttention", "NotFound", "Unauthorized",
    "Unavailable", "Video", "WanreelError", "__version__", "async_client",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The library's names on first use: importing the package alone stays cheap."""
    if name in ("AsyncClient", "Client", "async_client"):
        from wanreel import library as room
    elif name in ("GenerationFailed", "NeedsAttention", "Video"):
        from wanreel.client import video as room
    elif name in __all__:
        from wanreel.domain import errors as room
    else:
        raise AttributeError(f"module 'wanreel' has no attribute {name!r}")
    return getattr(room, name)


def __dir__() -> list[str]:
    """What there is to use, for completion."""
    return sorted(__all__)
