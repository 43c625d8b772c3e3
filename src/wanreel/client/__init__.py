"""What library users hold: the asynchronous client, its blocking twin, and the videos they hand out."""

from wanreel.client.blocking import BlockingClient
from wanreel.client.embedded import EmbeddedClient
from wanreel.client.home import Home
from wanreel.client.remote import RemoteClient
from wanreel.client.video import GenerationFailed, NeedsAttention, Video, Wish

__all__ = [
    "BlockingClient",
    "EmbeddedClient",
    "GenerationFailed",
    "Home",
    "NeedsAttention",
    "RemoteClient",
    "Video",
    "Wish",
]
