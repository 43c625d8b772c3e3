"""What is traced: names of spans and of the facts on them, and the door to whoever takes them down. Off, nobody does.

Names are those of OpenTelemetry's conventions where it has some, else they begin with `wanreel.`. No fact is ever a
prompt, a key, a signature, or an address that could hold one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Fact = str | int | float | bool


class Sort(StrEnum):
    """What a span is of, in OpenTelemetry's words."""

    SERVER = "server"  # a request that came to us
    PRODUCER = "producer"  # something written down for others to go on with
    CLIENT = "client"  # a request that went out
    INTERNAL = "internal"


JOB = "wanreel.job.id"
GROUP = "wanreel.group.id"
PROJECT = "wanreel.project"
ACTION = "wanreel.job.action"
EVENT = "wanreel.job.event"
STATE = "wanreel.job.state"
ACCOUNT = "wanreel.account"
CALL = "wanreel.vendor.call"
BYTES = "wanreel.artifact.bytes"
NOTICE = "wanreel.notice.kind"
MESSAGE = "wanreel.message.id"
HOOK = "wanreel.webhook.id"
TRIES = "wanreel.webhook.tries"
REQUEST = "wanreel.request.id"
MODEL = "gen_ai.request.model"
METHOD = "http.request.method"
ROUTE = "http.route"
STATUS = "http.response.status_code"
RESEND = "http.request.resend_count"
SCHEME = "url.scheme"
TEMPLATE = "url.template"
HOST = "server.address"
PORT = "server.port"
ERROR = "error.type"

FACTS: Mapping[str, str] = {
    JOB: "The job. Every span of its trace has it.",
    GROUP: "The group it was ordered in.",
    PROJECT: "Its project.",
    ACTION: "What the job called for: submit, poll, cancel or archive.",
    EVENT: "What happened, as in the job's history.",
    STATE: "Where that led.",
    ACCOUNT: "The vendor's account.",
    CALL: "Which call of the vendor's: submit, query, cancel, list or limits.",
    BYTES: "Size of the clip.",
    NOTICE: "What is told.",
    MESSAGE: "Id of the message, the same at every try.",
    HOOK: "The webhook.",
    TRIES: "How often it has been tried, this try included.",
    REQUEST: "Our id of the request: `X-Request-Id` of the answer, `request` in the log.",
    MODEL: "The model that was ordered.",
    METHOD: "The method.",
    ROUTE: "The route that answered; paths themselves can hold secrets and are left out.",
    STATUS: "The answer's status.",
    RESEND: "How often it had been sent before.",
    SCHEME: "http or https.",
    TEMPLATE: "The path that was called, ids left out.",
    HOST: "The host that was called.",
    PORT: "Its port.",
    ERROR: "What went wrong: a status, or the name of an error of ours; no words of it.",
}
"""Every fact a span can have, and what it says."""

ORDER = "order job"
STEP = "step"
LOOK = "look at task"
ARCHIVE = "archive clip"

SPANS: tuple[tuple[str, Sort, str], ...] = (
    ("METHOD ROUTE", Sort.SERVER, "A request that came to our HTTP faces. It goes on in the caller's trace."),
    (ORDER, Sort.PRODUCER, "A job is stored: the first span of its trace, linked to the request that asked for it."),
    (f"{STEP} ACTION", Sort.INTERNAL, "One step of a job, by whatever process took it."),
    (LOOK, Sort.INTERNAL, "The account's watcher asks after the job's task, and hands the answer to a step."),
    ("METHOD TEMPLATE", Sort.CLIENT, "A call to the vendor, inside the step or look that makes it."),
    (ARCHIVE, Sort.INTERNAL, "A clip goes from the vendor to your storage, inside its step."),
    ("POST", Sort.CLIENT, "A webhook that speaks of the job is brought to its receiver, who gets a `traceparent`."),
)
"""Every span there is: its name, sort and meaning."""


class Span:
    """A piece of work that is being taken down; this one, by nobody."""

    def note(self, fact: str, value: Fact) -> None:
        """Add a fact, one of `FACTS`."""

    def call(self, name: str) -> None:
        """Give it another name: what it was is known only now."""

    @property
    def traceparent(self) -> str:
        """What to hand on to whoever is called, as W3C's header of that name; empty: nothing."""
        return ""


@dataclass(frozen=True, slots=True)
class Work:
    """What begins. `job`: it belongs to that job's trace, and `first` begins it. `caller`: the `traceparent` it came
    with. A `CLIENT`'s without a job belongs to the work it is done in; done in none, it is not taken down.
    """

    name: str
    sort: Sort
    job: str = ""
    first: bool = False
    caller: str = ""


class Tracer(Protocol):
    """Takes spans down."""

    def open(self, work: Work, facts: Mapping[str, Fact]) -> AbstractContextManager[Span]:
        """A span for as long as the context lasts. Raises nothing of its own."""
        ...

    def note(self, fact: str, value: Fact) -> None:
        """Add a fact to the span of here, if there is one."""
        ...


_NOBODY = nullcontext(Span())


class _Door:
    """Where spans go: nowhere, until a process says to whom."""

    tracer: Tracer | None = None


_door = _Door()


def trace_to(tracer: Tracer | None) -> None:
    """From now on this process's spans go there; None: nowhere."""
    _door.tracer = tracer


def traced() -> bool:
    """Whether anybody takes spans down: worth asking before something is worked out for them alone."""
    return _door.tracer is not None


def note(fact: str, value: Fact) -> None:
    """Add a fact to the span that is open here, if one is."""
    if _door.tracer is not None:
        _door.tracer.note(fact, value)


def opened(
    name: str, sort: Sort, facts: Mapping[str, Fact], *, job: str = "", first: bool = False, caller: str = ""
) -> AbstractContextManager[Span]:
    """A span around what the context holds. `facts` are those known at its beginning."""
    if _door.tracer is None:
        return _NOBODY
    return _door.tracer.open(Work(name, sort, job, first, caller), facts)
