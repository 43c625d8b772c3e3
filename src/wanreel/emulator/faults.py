"""Turning a good reply into the fault an instruction asks for, in the vendor's (or a proxy's) words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wanreel.emulator.chance import digest, uniform
from wanreel.emulator.objects import as_object
from wanreel.emulator.replies import CODES, Mishap, Reply, error_reply, json_reply, words_for, xml_reply
from wanreel.emulator.scripts import KINDS, ONLY, OPERATIONS, Fate, Instruction

#: Codes a FAILED task may carry (§9, column "T").
TASK_CODES = (
    "InvalidParameter",
    "InvalidParameter.DataInspection",
    "DataInspectionFailed",
    "IPInfringementSuspect",
    "InvalidURL",
    "InvalidImageResolution",
    "InvalidFile.Size",
    "InternalError",
    "InternalError.Algo",
    "InternalError.Upload",
    "InternalError.Timeout",
    "SystemError",
    "ModelServiceFailed",
    "RewriteFailed",
)
_FATES = ("failed", "no_url", "stuck", "content_block", "early_expiry")
_BY_STATUS = {
    400: "InvalidParameter",
    401: "InvalidApiKey",
    403: "AccessDenied",
    404: "NotFound",
    409: "Conflict",
    429: "Throttling.RateQuota",
    503: "ModelUnavailable",
}
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>tengine</center>\r\n</body>\r\n</html>\r\n"
)


def by_chance(rates: Mapping[str, float], seed: int | str, operation: str, number: int) -> Instruction | None:
    """Draw at most one fault for a call from its operation's rates (kind or fate -> probability)."""
    for kind, rate in rates.items():
        if rate > 0 and uniform(seed, "fault", operation, kind, number) < rate:
            return _plain(kind, seed, number)
    return None


def swarm(seed: int | str) -> dict[str, dict[str, float]]:
    """Draw the rates themselves: some runs calm, some terrible, many kinds at zero."""
    menu = {
        "create": ("drop_before", "drop_after", "status", "error_after", "html", "half_body", "blank", *_FATES),
        "query": ("drop_before", "status", "html", "half_body", "unknown"),
        "list": ("drop_before", "status", "half_body"),
        "cancel": ("drop_before", "drop_after", "status"),
        "download": ("drop_before", "cut", "corrupt", "status", "zero", "xml"),
    }
    worst = 0.3 * uniform(seed, "swarm", "worst") ** 2
    return {
        operation: {
            kind: worst * uniform(seed, "swarm", operation, kind)
            for kind in kinds
            if uniform(seed, "swarm", "on", operation, kind) < 0.4
        }
        for operation, kinds in menu.items()
    }


def check_rates(rates: Mapping[str, Mapping[str, float]]) -> None:
    """Refuse names that would silently never happen. Raises ValueError."""
    for operation, kinds in _object(rates, "rates").items():
        if operation not in OPERATIONS:
            raise ValueError(f"no operation {operation!r}; there are {', '.join(OPERATIONS)}")
        for kind, rate in _object(kinds, f"the rates of {operation}").items():
            known = kind in KINDS and operation in ONLY.get(kind, (operation,))
            if not known and not (operation == "create" and kind in _FATES):
                raise ValueError(f"no fault {kind!r} for {operation}")
            if not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise ValueError(f"the rate of {kind} is a number from 0 to 1, not {rate!r}")


def _object(value: object, name: str) -> Mapping[str, Any]:
    found = as_object(value)
    if found is None:
        raise ValueError(f"{name} are an object, not {value!r}")
    return found


def _plain(kind: str, seed: int | str, number: int) -> Instruction:
    if kind == "failed":
        code = TASK_CODES[digest(seed, "code", number)[0] % len(TASK_CODES)]
        return Instruction(fate=Fate(outcome="failed", code=code))
    if kind == "early_expiry":
        return Instruction(fate=Fate(url_life_s=60.0))
    if kind in _FATES:
        return Instruction(fate=Fate(outcome=kind))
    if kind in ("slow", "slow_before"):
        return Instruction(kind, delay_s=1.0)
    return Instruction(kind)


def unprocessed(fault: Instruction, operation: str, request_id: str, now: float) -> Reply:
    """The answer (or its absence) to a call that never took effect."""
    return spoil(fault, None, operation, request_id, now)


def spoil(fault: Instruction, reply: Reply | None, operation: str, request_id: str, now: float) -> Reply:
    """What the client gets of a reply. ``reply`` of None: the call was not carried out."""
    processed = reply is not None
    garbled = Mishap("garbled", processed=processed)
    match fault.fault:
        case "drop_before" | "drop_after":
            return Reply(0, b"", {}, Mishap(fault.fault, processed=processed))
        case "down":
            if not fault.status:
                return Reply(0, b"", {}, Mishap("drop_before"))
            return _error(fault, operation, request_id, now, garbled)
        case "status" | "error_after":
            return _error(fault, operation, request_id, now, garbled)
        case "html":
            return Reply(fault.status or 502, _HTML, {"content-type": "text/html", **fault.headers}, garbled)
        case "empty":
            return Reply(fault.status or 200, b"", {"content-type": "application/json", **fault.headers}, garbled)
        case "top_code":
            code = fault.code or "InternalError"
            body = {"code": code, "message": fault.message or words_for(code), "request_id": request_id}
            return replace(json_reply(body, request_id, now), mishap=garbled)
        case "blank":
            return replace(json_reply({"request_id": request_id, "output": {}}, request_id, now), mishap=garbled)
        case "slow" | "slow_before" | "half_body" if reply is not None:
            return replace(reply, mishap=Mishap(fault.fault, fault.delay_s, processed=True))
        case _:
            return reply or Reply(0, b"", {}, Mishap("drop_before"))


def _error(fault: Instruction, operation: str, request_id: str, now: float, mishap: Mishap) -> Reply:
    default = 500 if fault.fault == "error_after" else 503
    status = fault.status or (CODES[fault.code][0] if fault.code in CODES else default)
    code = fault.code or _BY_STATUS.get(status, "InternalError")
    message = fault.message or words_for(code)
    if operation == "download" and status == 403 and not fault.message:
        message = "Request has expired."
    if fault.body is not None:
        reply = json_reply(fault.body, request_id, now, status)
    elif operation in ("download", "upload"):
        reply = xml_reply(status, code, message, request_id, "dashscope-result-local")
    else:
        reply = error_reply(code, request_id, now, message=message, status=status)
    return replace(reply, headers={**reply.headers, **fault.headers}, mishap=mishap)
