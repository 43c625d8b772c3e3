"""The vendor's service as `ports.Vendor`, over aiohttp: moves bytes, and leaves their meaning to `body` and `answers`.

Promises: a submit goes out at most once, on a connection of its own, its first byte not after `send_by`; the key
travels over https, or http to this machine, to the account's own base URL and nowhere else; nothing is retried here.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

from wanreel import spans
from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.domain.event import CancelFailed, Lost, NotSent, Pause, QueryFailed, Refused
from wanreel.domain.job import Account, Intent, Job
from wanreel.domain.request import Link, Stored
from wanreel.ports.clock import Clock
from wanreel.ports.inputs import Inputs
from wanreel.ports.slots import Rates
from wanreel.ports.vendor import (
    CancelAnswer,
    ListFailed,
    Listing,
    LookAnswer,
    Offered,
    Prepared,
    PrepareFailed,
    SubmitAnswer,
    Window,
)
from wanreel.telemetry import VENDOR_CALL, log
from wanreel.vendor.answers import cancel_answer, look_answer, submit_answer
from wanreel.vendor.body import Outgoing, build, fingerprint, model_of
from wanreel.vendor.http import Answer, Broken, Call, Patience, Wire, unsafe
from wanreel.vendor.limits import QUOTAS_PER_S, SUBMITS_PER_S, TASKS_PER_S, Limits
from wanreel.vendor.listing import list_answer, list_query
from wanreel.vendor.offers import models_answer
from wanreel.vendor.paging import PAGE_SIZE
from wanreel.vendor.quotas import quota_answer
from wanreel.vendor.upload import Uploads

HOP = "x-wanreel-hop"  # the drop-in face refuses calls that carry it: never our own vendor (design 3.12)
T = TypeVar("T")
KEY_CHARS_MIN = 8
BAD = 400
_TEMPLATES = {"query": "/tasks/{task_id}", "cancel": "/tasks/{task_id}/cancel"}
KEY_CHARS_MAX = 4096  # far beyond any key; a header of this length still passes everywhere
UNUSABLE_KEY = "the API key holds characters no key has (a line break, perhaps), or far too many: set it again"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set about the calls. `inline_bytes_max`: larger local pictures go to temporary storage. `delivery`:
    auto, or always one way: inline, upload, bucket.
    """

    patience: Patience = field(default_factory=Patience)
    inline_bytes_max: int = 4_000_000
    delivery: str = "auto"
    workspace: str | None = None
    workspace_of: Callable[[Account], str | None] = lambda _: None  # where accounts differ
    refused: Callable[[Account, str], bool] = lambda _account, _key: False  # this key; whether another is to be tried
    agent: str = "wanreel"


Publish = Callable[[Stored, Path], Awaitable[str]]
"""The link by which a kept file can be fetched for some hours. Raises PrepareFailed."""


