"""Sees to it that no wheel is built without the studio: users have no Node, so it must be inside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WITHOUT = "WANREEL_WITHOUT_STUDIO"


class StudioInside(BuildHookInterface[Any]):
    """Stops a build whose page is missing. An editable install serves what there is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs. Raises RuntimeError."""
        page = Path(self.root) / "src" / "wanreel" / "web" / "dist" / "index.html"
        if version == "editable" or page.exists() or os.environ.get(WITHOUT) == "1":
            return
        raise RuntimeError(f"The studio is not built: run `make page` first, or set {WITHOUT}=1 to pack without it.")
