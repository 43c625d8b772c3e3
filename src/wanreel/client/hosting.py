"""Being the runner of a home when nobody else is, and following along when somebody is."""

from __future__ import annotations

import asyncio

from wanreel.client.home import Courier, Home
from wanreel.worker.loop import Runner


class Hosting:
    """At most one runner in this process for one home. Closing twice, or before it began, is harmless."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._runner: Runner | None = None
        self._task: asyncio.Task[None] | None = None
        self._courier: Courier | None = None
        self._couriering: asyncio.Task[None] | None = None

    @property
    def is_runner(self) -> bool:
        """Whether this process works the home's jobs."""
        return self._task is not None and not self._task.done()

    def tend(self) -> None:
        """Become the runner if there is none. Raises Unauthorized (no key to do it with); whatever ended our runner
        is raised here too.
        """
        if self._task is not None:
            if not self._task.done():
                return
            task, self._task, self._runner = self._task, None, None
            self._home.lock.release()
            if self._courier is not None:
                self._courier.stop()
            task.result()
        if self._home.lock.try_lock():
            self._begin()

    def _begin(self) -> None:
        try:
            self._home.service.check_key()
            self._runner = self._home.runner()
            self._task = asyncio.get_running_loop().create_task(self._runner.run())
            self._courier = self._home.courier()
            self._couriering = asyncio.get_running_loop().create_task(self._courier.run())
        except BaseException:
            self._home.lock.release()
            raise

    def nudge(self) -> None:
        """There is something new to do."""
        if self._runner is not None:
            self._runner.nudge()

    async def close(self) -> None:
        """Stop gracefully: calls in the air are finished or accounted for."""
        if self._runner is not None:
            self._runner.stop()
        if self._courier is not None:
            self._courier.stop()
        couriering, self._couriering, self._courier = self._couriering, None, None
        if couriering is not None:
            await couriering
        task, self._task, self._runner = self._task, None, None
        if task is not None:
            try:
                await task
            finally:
                self._home.lock.release()
