"""What stands behind the routes of a served home: its desk, and the worker where it is to have one."""

from __future__ import annotations

from wanreel.api.admission import Admission
from wanreel.api.caller import Caller
from wanreel.api.desk import Desk, Rules
from wanreel.api.hub import Hub
from wanreel.client import Home
from wanreel.client.hosting import Hosting
from wanreel.domain.errors import Unauthorized, WanreelError


class Backstage:
    """A home being served. `amiss` says why nobody makes the clips, where it was to be done here."""

    def __init__(self, opened: Home, *, works: bool) -> None:
        self._home = opened
        self._works = works
        self._hosting = Hosting(opened)
        self._hub = Hub(opened.feed, opened.clock)
        self._admission = Admission(opened.tokens, opened.clock)
        self.amiss = ""

    async def has_tokens(self) -> bool:
        """Whether callers need a token."""
        return await self._home.tokens.configured()

    def desk(self) -> Desk:
        """What the routes work with."""
        settings = self._home.settings
        return Desk(
            service=self._home.service,
            clock=self._home.clock,
            catalog=self._home.catalog,
            account=self._home.account,
            shelf=self._home.shelf,
            hub=self._hub,
            hooks=self._home.hooks,
            admit=self._admission.admit,
            note=self._note,
            preview=self._home.preview,
            nudge=self._nudge,
            ready=self._ready,
            rules=Rules(hosts=settings.hosts, origins=settings.cors_origins),
        )

    def begin(self) -> None:
        """Work the home's jobs, where that is to be done here and nobody else does it."""
        if not self._works:
            return
        try:
            self._hosting.tend()
        except Unauthorized as why:
            self.amiss = f"nobody makes the clips here: {why}"

    async def close(self) -> None:
        """Stop working, gracefully."""
        await self._hosting.close()

    def _nudge(self) -> None:
        if self._works:
            self.begin()
            self._hosting.nudge()
        self._hub.nudge()

    async def _ready(self) -> dict[str, str]:
        return {"store": await self._store_trouble(), "worker": self._worker_trouble()}

    async def _store_trouble(self) -> str:
        try:
            await self._home.feed.newest()
        except WanreelError:
            return "the database cannot be read"
        return ""

    def _worker_trouble(self) -> str:
        if self._hosting.is_runner:
            return ""
        if self._home.lock.try_lock():
            self._home.lock.release()
            return "nobody works the jobs; they are stored and wait"
        return ""

    async def _note(self, caller: Caller, project: str, what: str, subject: str) -> None:
        await self._home.tokens.note(caller.token, project, what, subject)