class DashScope:
    """The vendor. `key_for` says the key of an account, None where there is none; it is asked before each call."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        inputs: Inputs,
        key_for: Callable[[Account], str | None],
        options: Options | None = None,
        publish: Publish | None = None,
        rates: Rates | None = None,
    ) -> None:
        """`publish` makes a kept file readable for the vendor in the user's own storage and says by which link;
        `rates` keeps count of the calls of all processes that share a database.
        """
        self._publish = publish
        self._catalog = catalog
        self._clock = clock
        self._inputs = inputs
        self._key_for = key_for
        self._options = options or Options()
        self._wire = Wire(clock, self._options.patience)
        self._limits = Limits(clock, rates)
        self._uploads = Uploads(self._wire, self._limits, clock)

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        await self._wire.close()

    async def prepare(self, job: Job) -> Prepared:
        """Make the request's media reachable and fix the words that will go out. Raises PrepareFailed."""
        refusal = unsafe(job.account.base_url)
        if refusal:
            raise PrepareFailed(refusal, code="unsafe_base_url", fatal=True)
        request, model = job.request, model_of(job.request, self._catalog, job.account.region)
        try:
            self._headers(job.account)
        except _NoKeyError as error:
            raise PrepareFailed(str(error), code="no_key") from None
        urls = [m.source.url if isinstance(m.source, Link) else await self._reach(job, m.source) for m in request.media]
        outgoing = build(request, model, urls, extend_off=job.prompt_extend_off)
        return Prepared(fingerprint(request, model, extend_off=job.prompt_extend_off), outgoing)

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        """The paid call. What happened before its first byte is `NotSent`, anything unclear after it is `Lost`."""
        outgoing, account = prepared.body, job.account
        if not isinstance(outgoing, Outgoing):
            return NotSent(intent.id, "the request was not prepared by this adapter")
        if not await self._limits.take(account.id, f"submit:{job.request.model}", self._rate(job), by=intent.send_by):
            return NotSent(intent.id, "too many submits at once for the vendor's limit: it waits its turn")
        try:
            headers = self._headers(account)
        except _NoKeyError as error:
            return NotSent(intent.id, str(error))
        headers |= {"Content-Type": "application/json", "X-DashScope-Async": "enable"}
        if outgoing.oss:
            headers["X-DashScope-OssResourceResolve"] = "enable"
        url = account.base_url + outgoing.path
        call = Call("POST", url, headers, outgoing.encoded(), fresh=True, send_by=intent.send_by)
        try:
            answer = await self._call("submit", account, call)
        except Broken as broken:
            if not broken.sent:
                return NotSent(intent.id, broken.why)
            if broken.status == 429:  # refused by its status alone
                return submit_answer(intent.id, 429, b"")
            got = f"HTTP {broken.status}, then " if broken.status else ""
            return Lost(intent.id, f"{got}{broken.why}")
        said = submit_answer(intent.id, answer.status, answer.raw)
        if isinstance(said, Refused) and said.pause is Pause.BURST:
            self._limits.slow_down(account.id, f"submit:{job.request.model}")
        if isinstance(said, Refused) and said.pause is Pause.ACCOUNT and self._refuse(account, call, answer):
            return replace(said, pause=Pause.KEY)
        return said

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        """Ask after one task."""
        await self._limits.take(account.id, "query", TASKS_PER_S)
        try:
            answer = await self._get(account, f"/tasks/{quote(task_id, safe='')}", "query")
        except (Broken, _NoKeyError) as error:
            return QueryFailed(str(error))
        return look_answer(task_id, answer.status, answer.raw, self._clock.now())

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        """Ask to stop a task that has not begun."""
        await self._limits.take(account.id, "cancel", TASKS_PER_S)
        try:
            url = f"{account.base_url}/tasks/{quote(task_id, safe='')}/cancel"
            call = Call("POST", url, self._headers(account), fresh=True)
            answer = await self._call("cancel", account, call)
        except (Broken, _NoKeyError) as error:
            return CancelFailed(str(error))
        self._refuse(account, call, answer)
        return cancel_answer(answer.status, answer.raw)

    async def limits(self, account: Account) -> Mapping[str, int]:
        """What the vendor says of the account's limits, all pages of it. Raises ListFailed."""
        return await self._pages(account, "limits", "/models/limits", quota_answer)

    async def offers(self, account: Account) -> Mapping[str, Offered]:
        """The models the vendor lists, and which are to be retired, all pages of it. Raises ListFailed."""
        return await self._pages(account, "models", "/models", models_answer)

    async def _pages(
        self, account: Account, kind: str, path: str, read: Callable[[int, bytes], tuple[Mapping[str, T], int]]
    ) -> Mapping[str, T]:
        found: dict[str, T] = {}
        page, pages = 1, 1
        while page <= pages:
            await self._limits.take(account.id, kind, QUOTAS_PER_S)
            query = urlencode({"page_no": str(page), "page_size": str(PAGE_SIZE)})
            try:
                answer = await self._get(account, f"{path}?{query}", kind)
            except (Broken, _NoKeyError) as error:
                raise ListFailed(str(error)) from None
            more, pages = read(answer.status, answer.raw)
            found |= more
            page += 1
        return found

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        """One page of the account's tasks in a window. Raises ListFailed."""
        await self._limits.take(account.id, "list", TASKS_PER_S)
        query = list_query(window, page)
        asked_at = self._clock.now()
        try:
            answer = await self._get(account, f"/tasks/?{urlencode(query)}", "list")
        except (Broken, _NoKeyError) as error:
            raise ListFailed(str(error)) from None
        return list_answer(answer.status, answer.raw, page, date=answer.date, now=(asked_at + self._clock.now()) / 2)

    # --- the calls ---------------------------------------------------------------------------------------------------

    async def _get(self, account: Account, path: str, kind: str) -> Answer:
        call = Call("GET", account.base_url + path, self._headers(account))
        answer = await self._call(kind, account, call)
        self._refuse(account, call, answer)
        return answer

    def _refuse(self, account: Account, call: Call, answer: Answer) -> bool:
        """Note a key that the vendor does not take; whether the account has another to try."""
        if answer.status != 401:
            return False
        return self._options.refused(account, call.headers["Authorization"].removeprefix("Bearer "))

    async def _call(self, kind: str, account: Account, call: Call) -> Answer:
        """One exchange, noted in the log without a word of what was in it, its answer without our key."""
        began = self._clock.now()
        status: int | None = None
        with spans.opened(call.method, spans.Sort.CLIENT, {}) as span:
            if spans.traced():
                _trace(span, kind, account, call)
            try:
                answer = await self._wire.exchange(call)
                status = answer.status
            except Broken as broken:
                status = broken.status
                raise
            finally:
                seconds = round(self._clock.now() - began, 3)
                log.debug(VENDOR_CALL, kind=kind, account=account.id, status=status, seconds=seconds)
                if status is not None:
                    span.note(spans.STATUS, status)
                    if status >= BAD:
                        span.note(spans.ERROR, str(status))
        key = (self._key_for(account) or "").encode()
        hidden = answer.raw.replace(key, b"(key)") if len(key) >= KEY_CHARS_MIN else answer.raw
        return Answer(answer.status, hidden, answer.date)

    def _headers(self, account: Account) -> dict[str, str]:
        """What every call carries. Raises _NoKeyError when there is no key, or it must not travel there."""
        refusal = unsafe(account.base_url)
        if refusal:
            raise _NoKeyError(refusal)
        key = self._key_for(account)
        if not key:
            raise _NoKeyError(f"no API key for {account.base_url}: set DASHSCOPE_API_KEY, for that address")
        if not may_be_key(key):
            raise _NoKeyError(UNUSABLE_KEY)
        headers = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "User-Agent": self._options.agent,
            HOP: "1",
        }
        workspace = self._options.workspace_of(account) or self._options.workspace
        if workspace:
            headers["X-DashScope-WorkSpace"] = workspace
        return headers

    def _rate(self, job: Job) -> float:
        try:
            limit = self._catalog.limit(job.request.model, job.account.region)
        except Invalid:  # a region the catalog does not know
            limit = None
        return float(limit.submits_per_s) if limit else SUBMITS_PER_S

    # --- local files -------------------------------------------------------------------------------------------------

    async def _reach(self, job: Job, file: Stored) -> str:
        """A URL by which the vendor gets a kept file: inline where it is a small picture, else its own storage."""
        try:
            path = self._inputs.path(file.sha256)
        except NotFound as gone:
            words = f"{file.name or 'an input'} is no longer in the home's store of inputs; submit it again"
            raise PrepareFailed(words, code="input_missing", fatal=True) from gone
        except Unavailable as why:
            raise PrepareFailed(why.message) from why
        inline = _goes_inline(self._options.delivery, file, self._options.inline_bytes_max)
        try:
            whole, digest = await asyncio.to_thread(_read, path, inline=inline)
        except OSError as error:
            words = f"{file.name or path.name} cannot be read from the home's store of inputs: {error.strerror}"
            raise PrepareFailed(words) from error
        if digest != file.sha256:
            words = f"{file.name or path.name} has changed in the home's store of inputs; submit it again"
            raise PrepareFailed(words, code="input_changed", fatal=True)
        if inline:
            return f"data:{file.mime};base64,{base64.b64encode(whole).decode()}"
        if self._options.delivery == "bucket" and self._publish is not None:
            return await self._publish(file, path)
        return await self._uploads.put(job.account, job.request.model, file, path, self._headers(job.account))


