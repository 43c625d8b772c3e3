"""What the routes work with, handed over once: the service, the clock, and the doors behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection

from wanreel.api.caller import Caller
from wanreel.api.creates import Creates
from wanreel.api.glance import Glance
from wanreel.api.hub import Hub
from wanreel.domain.catalog import Catalog
from wanreel.domain.job import Account, Job
from wanreel.domain.request import Request
from wanreel.ports.clock import Clock
from wanreel.ports.uploads import Uploads
from wanreel.service.keeping import Keeping
from wanreel.service.marking import MarkBook
from wanreel.service.passes import Pass
from wanreel.service.picture import Picture
from wanreel.service.reading import Reading
from wanreel.service.templates import Templates
from wanreel.service.till import Till
from wanreel.service.uses import Service
from wanreel.service.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Rules:
    """How the server may be reached, and how much it takes."""

    hosts: tuple[str, ...] = ()  # names it goes by, beside loopback's; "*": any
    origins: tuple[str, ...] = ()  # other origins whose pages may call it
    body_bytes_max: int = 64 * 1024**2  # of an order, with its pictures inline
    small_bytes_max: int = 1024**2  # of any other request
    body_pause_s: float = 20.0  # how long the next piece of a body may take to come
    wait_s_max: float = 60.0  # of `Prefer: wait`


@dataclass(frozen=True, slots=True)
class Desk:
    """One server's parts. `ready` says what is amiss, by part; an empty text means well."""

    service: Service
    clock: Clock
    catalog: Catalog
    account: Account
    reading: Reading
    picture: Picture
    marks: MarkBook
    keeping: Keeping
    templates: Templates
    uploads: Uploads
    creates: Creates
    hub: Hub
    glance: Glance
    hooks: Webhooks
    till: Till
    admit: Callable[[str | None, str], Awaitable[Caller]]  # by a token, from an address. Raises Refusal
    greet: Callable[[str | None, str], Awaitable[None]]  # the same, but counts nothing of who is known
    still: Callable[[Caller], Awaitable[None]]  # whether one who was admitted would be now. Raises Refusal
    admit_pass: Callable[[str, str, str, str], Awaitable[Caller]]  # by a pass, for a job and a view. Raises Refusal
    give_pass: Callable[[Caller, str, str], Awaitable[Pass | None]]  # for a job and a view; None: none is needed
    note: Callable[[Caller, str, str, str], Awaitable[None]]  # into the audit log: project, what, subject
    projects: Callable[[], Awaitable[tuple[str, ...]]]  # their names
    rest_s: Callable[[Job], Awaitable[float | None]]  # how much longer a running job will likely take, where known
    preview: Callable[[Request], dict[str, Any]]
    nudge: Callable[[], None]  # there is something new to do
    hear: Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, str]]]  # an event posted to a path
    ready: Callable[[], Awaitable[dict[str, str]]]
    metrics: Callable[[], Awaitable[bytes]]  # in Prometheus' text form
    rules: Rules = field(default_factory=Rules)


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the server that took a request."""
    return connection.app.state.desk
