"""What stands behind the routes of a served home: its desk, and the worker where it is to have one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from wanreel.api.admission import Admission
from wanreel.api.caller import Caller
from wanreel.api.creates import Creates
from wanreel.api.desk import Desk, Rules
from wanreel.api.glance import Glance
from wanreel.api.hub import Hub
from wanreel.cli.session import is_idle
from wanreel.client import Home
from wanreel.client.hosting import Hosting
from wanreel.domain.errors import Unauthorized, WanreelError
from wanreel.domain.job import Job
from wanreel.metrics.counting import Counting
from wanreel.service.linting import get_ready
from wanreel.service.standing import rest_s
from wanreel.watch.hook import PATH, EventHook
from wanreel.worker.loop import Runner


class Backstage:
    """A home being served. `amiss` says why nobody makes the clips, where it was to be done here."""

    def __init__(self, opened: Home, *, works: bool, counting: Counting | None = None) -> None:
        self._home = opened
        self._works = works
        self._counting = counting or Counting()
        self._hosting = Hosting(opened)
        self._hub = Hub(opened.feed, opened.clock, opened.nudges)
        self._admission = Admission(opened.tokens, opened.clock)
        self._creates = Creates(opened.clock, opened.service.list, opened.creates)
        self._url = ""
        self._loading: asyncio.Task[None] | None = None
        self._hook: tuple[Runner, EventHook] | None = None
        self.amiss = ""

    async def has_tokens(self) -> bool:
        """Whether callers need a token."""
        return await self._home.tokens.configured()

    def desk(self) -> Desk:
        """What the routes work with."""
        settings = self._home.settings
        return Desk(
            service=self._home.service if self._works else self._home.service.for_others(),
            clock=self._home.clock,
            catalog=self._home.catalog,
            account=self._home.account,
            reading=self._home.reading,
            picture=self._home.picture if self._works else self._home.picture.for_others(),
            marks=self._home.marks,
            keeping=self._home.keeping,
            templates=self._home.templates,
            uploads=self._home.uploads,
            creates=self._creates,
            projects=self._projects,
            rest_s=self._rest_s,
            hub=self._hub,
            glance=Glance(self._home.service.moment, self._home.clock),
            hooks=self._home.hooks,
            till=self._home.till,
            admit=self._admission.admit,
            greet=self._admission.greet,
            still=self._admission.still,
            admit_pass=self._admission.admit_pass,
            give_pass=self._admission.give_pass,
            note=self._note,
            preview=self._home.preview,
            nudge=self._nudge,
            hear=self._hear,
            ready=self._ready,
            metrics=self._metrics,
            rules=Rules(hosts=settings.hosts, origins=settings.cors_origins),
        )

    def begin(self, url: str) -> None:
        """Work the home's jobs, where that is to be done here and nobody else does it; events come to `url`, unless
        the settings say otherwise. The lint's words are loaded beside it.
        """
        self._url = url
        self._loading = asyncio.get_running_loop().create_task(get_ready())
        self._tend()

    def _tend(self) -> None:
        if not self._works:
            return
        try:
            self._hosting.tend()
        except Unauthorized as why:
            self.amiss = f"nobody makes the clips here: {why}"

    async def close(self) -> None:
        """Stop working, gracefully."""
        await self._hosting.close()
        if self._loading is not None:
            await self._loading

    def _nudge(self) -> None:
        if self._works:
            self._tend()
            self._hosting.nudge()
        self._hub.nudge()

    async def _hear(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Hand a completion event to the runner of this process; events for another's are sent again in vain."""
        runner = self._hosting.runner
        if runner is None:
            return 503, "nobody works the jobs in this process"
        if self._hook is None or self._hook[0] is not runner:
            self._hook = runner, self._home.hook(runner, f"{self._home.settings.public_url or self._url}{PATH}")
        said = await self._hook[1].handle("POST", path, headers, body)
        return said.status, said.words

    async def _metrics(self) -> bytes:
        return await self._home.gauges.text() + self._counting.text()

    async def _ready(self) -> dict[str, str]:
        return {"store": await self._store_trouble(), "worker": self._worker_trouble()}

    async def _store_trouble(self) -> str:
        try:
            await self._home.feed.newest()
        except WanreelError:
            return "the database cannot be read"
        return ""

    def _worker_trouble(self) -> str:
        if self._hosting.is_runner or self._home.settings.database is not None:
            return ""  # in a shared database whoever works is on some other machine
        return "nobody works the jobs; they are stored and wait" if is_idle(self._home) else ""

    async def _rest_s(self, job: Job) -> float | None:
        """How much longer a running task will likely take, by what was learned; None where that is too little."""
        return rest_s(job, await self._home.watching.runtimes(), self._home.clock.now())

    async def _projects(self) -> tuple[str, ...]:
        return tuple(project.name for project in await self._home.tokens.projects())

    async def _note(self, caller: Caller, project: str, what: str, subject: str) -> None:
        await self._home.tokens.note(caller.token, project, what, subject)