def _goes_inline(delivery: str, file: Stored, inline_bytes_max: int) -> bool:
    """Whether a file travels inside the call: only pictures can."""
    if not file.mime.startswith("image/"):
        return False
    return delivery == "inline" or (delivery == "auto" and file.size_bytes <= inline_bytes_max)


def may_be_key(key: str) -> bool:
    """Whether a key can travel in a header at all."""
    return key.isascii() and key.isprintable() and " " not in key and len(key) <= KEY_CHARS_MAX


class _NoKeyError(Exception):
    """A call that cannot be made for want of a key that may travel."""


def _read(path: Path, *, inline: bool) -> tuple[bytes, str]:
    """The file's SHA-256, and its bytes where they go inline; a large file is never held whole."""
    if inline:
        whole = path.read_bytes()
        return whole, hashlib.sha256(whole).hexdigest()
    with path.open("rb") as file:
        return b"", hashlib.file_digest(file, "sha256").hexdigest()


def _trace(span: spans.Span, kind: str, account: Account, call: Call) -> None:
    """What a span says of a call: never its query, its headers or its words."""
    base, url = urlsplit(account.base_url), urlsplit(call.url)
    template = _TEMPLATES.get(kind) or url.path.removeprefix(base.path)
    span.call(f"{call.method} {template}")
    span.note(spans.METHOD, call.method)
    span.note(spans.TEMPLATE, template)
    span.note(spans.CALL, kind)
    span.note(spans.ACCOUNT, account.id)
    span.note(spans.HOST, url.hostname or "")
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    if port is not None:
        span.note(spans.PORT, port)
