"""The blocking client's body: the asynchronous one on an event loop of its own in a thread. One code, two colours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from wanreel.client.embedded import EmbeddedClient
from wanreel.client.video import Video, Wish
from wanreel.domain.errors import Unavailable
from wanreel.service.order import Planned

_T = TypeVar("_T")


class BlockingClient:
    """Runs an `EmbeddedClient` in a thread. Between calls it keeps working on unfinished jobs there."""

    def __init__(self, inner: EmbeddedClient) -> None:
        self._inner = inner
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Open the home."""
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
        """Stop gracefully and close the home."""
        try:
            self._run(self._inner.__aexit__(kind, error, trace))
        finally:
            self._end()

    def _end(self) -> None:
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._loop is None:
            work.close()
            raise Unavailable("the client is not open: use it in a `with` block")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> Planned:
        """Check and price a wish; nothing is stored, sent or paid."""
        return self._run(self._inner.plan(prompt, variants=variants, **wish))

    def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> list[Video]:
        """Make durable jobs and return at once."""
        return self._run(self._inner.submit(prompt, variants=variants, **wish))

    def generate(self, prompt: str | None = None, *, timeout_s: float | None = None, **wish: Unpack[Wish]) -> Video:
        """Make one clip and wait until it is archived."""
        return self._run(self._inner.generate(prompt, timeout_s=timeout_s, **wish))

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Video:
        """Wait until a job has ended or needs a person."""
        return self._run(self._inner.wait(job_id, timeout_s=timeout_s))

    def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout_s: float | None = None,
        on_change: Callable[[Sequence[Video]], None] | None = None,
    ) -> list[Video]:
        """Wait until all these jobs have ended or need a person; `on_change` is called in the client's thread."""
        return self._run(self._inner.wait_all(job_ids, timeout_s=timeout_s, on_change=on_change))

    def get(self, job_id: str) -> Video:
        """A job as it stands."""
        return self._run(self._inner.get(job_id))

    def list(
        self, *, states: Sequence[str] = (), group: str | None = None, limit: int = 100, after: str | None = None
    ) -> list[Video]:
        """Jobs, newest first."""
        return self._run(self._inner.list(states=states, group=group, limit=limit, after=after))

    def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped."""
        return self._run(self._inner.cancel(job_id, discard=discard))

    def retry(self, job_id: str) -> Video:
        """Repeat an ended job as a new one."""
        return self._run(self._inner.retry(job_id))
