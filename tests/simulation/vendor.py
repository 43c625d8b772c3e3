"""The vendor as a simulated worker sees it, with everything that can happen to a call on its way.

The emulator's desk is asked with real bodies, and its answers are read by the real translation.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlsplit

from tests.simulation.auditor import Auditor
from tests.simulation.clips import PIECES, clip_of
from tests.simulation.doors import Store
from tests.simulation.faults import AFTERTHOUGHTS, CANCEL, CREATE, DOWNLOAD, FATES, LIST, QUERY
from tests.simulation.world import STALLED, BrokenPromise, World, hand, run_through
from wanreel.domain.catalog import Catalog
from wanreel.domain.catalog_data import parse
from wanreel.domain.event import CancelFailed, Finished, Lost, NotSent, QueryFailed, TaskFailed, Trouble
from wanreel.domain.job import Account, Archiving, Intent, Job
from wanreel.domain.request import Stored
from wanreel.emulator.desk import Desk
from wanreel.emulator.replies import Reply
from wanreel.emulator.scripts import Instruction
from wanreel.ports.archive import KeepFailed
from wanreel.ports.vendor import (
    CancelAnswer,
    LikenessFailed,
    ListFailed,
    Listing,
    LookAnswer,
    Prepared,
    PrepareFailed,
    SubmitAnswer,
    Window,
)
from wanreel.vendor.answers import cancel_answer, look_answer, submit_answer
from wanreel.vendor.body import Outgoing, build, fingerprint, model_of
from wanreel.vendor.listing import list_answer, list_query

KEY = {"authorization": "Bearer sk-simulated"}
CREATING = {**KEY, "x-dashscope-async": "enable"}
SECOND, SECOND_KEY = "second", "sk-second-simulated"
THEIRS = {"authorization": "Bearer sk-stranger", "x-dashscope-async": "enable"}
ACCOUNT_ID = "main"
PICTURES = "https://pictures.example/"
SUBMIT_S, LOOK_S, FETCH_S = 0.8, 0.2, 2.0
PATIENCE_S, HELD_MAX_S = 45.0, 280.0  # we hang up; the vendor may still take it
TWIN_S = 4.0
MOVED_ON = ("Unconfirmed", "Queued", "Generating", "Archiving", "Succeeded", "Succeeded", "Failed", "Cancelled")
"""Where a job may have got to when a stalled worker comes back with its answer; the furthest is seldom reached."""
LOOKED_ON = ("Archiving", "Succeeded")
STALLS = 3  # chances for it, where a verdict of the vendor hangs on it
URL_LATE_MAX = 2  # looks; after five the job rightly ends
GONE = Instruction("drop_before")  # the vendor's host is down
REVOKED = Instruction("status", status=401, code="InvalidApiKey")
UNCONNECTED = 0.5  # of the submits to a host that is down do not even find a connection
FORBIDDEN_S = (0.0, 0.0, 120.0, 600.0)  # how long a result's host goes on refusing


@lru_cache(maxsize=1)
def the_catalog() -> Catalog:
    """The catalog that ships with the package."""
    return parse(tomllib.loads(files("wanreel").joinpath("data/catalog.toml").read_text("utf-8")))


class VendorDoor:
    """`ports.Vendor` over the emulator's desk."""

    def __init__(self, world: World, desk: Desk, store: Store, auditor: Auditor) -> None:
        self.world = world
        self.desk = desk
        self.store = store
        self.auditor = auditor
        self.url_late: Counter[str] = Counter()
        self.strangers = 0.0  # the share of our calls that a stranger makes as well
        self.trouble: Instruction | None = None  # what every call of the main account meets meanwhile
        self.met: Counter[str] = Counter()  # calls that did

    async def prepare(self, job: Job) -> Prepared:
        await hand("prepare", job.id)
        if self.world.faults.hit("input_not_ready"):
            raise PrepareFailed("the upload was refused for now")
        if self.world.faults.hit("input_gone"):
            raise PrepareFailed("cat.png is gone", code="input_missing", fatal=True)
        request, model = job.request, model_of(job.request, the_catalog(), job.account.region)
        urls = [f"{PICTURES}{item.source.sha256}.png" for item in request.media if isinstance(item.source, Stored)]
        outgoing = build(request, model, urls, extend_off=job.prompt_extend_off)
        return Prepared(fingerprint(request, model, extend_off=job.prompt_extend_off), outgoing)

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        await hand("submit", job.id, 0.1)
        faults = self.world.faults
        if self.world.wall > intent.send_by:
            return self._said(job, NotSent(intent.id, "too late to send"))
        if faults.hit("not_sent"):
            return self._said(job, NotSent(intent.id, "no route to host"))
        if self.trouble == GONE and self._troubled("submit", job.account) and self.world.rng.random() < UNCONNECTED:
            return self._said(job, NotSent(intent.id, "connection refused"))
        self.auditor.sending(job, intent, await self.store.get(job.id))
        if faults.hit("request_late"):
            return await self._late(job, intent, prepared)
        kind = faults.first_of(CREATE)
        reply = self._create(job, prepared, kind)
        await hand("submit answered", job.id, 45.0 if kind == "answer_slow" else SUBMIT_S)
        if faults.hit("worker_stalls"):
            await hand(STALLED, f"{job.id} {self.world.rng.choice(MOVED_ON)}")
        if self.trouble == GONE and self._troubled("submit", job.account):
            return self._said(job, Lost(intent.id, "the connection broke"))
        if reply.status == 0 or kind == "answer_slow":
            return self._said(job, Lost(intent.id, f"no answer ({kind})"))
        return self._said(job, submit_answer(intent.id, reply.status, _raw(reply)))

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        await hand("look", task_id, LOOK_S)
        faults = self.world.faults
        kind = faults.first_of(QUERY)
        fault = QUERY[kind] if kind else self._afterthought(task_id) or self._url_late(task_id)
        fault = self._troubled("look", account) or fault
        others = [known for known in self.auditor.tasks if known != task_id]
        asked = others[-1] if others and faults.hit("look_other") else task_id
        reply = self.desk.query(asked, key_of(account), self.world.now, fault=fault)
        await hand("looked", task_id)
        if reply.status == 0:
            answer: LookAnswer = QueryFailed(f"no answer ({kind})")
        else:
            answer = look_answer(task_id, reply.status, _raw(reply), self.world.wall)
        self.auditor.looked(task_id, answer)
        if isinstance(answer, (TaskFailed, Finished)) and any(faults.hit("worker_stalls") for _ in range(STALLS)):
            until = "Generating anew" if isinstance(answer, TaskFailed) else self.world.rng.choice(LOOKED_ON)
            await hand(STALLED, f"{self.auditor.owner_of(task_id)} {until}")
        return answer

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        await hand("cancel", task_id, LOOK_S)
        kind = self.world.faults.first_of(CANCEL)
        fault = self._troubled("cancel", account) or (CANCEL[kind] if kind else None)
        reply = self.desk.cancel(task_id, key_of(account), self.world.now, fault=fault)
        await hand("cancel answered", task_id)
        if reply.status == 0:
            return CancelFailed(f"no answer ({kind})")
        return cancel_answer(reply.status, _raw(reply))

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        await hand("list", f"page {page}", LOOK_S)
        kind = self.world.faults.first_of(LIST)
        fault = self._troubled("list", account) or (LIST[kind] if kind else None)
        reply = self.desk.list(list_query(window, page), key_of(account), self.world.now, fault=fault)
        asked_at = self.world.wall
        await hand("listed", f"page {page}")
        if reply.status == 0:
            raise ListFailed(f"no answer ({kind})")
        date = formatdate(self.world.now, usegmt=True)
        return list_answer(reply.status, _raw(reply), page, date=date, now=asked_at)

    async def _late(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        """A call that somebody on the way holds back: it reaches the vendor long after we have hung up."""
        ticket = self.auditor.ticket_of(job)
        ticket.underway += 1

        def arrive() -> None:
            ticket.underway -= 1
            self._create(job, prepared, None)

        self.world.after(PATIENCE_S + self.world.rng.random() * (HELD_MAX_S - PATIENCE_S), arrive)
        await hand("submit answered", job.id, PATIENCE_S)
        return self._said(job, Lost(intent.id, "no answer (request_late)"))

    def _create(self, job: Job, prepared: Prepared, kind: str | None) -> Reply:
        """The desk takes the call, or what the network left of it; its books go to the auditor."""
        outgoing = prepared.body
        if not isinstance(outgoing, Outgoing):
            raise BrokenPromise("the body is not what was prepared")
        fault = self._troubled("submit", job.account) or (CREATE[kind] if kind else None)
        carried_out = fault is None or fault.takes_effect
        if carried_out and (fate := self.world.faults.fate()):
            fault = replace(fault or Instruction("pass"), fate=FATES[fate])
        path = "image2video" if "image2video" in outgoing.path else "video-generation"
        headers = CREATING | key_of(job.account)
        reply = self.desk.create(path, headers, json.loads(outgoing.encoded()), self.world.now, fault=fault)
        self.auditor.books(self.desk.tasks(self.world.now), job)
        shared = job.account.id == ACCOUNT_ID  # strangers use the one account alone, with a key of their own
        if self.world.rng.random() < self.strangers and shared and (carried_out or self.key_is_known()):
            self.world.after(self.world.rng.random() * TWIN_S, lambda: self._twin(path, outgoing))
        return reply

    def _twin(self, path: str, outgoing: Outgoing) -> None:
        """Somebody else on our account asks for the very same, under a key of theirs."""
        body = json.loads(outgoing.encoded())
        self.desk.create(path, THEIRS, body, self.world.now, fault=None)
        self.auditor.strangers(self.desk.tasks(self.world.now))

    def key_is_known(self) -> bool:
        """Whether the list has shown a task of ours that an answer told us of."""
        return bool(run_through(self.store.facts(ACCOUNT_ID)).key_ids)

    def run_at_most(self, running: int, model: str) -> None:
        """From now on the main account runs so many tasks of a model; those that run already go on."""
        lane = self.desk.ledger.lane(self.desk.gate.doors.accounts[ACCOUNT_ID], self.desk.catalog.models[model])
        lane.advance(self.world.now)
        lane.running_max = running

    def _troubled(self, what: str, account: Account) -> Instruction | None:
        if self.trouble is None or account.id != ACCOUNT_ID:
            return None
        self.met[what] += 1
        return self.trouble

    def _afterthought(self, task_id: str) -> Instruction | None:
        """A vendor that has said SUCCEEDED may tell something else when it is asked again for the URL."""
        job_id = self.auditor.owner_of(task_id)
        if job_id is None or not isinstance(self.auditor.job(job_id).state, Archiving):
            return None
        if not self.world.faults.hit("look_afterthought"):
            return None
        word = self.world.rng.choice(AFTERTHOUGHTS)
        return Instruction("unknown", code="SUCCEEDED" if word == "BLANK" else word)

    def _url_late(self, task_id: str) -> Instruction | None:
        """A vendor may say SUCCEEDED a look or two before it has the URL."""
        task = self.auditor.tasks.get(task_id)
        self.desk.advance(self.world.now)
        done = task is not None and task.status_at(self.world.now) == "SUCCEEDED"
        if not done or self.url_late[task_id] >= URL_LATE_MAX or not self.world.faults.hit("url_late"):
            return None
        self.url_late[task_id] += 1
        return Instruction("unknown", code="SUCCEEDED")

    def _said(self, job: Job, answer: SubmitAnswer) -> SubmitAnswer:
        self.auditor.answered(job, answer)
        return answer


class LikenessDoor:
    """`ports.Likeness`: knows which picture a task was made from, and is sometimes of no help."""

    def __init__(self, world: World, desk: Desk) -> None:
        self.world = world
        self.desk = desk

    async def distances(
        self, account: Account, url: str, pictures: Mapping[str, tuple[str | None, str | None]]
    ) -> dict[str, float]:
        await hand("compare frames", url[-24:], FETCH_S)
        faults, parts = self.world.faults, urlsplit(url)
        if faults.hit("frames_unreadable"):
            raise LikenessFailed("the clip could not be fetched")
        key, query = parts.path.removeprefix("/results/"), dict(parse_qsl(parts.query))
        answer = self.desk.download("GET", key, query, {}, self.world.now, fault=None)
        if isinstance(answer, Reply):
            raise LikenessFailed(f"HTTP {answer.status}", final=True)
        made_from = str(answer.task.body["input"].get("img_url", "")).removeprefix(PICTURES).removesuffix(".png")
        alike = faults.hit("frames_alike")
        rng = self.world.rng
        return {
            job_id: 0.03 + 0.02 * rng.random() if first == made_from or alike else 0.2 + 0.3 * rng.random()
            for job_id, (first, _) in pictures.items()
        }


class ResultsDoor:
    """`ports.Results` over the desk: a clip in pieces, resumed by nobody, its length checked."""

    def __init__(self, world: World, desk: Desk, auditor: Auditor, *, checks: bool = True) -> None:
        self.world = world
        self.desk = desk
        self.auditor = auditor
        self.checks = checks
        self.forbidden_until = 0.0

    async def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        await hand("fetch", url[-24:], FETCH_S)
        faults, parts = self.world.faults, urlsplit(url)
        key = parts.path.removeprefix("/results/")
        self.auditor.fetched(key)
        kind = faults.first_of(DOWNLOAD)
        if kind == "download_forbidden":
            self.forbidden_until = self.world.now + self.world.rng.choice(FORBIDDEN_S)
        elif faults.rates and self.world.now < self.forbidden_until:
            kind = "download_forbidden"
        fault = DOWNLOAD[kind] if kind else None
        answer = self.desk.download("GET", key, dict(parse_qsl(parts.query)), {}, self.world.now, fault=fault)
        if isinstance(answer, Reply):
            if answer.status in (403, 404):
                raise KeepFailed(Trouble.SOURCE_REFUSED, f"HTTP {answer.status}")
            raise KeepFailed(Trouble.SOURCE_FAILED, f"HTTP {answer.status}")
        data = clip_of(answer.task.id)
        announced = len(data)
        if kind == "download_cut":
            data = data[: len(data) // 2]
        elif kind == "download_zero":
            data, announced = b"", 0
        elif kind == "download_xml":
            data = b"<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
            announced = len(data)
        elif kind == "download_short":
            announced = len(data) - 40
            data = data[:announced]
        size = max(1, -(-len(data) // PIECES))
        for at in range(0, len(data), size):
            yield data[at : at + size]
            await hand("piece", url[-24:])
        if self.checks and len(data) != announced:
            raise KeepFailed(Trouble.SOURCE_FAILED, f"cut after {len(data)} of {announced} bytes")


def key_of(account: Account) -> dict[str, str]:
    """The header that calls of an account carry."""
    return {"authorization": f"Bearer {SECOND_KEY}"} if account.id == SECOND else KEY


def _raw(reply: Reply) -> bytes:
    """The bytes that came: whole, or cut in the middle."""
    raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    half = reply.mishap is not None and reply.mishap.kind == "half_body"
    return raw[: len(raw) // 2] if half else raw
