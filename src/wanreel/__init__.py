"""wanreel: Wan videos that are paid for once, never lost, and kept for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wanreel.client import GenerationFailed, NeedsAttention, Video
    from wanreel.library import AsyncClient, Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "GenerationFailed", "NeedsAttention", "Video", "__version__"]


def __getattr__(name: str) -> Any:
    """The library's names on first use: importing the package alone stays cheap."""
    if name in ("AsyncClient", "Client"):
        from wanreel import library

        return getattr(library, name)
    if name in __all__:
        from wanreel import client

        return getattr(client, name)
    raise AttributeError(f"module 'wanreel' has no attribute {name!r}")
