"""Whoever reads a prompt, and where templates lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from wanreel.domain.job import Remark


class ReadFailed(Exception):
    """A language model has nothing to say of a prompt; `why` in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class PromptReader(Protocol):
    """A language model that reads a prompt before it is paid for. Never needed: what it says are warnings."""

    async def read(self, prompt: str, mode: str, size: str | None) -> tuple[Remark, ...]:
        """What it finds, in the order of the text. Raises ReadFailed."""
        ...


class OwnTemplates(Protocol):
    """Where the templates of a home lie that its users keep. Calls block for as long as a small file takes."""

    def rows(self) -> Mapping[str, object]:
        """Each by its name, as it was kept. Raises Invalid (somebody wrote there what cannot be read), Unavailable."""
        ...

    def change(self, edit: Callable[[dict[str, object]], None]) -> None:
        """Keep what `edit` makes of the rows; of two who change at once both are kept. What `edit` raises changes
        nothing. Raises Invalid, Unavailable.
        """
        ...
