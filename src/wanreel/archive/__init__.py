"""Where finished clips are kept for good: keys, the check that a clip is whole, and the local folder."""

from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.naming import Naming, clip_key, variant_key

__all__ = ["LocalArchive", "LocalShelf", "Naming", "clip_key", "variant_key"]
