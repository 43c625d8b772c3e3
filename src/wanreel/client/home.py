"""An opened home: the parts a client works with, put together by whoever opens it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wanreel.domain.catalog import Catalog
from wanreel.domain.job import Account
from wanreel.domain.request import Request
from wanreel.metrics.gauges import Gauges
from wanreel.ports.archive import Shelf
from wanreel.ports.clock import Clock
from wanreel.ports.feed import Feed, Nudges
from wanreel.ports.hooks import Announcements
from wanreel.ports.media import Media
from wanreel.ports.notices import Outbox
from wanreel.ports.uploads import Uploads
from wanreel.ports.vendor import Offers, Vendor
from wanreel.ports.watching import Watching
from wanreel.service.accounts import Accounts
from wanreel.service.keeping import Keeping
from wanreel.service.marking import MarkBook
from wanreel.service.picture import Picture
from wanreel.service.reading import Reading
from wanreel.service.templates import Templates
from wanreel.service.till import Till
from wanreel.service.tokens import Tokens
from wanreel.service.uses import Service
from wanreel.service.webhooks import Webhooks
from wanreel.settings import Settings
from wanreel.watch.hook import EventHook
from wanreel.worker.loop import Runner


class RunnerLock(Protocol):
    """The right to be the one runner of a home; an operating system's lock that dies with its process."""

    def try_lock(self) -> bool:
        """Take it if it is free."""
        ...

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        ...


class Courier(Protocol):
    """Brings webhooks to their receivers, beside the runner."""

    async def run(self) -> None:
        """Work until stopped."""
        ...

    def stop(self) -> None:
        """Begin to stop; harmless twice."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with a database, kept inputs and an archive, opened. `runner` makes a fresh one at each call."""

    path: Path
    settings: Settings
    catalog: Catalog
    account: Account  # that orders are meant for where nothing else decides
    accounts: Accounts
    clock: Clock
    service: Service
    reading: Reading
    till: Till
    keeping: Keeping
    picture: Picture
    marks: MarkBook
    vendor: Vendor
    offers: Offers  # which models that vendor lists
    media: Media
    feed: Feed
    nudges: Nudges | None  # where other processes may write, and can be heard
    tokens: Tokens
    hooks: Webhooks
    courier: Callable[[], Courier]
    lock: RunnerLock
    runner: Callable[[], Runner]
    hook: Callable[[Runner, str], EventHook]  # for completion events posted to a URL, told to a runner
    shelf: Shelf
    preview: Callable[[Request], dict[str, Any]]  # what would go out, for a look before paying
    templates: Templates
    uploads: Uploads
    watching: Watching
    creates: Announcements
    gauges: Gauges
    outbox: Outbox
    alive: Callable[[], Awaitable[list[str]]] | None  # who works a shared database; None: the lock tells


OpenHome = Callable[[Settings], AbstractAsyncContextManager[Home]]
