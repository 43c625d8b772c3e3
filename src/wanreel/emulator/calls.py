"""One call on its way through the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanreel.emulator.accounts import Caller
from wanreel.emulator.replies import Reply, error_reply, json_reply
from wanreel.emulator.scripts import Instruction

SCRIPT_HEADER = "x-wanreel-emulator-script"


@dataclass(slots=True)
class Call:
    """Who asks what and when, the fault it meets, and what it turned out to be about (for the log)."""

    operation: str
    headers: Mapping[str, str]  # lower-case names
    now: float
    request_id: str
    caller: Caller | str  # or the vendor's words for why there is none
    fault: Instruction | None
    script_id: str
    task_id: str = ""
    model: str = ""

    def refuse(self, code: str, message: str = "", status: int = 0) -> Reply:
        """A refusal in the native shape."""
        return error_reply(code, self.request_id, self.now, message=message, status=status)

    def answer(self, body: Mapping[str, Any]) -> Reply:
        """An ordinary answer; the request id comes first."""
        return json_reply({"request_id": self.request_id, **body}, self.request_id, self.now)

    def enabled(self, header: str) -> bool:
        """Whether a header says ``enable``."""
        return self.headers.get(header, "").strip().lower() == "enable"


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names as the desk reads them."""
    return {name.lower(): value for name, value in headers.items()}
