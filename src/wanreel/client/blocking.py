"""The blocking client's body: the asynchronous one on an event loop of its own in a thread. One code, two colours."""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from wanreel.client.embedded import EmbeddedClient
from wanreel.client.remote import RemoteClient
from wanreel.client.video import Video, Wish
from wanreel.domain.errors import Conflict, Unavailable
from wanreel.domain.group import Group
from wanreel.domain.verdict import Pick, Review, Standing
from wanreel.prompt.templates import Template
from wanreel.service.diagnosis import Diagnosis
from wanreel.service.order import Planned
from wanreel.service.picture import GroupView
from wanreel.service.reading import Embed

_T = TypeVar("_T")
_END_S = 5.0  # how long the thread may take to give up what still runs in it, once the client is closed


class BlockingClient:
    """Runs an asynchronous client in a thread. Between calls it keeps working on unfinished jobs there.

    Any thread may call it, also one that runs an event loop of its own (which then stands still for the call).
    """

    def __init__(self, inner: EmbeddedClient | RemoteClient) -> None:
        self._inner = inner
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Open the home. Raises Invalid (settings), Unavailable (disk, database), Conflict (it is open)."""
        if self._loop is not None:
            raise Conflict("this client is open already: make a second one, or leave the first block before")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wanreel", daemon=True)
        self._thread.start()
        try:
            self._run(self._inner.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop gracefully and close the home (harmless when closed). Unfinished jobs go on with the next runner."""
        if self._loop is None:
            return
        try:
            self._run(self._inner.__aexit__(kind, error, trace))
        finally:
            self._end()

    def _end(self) -> None:
        """Let whoever still waits in another thread know, and end the thread."""
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_cancel_rest(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        loop, thread = self._loop, self._thread
        if loop is None:
            work.close()
            raise Unavailable("the client is not open (any more): use it in a `with` block")
        if threading.current_thread() is thread:
            work.close()
            raise Conflict("on_change runs in the client's own thread: note what you want, and call the client later")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Unavailable("the client was closed meanwhile; unfinished jobs go on with the next runner") from None
        except BaseException:
            future.cancel()
            raise

    def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> Planned:
        """Check and price a wish; nothing is stored, sent or paid. Raises Invalid."""
        return self._run(self._inner.plan(prompt, variants=variants, **wish))

    def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> list[Video]:
        """Make durable jobs and return at once; variants differ in their seeds. Raises Invalid, Unauthorized,
        Conflict (the `key` was used for another wish).
        """
        return self._run(self._inner.submit(prompt, variants=variants, **wish))

    def batch(self, file: str | Path, *, name: str | None = None, again: bool = False) -> list[Video]:
        """Make durable jobs of every row of a .jsonl or .csv file and return at once; rows that were ordered before
        under the batch's name keep the jobs they have, unless `again`. Raises Invalid, Unauthorized.
        """
        return self._run(self._inner.batch(file, name=name, again=again))

    def generate(self, prompt: str | None = None, *, timeout_s: float | None = None, **wish: Unpack[Wish]) -> Video:
        """Make one clip and wait until it is archived. Raises Invalid, Unauthorized, GenerationFailed, NeedsAttention,
        TimeoutError (the job goes on; `wait` for it later).
        """
        return self._run(self._inner.generate(prompt, timeout_s=timeout_s, **wish))

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Video:
        """Wait until a job has ended or needs a person. Raises NotFound, TimeoutError."""
        return self._run(self._inner.wait(job_id, timeout_s=timeout_s))

    def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout_s: float | None = None,
        on_change: Callable[[Sequence[Video]], None] | None = None,
    ) -> list[Video]:
        """Wait until all these jobs have ended or need a person; `on_change`, called in the client's own thread, sees
        them whenever one has moved. Raises NotFound, Unauthorized (nobody works the home and there is no key to do
        it), TimeoutError.
        """
        return self._run(self._inner.wait_all(job_ids, timeout_s=timeout_s, on_change=on_change))

    def get(self, job_id: str) -> Video:
        """A job as it stands, by its id or an unambiguous beginning of it. Raises NotFound, Conflict."""
        return self._run(self._inner.get(job_id))

    def list(
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
        wanted = self._inner.list(
            states=states, group=group, project=project, tag=tag, favourites=favourites, limit=limit, after=after
        )
        return self._run(wanted)

    def usage(
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
        return self._run(self._inner.usage(by, since=since, until=until, zone=zone, project=project))

    def history(self, job_id: str) -> list[dict[str, Any]]:
        """Everything that happened to a job, oldest first, as plain values. Raises NotFound."""
        return self._run(self._inner.history(job_id))

    def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped. What the vendor has begun is paid, and kept unless `discard`. Raises Conflict."""
        return self._run(self._inner.cancel(job_id, discard=discard))

    def mark(
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
        done = self._inner.mark(job_id, favourite=favourite, tags=tags, add_tags=add_tags, remove_tags=remove_tags)
        return self._run(done)

    def retry(self, job_id: str) -> Video:
        """Repeat a failed or cancelled job as a new one. Raises Conflict."""
        return self._run(self._inner.retry(job_id))

    def group_view(self, group_id: str) -> GroupView:
        """A group as it stands: its record, its takes, what was picked. Raises NotFound."""
        return self._run(self._inner.group_view(group_id))

    def groups(self, *, project: str | None = None, limit: int = 50, after: str | None = None) -> builtins.list[Group]:
        """Records of groups, newest first."""
        return self._run(self._inner.groups(project=project, limit=limit, after=after))

    def wait_group(self, group_id: str, *, timeout_s: float | None = None) -> builtins.list[Video]:
        """Wait until every clip of a group has ended or needs a person; in the group's order. Raises NotFound,
        Unauthorized, TimeoutError.
        """
        return self._run(self._inner.wait_group(group_id, timeout_s=timeout_s))

    def rank(self, group_id: str) -> builtins.list[Standing]:
        """A group's clips, the best first; those nobody has looked at are looked at now. Raises NotFound."""
        return self._run(self._inner.rank(group_id))

    def review(self, job_id: str, *, again: bool = False) -> Review:
        """What judges say of a clip. Raises NotFound, Conflict (there is none)."""
        return self._run(self._inner.review(job_id, again=again))

    def pick(self, job_id: str, *, change: bool = False, by: str = "", note: str = "") -> Pick:
        """Say that it is this clip. Raises NotFound, Conflict (another one was picked, and `change` was not said)."""
        return self._run(self._inner.pick(job_id, change=change, by=by, note=note))

    def replace(self, job_id: str, *, seed: int | None = None) -> Video:
        """Another take in the place of one that has ended, with another seed. Raises Conflict, Invalid."""
        return self._run(self._inner.replace(job_id, seed=seed))

    def diagnose(self, job_id: str) -> Diagnosis:
        """Which known cause fits a clip that looks wrong, and the one command for a better try. Raises Conflict."""
        return self._run(self._inner.diagnose(job_id))

    def resolve(
        self,
        job_id: str,
        *,
        adopt: str | None = None,
        resubmit: bool = False,
        give_up: bool = False,
        note: str = "",
    ) -> Video:
        """Settle a job in doubt after looking in the vendor's console: `adopt` the task it was, `resubmit` what never
        arrived, or `give_up`. Raises Invalid (not exactly one of them), Conflict (the job is in no doubt).
        """
        return self._run(self._inner.resolve(job_id, adopt=adopt, resubmit=resubmit, give_up=give_up, note=note))

    def templates(self) -> builtins.list[Template]:
        """Prompts with variables: those that ship, and the home's own. `Template.fill` makes a prompt of one."""
        return self._run(self._inner.templates())

    def save_template(self, name: str, text: str, *, mode: str = "t2v", kind: str = "own") -> Template:
        """Keep a prompt with `{variables}` under a name; the same name again replaces it. Raises Invalid."""
        return self._run(self._inner.save_template(name, text, mode=mode, kind=kind))

    def remove_template(self, name: str) -> None:
        """Forget one of the home's own templates. Raises NotFound."""
        self._run(self._inner.remove_template(name))

    def group(self, group_id: str) -> list[Video]:
        """The jobs of a group, in their order. Raises NotFound."""
        return self._run(self._inner.group(group_id))

    def stream(self, *, after: int | None = None, group: str | None = None) -> Iterator[dict[str, Any]]:
        """What happens, as it happens, each once and in order; `after` is the `seq` of the last event seen."""
        events = self._inner.stream(after=after, group=group)
        try:
            while True:
                yield self._run(_next(events))
        finally:
            if self._loop is not None:
                self._run(events.aclose())

    def save(self, job_id: str, out: str | Path) -> Path:
        """Copy a job's clip into a file of this machine, whole or not at all. Raises NotFound, Conflict (not finished,
        or in the trash), Unavailable.
        """
        return self._run(self._inner.save(job_id, out))

    def embed(self, job_id: str) -> Embed:
        """The HTML that shows a clip on a page, with links that last until they are revoked. Raises NotFound, Conflict,
        Invalid (there is no public address).
        """
        return self._run(self._inner.embed(job_id))

    def unshare(self, job_id: str) -> int:
        """End a job's lasting links for good; how many were live. Raises NotFound."""
        return self._run(self._inner.unshare(job_id))


async def _next(events: AsyncGenerator[dict[str, Any]]) -> dict[str, Any]:
    return await anext(events)


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=_END_S)
