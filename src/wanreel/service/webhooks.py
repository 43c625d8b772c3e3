"""Webhooks as people handle them: made, listed, paused, rotated, tried with a ping, and asked for again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from wanreel.domain.access import checked_name
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem
from wanreel.domain.hook import KINDS, OLD_SECRET_S, PING, Delivery, Hook, Message, Secret
from wanreel.domain.labels import project_name
from wanreel.domain.request import canonical
from wanreel.ports.clock import Clock
from wanreel.ports.hooks import Hooks

HOOKS_MAX = 100  # of a project
OWED_MAX = 200


class Webhooks:
    """The use cases over one home. `check_url` raises Invalid for a place that webhooks may not go to."""

    def __init__(self, hooks: Hooks, clock: Clock, check_url: Callable[[str], str]) -> None:
        self._hooks = hooks
        self._clock = clock
        self._check_url = check_url

    async def add(self, url: str, project: str | None, kinds: Sequence[str] = (), name: str = "") -> Hook:
        """A new webhook; `project` None: for all of them. Its secret is in it, and shown this once. Raises Invalid,
        Conflict (there are too many).
        """
        strange = sorted(set(kinds) - set(KINDS))
        if strange:
            known = ", ".join(KINDS)
            raise Invalid("", (Problem("kinds", f"must be of {known}", ", ".join(strange)[:80]),))
        if len(await self.list(project)) >= HOOKS_MAX:
            raise Conflict(f"a project has at most {HOOKS_MAX} webhooks: remove one first")
        hook = Hook(
            id=self._clock.new_id("hook"),
            url=self._check_url(url),
            project=None if project is None else project_name(project),
            secrets=(Secret(self._secret()),),
            created_at=self._clock.now(),
            kinds=tuple(dict.fromkeys(kinds)),
            name=checked_name(name) if name else "",
        )
        await self._hooks.put(hook)
        return hook

    async def list(self, project: str | None) -> list[Hook]:
        """The webhooks of a project; None: all there are."""
        return [hook for hook in await self._hooks.all() if project in (None, hook.project)]

    async def get(self, hook_id: str, project: str | None) -> Hook:
        """A webhook that a project may see. Raises NotFound, in the same words for missing and for somebody else's."""
        for hook in await self.list(project):
            if hook.id == hook_id:
                return hook
        raise NotFound(f"There is no webhook {hook_id[:80]} here.")

    async def remove(self, hook_id: str, project: str | None) -> None:
        """End a webhook; what it was still owed is dropped. Raises NotFound."""
        await self._hooks.remove((await self.get(hook_id, project)).id)

    async def rotate(self, hook_id: str, project: str | None) -> Hook:
        """A new secret; the old one signs beside it for a day. Raises NotFound."""
        hook = await self.get(hook_id, project)
        until = self._clock.now() + OLD_SECRET_S
        old = tuple(replace(s, until=until) if s.until is None else s for s in hook.secrets if self._lives(s))
        hook = replace(hook, secrets=(Secret(self._secret()), *old[:2]))
        await self._hooks.put(hook)
        return hook

    async def resume(self, hook_id: str, project: str | None) -> Hook:
        """Let a paused webhook be told again. Raises NotFound."""
        hook = replace(await self.get(hook_id, project), paused_at=None, paused_why="")
        await self._hooks.put(hook)
        return hook

    async def pause(self, hook_id: str, project: str | None, why: str = "by hand") -> Hook:
        """Tell a webhook nothing for now; what happens meanwhile can be asked for again. Raises NotFound."""
        hook = replace(await self.get(hook_id, project), paused_at=self._clock.now(), paused_why=why)
        await self._hooks.put(hook)
        return hook

    async def ping(self, hook_id: str, project: str | None) -> Message:
        """Owe a webhook a test message. Raises NotFound."""
        hook, now = await self.get(hook_id, project), self._clock.now()
        body = canonical({"type": PING, "timestamp": now, "data": {"webhook": hook.id}})
        message = Message(self._clock.new_id("msg"), PING, now, hook.project, body)
        await self._hooks.tell(message, [hook.id], now)
        return message

    async def replay(self, hook_id: str, project: str | None, *, message: str | None, since: float | None) -> int:
        """Owe a webhook again what it wants of one message, or of everything since an instant; how many those are.
        Raises NotFound, Invalid (not exactly one of the two).
        """
        hook = await self.get(hook_id, project)
        if (message is None) == (since is None):
            raise Invalid("", (Problem("replay", "say exactly one of: message, since"),))
        return await self._hooks.again(hook, self._clock.now(), message=message, since=since)

    async def owed(self, hook_id: str, project: str | None) -> list[tuple[Delivery, Message]]:
        """What a webhook was told or is still owed, newest first. Raises NotFound."""
        return await self._hooks.owed((await self.get(hook_id, project)).id, OWED_MAX)

    def _lives(self, secret: Secret) -> bool:
        return secret.until is None or secret.until > self._clock.now()

    def _secret(self) -> str:
        drawn = self._clock.new_id("a") + self._clock.new_id("b")
        return "whsec_" + base64.b64encode(hashlib.sha256(drawn.encode()).digest()).decode()
