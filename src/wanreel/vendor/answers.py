"""The vendor's answers as our events, and nothing else: HTTP status and bytes in, one event out, never an exception.

Rubbish becomes the safe event. For a submit that is doubt (`Lost`): it may have been accepted and will be billed. For
a look or a cancel it is "not now". Only the vendor's own clear word ends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Finished,
    FinishedBlank,
    Lost,
    QueryFailed,
    Refused,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
)
from wanreel.domain.job import Outcome
from wanreel.ports.vendor import CancelAnswer, LookAnswer
from wanreel.vendor.errors import of_refusal, of_task
from wanreel.vendor.words import (
    EPOCH_MAX,
    as_list,
    as_object,
    compact,
    glimpse,
    instant,
    number,
    prompt_said,
    read_object,
    said,
    task_id,
)

URL_CHARS_MAX = 8_192
LIFE_S = 86_400.0  # FS §8: a result's URL lives a day
# A URL that is handed out long dead tells of a wrong clock: a paid clip is not given up at its first trouble for that.
# One that is handed out for good must not be tried for ever.
SKEW_S, LIFE_MIN_S, LIFE_MAX_S = 600.0, 3_600.0, 7 * LIFE_S
_BILLED = ("duration", "video_duration", "output_video_duration")  # FS §4.3, first present


def submit_answer(intent_id: str, http_status: int, raw: bytes) -> Accepted | Refused | Lost:
    """What a create call's whole answer says (design 3.2). Anything not plainly a yes or a no is doubt."""
    body = read_object(raw) or {}
    output = as_object(body.get("output"))
    code, request_id = said(body.get("code"), 200), said(body.get("request_id"), 200)
    told = output.get("task_id")
    if http_status == 200 and task_id(told) is not None:
        return Accepted(intent_id, str(told), request_id)
    refusable = http_status == 200 or (400 <= http_status < 500 and http_status not in (408, 409))
    if (http_status == 429 and not told) or (refusable and code and not told):
        verdict = of_refusal(http_status, code)
        return Refused(
            intent_id=intent_id,
            http_status=http_status,
            code=code or f"HTTP {http_status}",
            message=said(body.get("message")) or "the vendor gave no reason",
            fault=verdict.fault,
            pause=verdict.pause,
            again=verdict.again,
            request_id=request_id,
        )
    named = f"; it names task {said(told, 200)}" if told else ""
    return Lost(intent_id, trouble(http_status, raw, body) + named)


def look_answer(asked: str, http_status: int, raw: bytes, now: float) -> LookAnswer:
    """What a query's answer says about task `asked`. Any error, and any answer about another task, is "not now"."""
    body = read_object(raw)
    if http_status != 200 or body is None or said(body.get("code")):
        return QueryFailed(trouble(http_status, raw, body or {}))
    output = as_object(body.get("output"))
    status = said(output.get("task_status"), 40).upper()
    if output.get("task_id") != asked:
        told = said(output.get("task_id"), 80) or "none"
        return QueryFailed(f"the vendor answered about another task ({told})")
    if status in ("PENDING", "RUNNING", "SUSPENDED"):
        return StillRunning(status)
    if status == "SUCCEEDED":
        return _succeeded(body, output, now)
    if status == "FAILED":
        return _failed(output)
    if status in ("CANCELED", "CANCELLED"):
        return TaskCancelled()
    if status == "UNKNOWN":
        return TaskUnknown(witnessed=False)
    return QueryFailed(f"the vendor says {status or 'nothing'} about the task, which is no status known here")


def cancel_answer(http_status: int, raw: bytes) -> CancelAnswer:
    """What a cancel's answer says: yes, too late, or nothing."""
    body = read_object(raw)
    code = said((body or {}).get("code"), 200)
    if http_status == 200 and body is not None and not code:
        return CancelTaken()
    if http_status == 400 and code == "UnsupportedOperation":
        return CancelRefused(code, said((body or {}).get("message")))
    return CancelFailed(trouble(http_status, raw, body or {}))


def trouble(http_status: int, raw: bytes, body: Mapping[str, object]) -> str:
    """An answer that was of no use, in words: the vendor's own where there are any."""
    code, message = said(body.get("code"), 200), said(body.get("message"), 300)
    if code or message:
        return f"HTTP {http_status}, {': '.join(part for part in (code, message) if part)}"
    what = "the vendor's JSON without what was asked for" if body else "not the vendor's JSON"
    return f"HTTP {http_status}, {what}: {glimpse(raw)}"


def billed_seconds(usage: object) -> float | None:
    """The seconds a usage object says are billed; None where it does not say."""
    told = as_object(usage)
    return next((found for name in _BILLED if (found := number(told.get(name))) is not None), None)


def url_expiry(url: str) -> float | None:
    """When a signed URL dies: `Expires` of the V1 signature, `x-oss-date` + `x-oss-expires` of the later ones."""
    try:
        query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    except ValueError:
        return None
    expires = query.get("expires", "")
    if expires.isascii() and expires.isdigit() and len(expires) <= 12:
        return float(expires) if float(expires) <= EPOCH_MAX else None
    life, since = query.get("x-oss-expires", ""), instant(query.get("x-oss-date"))
    if since is not None and life.isascii() and life.isdigit() and len(life) <= 9:
        return since + float(life)
    return None


def _succeeded(body: Mapping[str, object], output: Mapping[str, object], now: float) -> Finished | FinishedBlank:
    usage = body.get("usage")
    url = _url(output)
    if url is None:
        return FinishedBlank(compact(usage))
    ended_at = instant(output.get("end_time"))
    told_at = url_expiry(url) or (now if ended_at is None else ended_at) + LIFE_S
    dies_at = min(told_at, now + LIFE_MAX_S) if told_at > now - SKEW_S else now + LIFE_MIN_S
    return Finished(
        Outcome(
            video_url=url,
            url_expires_at=dies_at,
            orig_prompt=prompt_said(output.get("orig_prompt")),
            actual_prompt=prompt_said(output.get("actual_prompt")),
            usage=compact(usage),
            billed_s=billed_seconds(usage),
            took_s=_took_s(instant(output.get("submit_time")), ended_at),
        )
    )


def _took_s(submitted_at: float | None, ended_at: float | None) -> float | None:
    """How long the task took from its submit to its end, by the vendor's own clock."""
    if submitted_at is None or ended_at is None or ended_at <= submitted_at:
        return None
    return ended_at - submitted_at


def _url(output: Mapping[str, object]) -> str | None:
    """`video_url`; `results.video_url` of the animate models; the pictures' list shape, should it ever come."""
    results = output.get("results")
    places: list[object] = [output.get("video_url"), as_object(results).get("video_url")]
    places += [as_object(item).get(name) for item in (as_list(results) or [])[:1] for name in ("video_url", "url")]
    for place in places:
        if isinstance(place, str) and 0 < len(place) <= URL_CHARS_MAX and place.isprintable() and " " not in place:
            return place
    return None


def _failed(output: Mapping[str, object]) -> TaskFailed:
    code, message = said(output.get("code"), 200), said(output.get("message"))
    verdict = of_task(code)
    return TaskFailed(
        code=code or "FAILED",
        message=message or "the vendor gave no reason",
        fault=verdict.fault,
        without_extend=verdict.without_extend,
    )
