"""The client's body against a server: the same surface as an embedded one, over HTTP.

An order is sent with an idempotency key, always: when the answer is lost it is sent again under the same key, and the
server makes no second job of it. Waiting follows the server's events, and asks now and then where those do not come.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import hashlib
import json
import mimetypes
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack
from urllib.parse import quote

import aiohttp

from wanreel.client.answers import error_of, planned_of, video_of
from wanreel.client.opinions import diagnosis_of, group_of, group_view_of, pick_of, review_of, standing_of
from wanreel.client.video import GenerationFailed, NeedsAttention, Video, Wish, order_fields
from wanreel.client.wire import AGAIN_S, TRIES, Wire
from wanreel.domain.clip import ClipFacts
from wanreel.domain.errors import Conflict, Invalid, Problem, Unauthorized, Unavailable
from wanreel.domain.group import Group
from wanreel.domain.reference import DATA_BYTES_MAX, LocalPath, read_reference
from wanreel.domain.verdict import Pick, Review, Standing
from wanreel.ports.clock import Clock
from wanreel.prompt.templates import Template
from wanreel.service.batch import read_batch
from wanreel.service.diagnosis import Diagnosis
from wanreel.service.order import Planned
from wanreel.service.picture import GroupView
from wanreel.service.reading import Embed

JUDGES_S = 900.0  # that judges may take over one clip
POLL_S = 2.0  # between looks, where no events come
PAGE = 100
FILES = ("first_frame", "last_frame", "audio_file")


class RemoteClient:
    """Make videos on a server and let it keep them. Use it in an `async with` block."""

    def __init__(self, server: str, token: str | None, clock: Clock) -> None:
        self._wire = Wire(server, token, clock)
        self._clock = clock

    def __repr__(self) -> str:
        return f"<RemoteClient {self._wire.server}>"

    async def __aenter__(self) -> Self:
        """Open connections as they are needed. Raises Conflict (it is open)."""
        self._wire.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections; jobs go on without us."""
        await self._wire.close()

    async def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> list[Video]:
        """Make durable jobs and return at once; variants differ in their seeds. Raises Invalid, Unauthorized,
        Conflict (the `key` was used for another wish), Unavailable (the server cannot be reached).
        """
        body = _body(prompt, variants, wish)
        key = str(body.pop("key", None) or self._clock.new_id("key"))
        told = await self._wire.ask("POST", "/v1/jobs", body, {"Idempotency-Key": key})
        return [self._video(job) for job in told["jobs"]]

    async def generate(
        self, prompt: str | None = None, *, timeout_s: float | None = None, **wish: Unpack[Wish]
    ) -> Video:
        """Make one clip and wait until it is archived. Raises Invalid, Unauthorized, GenerationFailed, NeedsAttention,
        TimeoutError (the job goes on; `wait` for it later).
        """
        video = (await self.submit(prompt, **wish))[0]
        done = await self.wait(video.id, timeout_s=timeout_s)
        if done.attention:
            raise NeedsAttention(done)
        if done.state != "succeeded":
            raise GenerationFailed(done)
        return done

    async def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> Planned:
        """Check and price a wish; nothing is stored, sent or paid. Raises Invalid."""
        body = _body(prompt, variants, wish)
        body.pop("key", None)
        return planned_of(await self._wire.ask("POST", "/v1/estimate", body))

    async def batch(self, file: str | Path, *, name: str | None = None, again: bool = False) -> list[Video]:
        """Make durable jobs of every row of a .jsonl or .csv file, row by row; rows that were ordered before under the
        batch's name keep the jobs they have, unless `again`. Raises Invalid, Unauthorized.
        """
        path, made = Path(file), list[Video]()
        for row in read_batch(path, name, self._clock.new_id("run") if again else None):
            body = {f.name: getattr(row.order, f.name) for f in fields(row.order) if f.name not in ("key", "ask")}
            body = _with_files({k: v for k, v in body.items() if v is not None})
            key = hashlib.sha256(str(row.order.key).encode("utf-8", "surrogatepass")).hexdigest()
            told = await self._wire.ask("POST", "/v1/jobs", _figures(body), {"Idempotency-Key": key})
            made += [self._video(job) for job in told["jobs"]]
        return made

    async def wait(self, job_id: str, *, timeout_s: float | None = None) -> Video:
        """Wait until a job has ended or needs a person. Raises NotFound, TimeoutError."""
        return (await self.wait_all([job_id], timeout_s=timeout_s))[0]

    async def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout_s: float | None = None,
        on_change: Callable[[Sequence[Video]], None] | None = None,
    ) -> list[Video]:
        """Wait until all these jobs have ended or need a person; `on_change` sees them whenever one has moved.
        Raises NotFound, TimeoutError.
        """
        ids = list(job_ids)
        until = None if timeout_s is None else self._clock.now() + timeout_s
        events = self._changes(ids[0] if len(ids) == 1 else None)
        videos = {job_id: await self.get(job_id) for job_id in ids}
        shown: dict[str, tuple[int, str | None]] = {}
        try:
            while True:
                seen = {v.id: (v.job.version, v.attention) for v in videos.values()}
                if seen != shown and on_change is not None:
                    on_change(list(videos.values()))
                shown = seen
                waiting = [v.id for v in videos.values() if not (v.done or v.attention)]
                if not waiting:
                    return list(videos.values())
                rest_s = None if until is None else until - self._clock.now()
                if rest_s is not None and rest_s <= 0:
                    raise TimeoutError(f"still not done after {timeout_s:g} s: {', '.join(waiting[:5])}; they go on")
                changed = await _within(anext(events), rest_s)
                again = waiting if changed is None else [changed] if changed in waiting else []
                videos |= {job_id: await self.get(job_id) for job_id in again}
        finally:
            await events.aclose()

    async def get(self, job_id: str) -> Video:
        """A job as it stands. Raises NotFound."""
        return self._video(await self._wire.ask("GET", f"/v1/jobs/{job_id}"))

    async def list(
        self,
        *,
        states: Sequence[str] = (),
        group: str | None = None,
        project: str | None = None,
        tag: str | None = None,
        favourites: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Video]:
        """Jobs, newest first; `after` is the id of the last one seen. Raises NotFound (no such `after`)."""
        found: list[Video] = []
        while len(found) < limit:
            asked = {"group": group, "project": project, "tag": tag, "after": after}
            query = [("state", state) for state in states] + [(k, v) for k, v in asked.items() if v is not None]
            query += [("favourites", "true")] if favourites else []
            query.append(("limit", str(min(PAGE, limit - len(found)))))
            page = await self._wire.ask("GET", "/v1/jobs", query=query)
            found += [self._video(job) for job in page["data"]]
            after = page["next"]
            if after is None:
                break
        return found

    async def group(self, group_id: str) -> list[Video]:
        """The jobs of a group, in their order. Raises NotFound."""
        return [self._video(job) for job in (await self._wire.ask("GET", f"/v1/groups/{group_id}"))["jobs"]]

    async def group_view(self, group_id: str) -> GroupView:
        """A group as it stands: its record, its takes, what was picked. Raises NotFound."""
        told = await self._wire.ask("GET", f"/v1/groups/{group_id}")
        return group_view_of(told, [self._video(job).job for job in told["jobs"]])

    async def groups(
        self, *, project: str | None = None, limit: int = 50, after: str | None = None
    ) -> builtins.list[Group]:
        """Records of groups, newest first; `after` is the id of the last one seen. Raises NotFound (no such one)."""
        found: builtins.list[Group] = []
        while len(found) < limit:
            asked = {"project": project, "after": after, "limit": str(min(PAGE, limit - len(found)))}
            query = [(name, value) for name, value in asked.items() if value is not None]
            page = await self._wire.ask("GET", "/v1/groups", query=query)
            found += [group_of(row) for row in page["data"]]
            after = page["next"]
            if after is None:
                break
        return found

    async def wait_group(self, group_id: str, *, timeout_s: float | None = None) -> builtins.list[Video]:
        """Wait until every clip of a group has ended or needs a person; in the group's order. Raises NotFound,
        TimeoutError.
        """
        view = await self.group_view(group_id)
        return await self.wait_all([take.job.id for take in view.takes], timeout_s=timeout_s)

    async def rank(self, group_id: str) -> builtins.list[Standing]:
        """A group's clips, the best first; those nobody has looked at are looked at now (not for a token that may only
        read: it gets what is known). Raises NotFound.
        """
        told = (await self._wire.ask("GET", f"/v1/groups/{group_id}/reviews"))["data"]
        unseen = [row["job"] for row in told if row["score"] is None]
        for job_id in unseen:
            with suppress(Unauthorized):
                await self.review(job_id)
        if unseen:
            told = (await self._wire.ask("GET", f"/v1/groups/{group_id}/reviews"))["data"]
        return [standing_of(row) for row in told]

    async def review(self, job_id: str, *, again: bool = False) -> Review:
        """What judges say of a clip; they may take minutes. Raises NotFound, Conflict (there is none), Unavailable
        (they have too much to look at).
        """
        path, tries = f"/v1/jobs/{job_id}/review", 1 if again else TRIES  # judges elsewhere are paid for each look
        return review_of(await self._wire.ask("POST", path, {"again": again}, tries=tries, patience_s=JUDGES_S))

    async def pick(self, job_id: str, *, change: bool = False, by: str = "", note: str = "") -> Pick:
        """Say that it is this clip; the server keeps the token's id beside `by`. Raises NotFound, Conflict (another one
        was picked, and `change` was not said).
        """
        body = {"change": change, "by": by, "note": note}
        return pick_of(await self._wire.ask("POST", f"/v1/jobs/{job_id}/pick", body))

    async def replace(self, job_id: str, *, seed: int | None = None) -> Video:
        """Another take in the place of one that has ended, with another seed. Raises Conflict, Invalid."""
        path = f"/v1/jobs/{job_id}/replace"
        return self._video(await self._wire.ask("POST", path, {"seed": seed}, self._key()))

    async def diagnose(self, job_id: str) -> Diagnosis:
        """Which known cause fits a clip that looks wrong, and the one command for a better try; a clip nobody has
        looked at is looked at now (not for a token that may only read). Raises Conflict.
        """
        with suppress(Conflict, Unauthorized):  # there is no clip, or it is not ours to have it judged
            await self.review(job_id)
        return diagnosis_of(await self._wire.ask("GET", f"/v1/jobs/{job_id}/diagnosis"))

    async def usage(
        self,
        by: str = "project",
        *,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        project: str | None = None,
    ) -> builtins.list[dict[str, Any]]:
        """Where the money went: a line for each project, model, day or tag and currency, amounts as text. `since` and
        `until` are days of `zone` (Asia/Shanghai); without them the last thirty. Raises Invalid.
        """
        asked = {"by": by, "since": since, "until": until, "zone": zone, "project": project}
        query = [(name, value) for name, value in asked.items() if value is not None]
        return (await self._wire.ask("GET", "/v1/usage", query=query))["data"]

    async def history(self, job_id: str) -> list[dict[str, Any]]:
        """Everything that happened to a job, oldest first, as plain values. Raises NotFound."""
        return (await self._wire.ask("GET", f"/v1/jobs/{job_id}/history"))["data"]

    async def stream(self, *, after: int | None = None, group: str | None = None) -> AsyncGenerator[dict[str, Any]]:
        """What happens, as it happens, each once and in order, through any break of the connection; `after` is the
        `seq` of the last event seen.
        """
        while True:
            query = [(k, str(v)) for k, v in (("after", after), ("group", group)) if v is not None]
            with suppress(aiohttp.ClientError, TimeoutError):
                async for event in self._wire.events(query):
                    if event is not None:
                        after = event["seq"]
                        yield event
            await self._clock.sleep(AGAIN_S)

    async def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped. What the vendor has begun is paid, and kept unless `discard`. Raises Conflict."""
        return self._video(await self._wire.ask("POST", f"/v1/jobs/{job_id}/cancel", {"discard": discard}))

    async def mark(
        self,
        job_id: str,
        *,
        favourite: bool | None = None,
        tags: Sequence[str] | None = None,
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> Video:
        """Say that a job is a favourite (or is not), or give it other tags: `tags` in the place of those it has, or
        `add_tags` and `remove_tags`. Raises NotFound, Invalid.
        """
        told = {"favourite": favourite, "tags": tags, "add_tags": add_tags or None, "remove_tags": remove_tags or None}
        given = {name: value for name, value in told.items() if value is not None}
        body = {name: value if isinstance(value, bool) else [*value] for name, value in given.items()}
        return self._video(await self._wire.ask("PATCH", f"/v1/jobs/{job_id}", body))

    async def retry(self, job_id: str) -> Video:
        """Repeat a failed or cancelled job as a new one. Raises Conflict."""
        return self._video(await self._wire.ask("POST", f"/v1/jobs/{job_id}/retry", None, self._key()))

    async def resolve(
        self, job_id: str, *, adopt: str | None = None, resubmit: bool = False, give_up: bool = False, note: str = ""
    ) -> Video:
        """Settle a job in doubt. Raises Invalid (not exactly one of them), Conflict (the job is in no doubt)."""
        body = {"adopt": adopt, "resubmit": resubmit, "give_up": give_up, "note": note}
        return self._video(await self._wire.ask("POST", f"/v1/jobs/{job_id}/resolve", body, tries=1))

    async def templates(self) -> builtins.list[Template]:
        """Prompts with variables: those that ship, and the home's own. `Template.fill` makes a prompt of one."""
        return [_template(row) for row in (await self._wire.ask("GET", "/v1/prompt/templates"))["data"]]

    async def save_template(self, name: str, text: str, *, mode: str = "t2v", kind: str = "own") -> Template:
        """Keep a prompt with `{variables}` under a name; the same name again replaces it. Raises Invalid, Unauthorized
        (a token of one project only reads them).
        """
        body = {"text": text, "mode": mode, "kind": kind}
        return _template(await self._wire.ask("PUT", f"/v1/prompt/templates/{quote(name, safe='')}", body))

    async def remove_template(self, name: str) -> None:
        """Forget one of the home's own templates. Raises NotFound."""
        await self._wire.ask("DELETE", f"/v1/prompt/templates/{quote(name, safe='')}", tries=1)

    async def save(self, job_id: str, out: str | Path) -> Path:
        """Copy a job's clip into a file of this machine, or into a folder, never more of it in memory than a piece; its
        hash is compared with what the server recorded. Raises NotFound, Conflict, Unavailable.
        """
        target, video = Path(out), await self.get(job_id)
        if await asyncio.to_thread(target.is_dir):
            target /= f"{video.id}.mp4"
        part, digest = target.with_name(f".{target.name}.part"), hashlib.sha256()
        async with self._wire.session.get(f"{self._wire.server}/v1/jobs/{video.id}/artifact") as answer:
            if answer.status != 200:
                raise error_of(answer.status, await answer.read())
            with part.open("wb") as file:
                async for piece in answer.content.iter_chunked(256 * 1024):
                    file.write(piece)
                    digest.update(piece)
        if digest.hexdigest() != video.sha256:
            part.unlink()
            raise Unavailable(f"what came is not the clip of {video.id}: its hash differs; nothing was written")
        part.replace(target)
        return target

    async def embed(self, job_id: str) -> Embed:
        """The HTML that shows a clip on a page, with links that last until they are revoked. Raises NotFound, Conflict,
        Invalid (the server has no public address).
        """
        told = await self._wire.ask("POST", f"/v1/jobs/{job_id}/embed", {})
        return Embed(told["html"], told["clip"], told["poster"], told["still"], ClipFacts(**told["facts"]))

    async def unshare(self, job_id: str) -> int:
        """End a job's lasting links for good; how many were live. Raises NotFound."""
        return (await self._wire.ask("DELETE", f"/v1/jobs/{job_id}/embed"))["revoked"]

    # --- inside -----------------------------------------------------------------------------------------------------

    def _key(self) -> dict[str, str]:
        """A key of its own for what must not happen twice, however often it is sent."""
        return {"Idempotency-Key": self._clock.new_id("key")}

    def _video(self, job: Mapping[str, Any]) -> Video:
        return video_of(job, self._wire.server)

    async def _changes(self, job: str | None) -> AsyncGenerator[str | None]:
        """Ids of jobs that have changed, as they do; None: it is time to look at all of them."""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async for event in self._wire.events([("job", job)] if job else []):
                    yield None if event is None else event["job"]
            await self._clock.sleep(POLL_S)
            yield None


