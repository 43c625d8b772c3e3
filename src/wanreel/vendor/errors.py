"""Whose fault each of the vendor's codes is, and what next: the one table for refusals and for FAILED tasks.

Codes are FS §9's. A code nobody has told us about is judged by its HTTP status class, on the safe side. The table says
nothing about doubt: whether a submit was refused at all is decided by `answers`, before any code is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.event import Pause
from wanreel.domain.job import Fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose fault, what to hold back, and whether the same is worth another try.

    `again`: as it is, once. `without_extend`: with prompt_extend off.
    """

    fault: Fault
    pause: Pause = Pause.NONE
    again: bool = False
    without_extend: bool = False


OURS = Verdict(Fault.OURS)
FETCH = Verdict(Fault.OURS, again=True)  # it could not fetch an input: worth one more try
THEIRS = Verdict(Fault.THEIRS)
POLICY = Verdict(Fault.POLICY)
ACCOUNT = Verdict(Fault.ACCOUNT, Pause.ACCOUNT)
MODEL = Verdict(Fault.ACCOUNT, Pause.MODEL)
BUSY = Verdict(Fault.THROTTLE, Pause.BUSY)
BURST = Verdict(Fault.THROTTLE, Pause.BURST)
QUOTA = Verdict(Fault.THROTTLE, Pause.QUOTA)

# Whole codes, then their beginnings up to a dot: `InternalError.Algo` is found under `internalerror`.
TABLE: dict[str, Verdict] = {
    "invalidapikey": ACCOUNT,
    "not authorized": ACCOUNT,
    "arrearage": ACCOUNT,
    "commoditynotpurchased": ACCOUNT,
    "prepaidbilloverdue": ACCOUNT,
    "postpaidbilloverdue": ACCOUNT,
    "accessdenied.unpurchased": ACCOUNT,
    "accessdenied": MODEL,
    "model.accessdenied": MODEL,
    "workspace.accessdenied": MODEL,
    "app.accessdenied": MODEL,
    "allocationquota.freetieronly": MODEL,
    "invalidparameter": OURS,  # also `InvalidParameter.DataInspection`: the input could not be had; check the URL
    "invalidurl": FETCH,
    "badrequest.inputdownloadfailed": FETCH,
    "badrequest": OURS,
    "invalidimage": OURS,
    "invalidimageresolution": OURS,
    "invalidimageformat": OURS,
    "invalidfile": OURS,
    "unsupportedoperation": OURS,
    "modelnotfound": OURS,
    "model_not_found": OURS,
    "workspacenotfound": OURS,
    "notfound": OURS,
    "conflict": OURS,
    "datainspectionfailed": POLICY,
    "data_inspection_failed": POLICY,
    "ipinfringementsuspect": POLICY,
    "throttling.burstrate": BURST,
    "limit_burst_rate": BURST,
    "throttling.allocationquota": QUOTA,
    "insufficient_quota": QUOTA,
    "throttling": BUSY,  # also RateQuota, and the undocumented Concurrent
    "limitrequests": BUSY,
    "internalerror": THEIRS,
    "systemerror": THEIRS,
    "modelservicefailed": THEIRS,
    "rewritefailed": Verdict(Fault.THEIRS, without_extend=True),
    "requesttimeout": THEIRS,
    "modelservingerror": THEIRS,
    "modelunavailable": THEIRS,
}


def of_refusal(http_status: int, code: str) -> Verdict:
    """Judge a submit that the vendor refused. A 429 is always "not now", whatever its code."""
    known = _known(code)
    if http_status == 429:
        return known if known is not None and known.pause is not Pause.NONE else BUSY
    if known is not None:
        return known
    if http_status == 403:
        return MODEL
    if http_status in (401, 402):
        return ACCOUNT
    return OURS


def of_task(code: str) -> Verdict:
    """Judge a FAILED task. It cost nothing, so a code nobody knows may be tried once more: as the vendor's fault."""
    known = _known(code)
    if known is None or known.fault is Fault.THROTTLE:
        return THEIRS
    return known


def _known(code: str) -> Verdict | None:
    name = code.strip().lower()
    while name:
        if name in TABLE:
            return TABLE[name]
        name = name.rpartition(".")[0]
    return None
