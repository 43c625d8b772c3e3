"""A parsed create on its way through the checks, and the two ways it can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanreel.emulator.calls import Call
from wanreel.emulator.catalog import Catalog, Model
from wanreel.emulator.media import ASSUMED, UNREACHABLE, Medium
from wanreel.emulator.objects import as_list, as_object
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply, words_for


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is not accepted; status 0 means the code's own."""

    code: str
    message: str = ""
    status: int = 0

    def reply(self, call: Call) -> Reply:
        """The refusal as an answer to a call."""
        return call.refuse(self.code, self.message, self.status)


@dataclass(frozen=True, slots=True)
class Brief:
    """A parsed create on its way through the checks."""

    model: Model
    input: Mapping[str, Any]
    parameters: Mapping[str, Any]
    media: Mapping[str, Medium]
    catalog: Catalog
    quirks: Quirks

    def medium(self, url: object) -> Medium:
        """What is known about an address; an unseen one is unreachable, or assumed to be a plain still."""
        found = self.media.get(url) if isinstance(url, str) else None
        if found is None or (found.code == "InvalidURL" and self.quirks.foreign_media == "assume"):
            return ASSUMED if self.quirks.foreign_media == "assume" else UNREACHABLE
        return found

    def typed(self, kind: str) -> list[str]:
        """Addresses of the media items of one type."""
        return [str(item.get("url", "")) for item in media_items(self.input) if item.get("type") == kind]

    @property
    def tier(self) -> str:
        """The resolution tier asked for, or the model's own."""
        return str(self.parameters.get("resolution") or self.model.tier)


class WrongValue(Exception):
    """A value of the request is not allowed."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message or words_for(code))


def media_items(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of ``input.media``."""
    return [item for entry in as_list(given.get("media")) if (item := as_object(entry)) is not None]