def _template(row: Mapping[str, Any]) -> Template:
    return Template(row["name"], row["kind"], row["mode"], row["en"], row["zh"])


async def _within(coming: Any, patience_s: float | None) -> str | None:
    """The next of something, or None when patience has run out."""
    try:
        async with asyncio.timeout(patience_s):
            return await coming
    except TimeoutError:
        return None


def _body(prompt: str | None, variants: int, wish: Wish) -> dict[str, Any]:
    """A wish as the server takes it; files of this machine go along inline. Raises Invalid."""
    body = {"prompt": prompt, "variants": variants, **order_fields(wish)}
    return _with_files({name: value for name, value in body.items() if value is not None})


def _with_files(body: dict[str, Any]) -> dict[str, Any]:
    return body | {name: _inline(name, str(body[name])) for name in FILES if name in body}


def _figures(body: dict[str, Any]) -> dict[str, Any]:
    """Cells of a batch file as JSON has them: figures and switches may come as texts; tags as a list."""
    found = dict(body)
    if isinstance(tags := found.get("tags"), str):
        found["tags"] = [part for part in tags.replace("，", ",").split(",") if part.strip()]
    for name in ("extra_input", "extra_parameters"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


def _inline(name: str, reference: str) -> str:
    found = read_reference(reference)
    if not isinstance(found, LocalPath):
        return reference
    path = Path(found.path).expanduser()
    try:
        data = path.read_bytes() if path.stat().st_size <= DATA_BYTES_MAX else None
    except OSError as error:
        raise Invalid("", (Problem(name, f"cannot be read: {error.strerror}", reference),)) from None
    if data is None:
        raise Invalid("", (Problem(name, f"is larger than {DATA_BYTES_MAX // 1024**2} MB: give a link", reference),))
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
