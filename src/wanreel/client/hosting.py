"""Being the runner of a home when nobody else is, and following along when somebody is."""

from __future__ import annotations

import asyncio

from wanreel.client.home import Courier, Home
from wanreel.worker.loop import Runner


class Beside:
    """What goes on beside a runner, wherever one runs: webhooks are brought, and the storage is swept."""

    def __init__(self, home: Home) -> None:
        self._courier: Courier = home.courier()
        loop = asyncio.get_running_loop()
        self._couriering = loop.create_task(self._courier.run())
        self._tending = loop.create_task(home.keeping.tend())

    def stop(self) -> None:
        """Begin to stop; harmless twice."""
        self._courier.stop()
        self._tending.cancel()

    async def close(self) -> None:
        """Stop: what is being brought is brought, what is being removed goes on with the next sweep."""
        self.stop()
        await asyncio.wait({self._tending})
        await self._couriering


class Hosting:
    """At most one runner in this process for one home. Closing twice, or before it began, is harmless."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._runner: Runner | None = None
        self._task: asyncio.Task[None] | None = None
        self._beside: Beside | None = None
        self._left: list[Beside] = []  # of runners that ended by themselves

    @property
    def runner(self) -> Runner | None:
        """The runner of this process, while it runs."""
        return self._runner if self.is_runner else None

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
            self._leave()
            task.result()
        if self._home.lock.try_lock():
            self._begin()

    def _begin(self) -> None:
        try:
            self._home.service.check_key()
            self._runner = self._home.runner()
            self._task = asyncio.get_running_loop().create_task(self._runner.run())
            self._beside = Beside(self._home)
        except BaseException:
            self._home.lock.release()
            raise

    def _leave(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.stop()
            self._left.append(beside)

    def nudge(self) -> None:
        """There is something new to do."""
        if self._runner is not None:
            self._runner.nudge()

    async def close(self) -> None:
        """Stop gracefully: calls in the air are finished or accounted for."""
        if self._runner is not None:
            self._runner.stop()
        self._leave()
        left, self._left = self._left, []
        for beside in left:
            await beside.close()
        task, self._task, self._runner = self._task, None, None
        if task is not None:
            try:
                await task
            finally:
                self._home.lock.release()
