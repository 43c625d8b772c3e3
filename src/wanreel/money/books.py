"""What each change in a job's life means for money: the one place where bookings are made.

A job holds at most one open reservation. It is made with the intent, in the intent's own transaction, or for a paid
task that turns up without one. It ends in exactly one of three ways: *settled* by the vendor's usage when a clip was
made, *released* when it is proven that nothing was bought, *unproven* when the job ends and nobody knows. An ending
that is not known to be free counts as unproven: a rule added to the life of a job later cannot lose money silently.

Prices are those of the day the task was sent (`docs/decisions`), so the reservation and its settlement agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from wanreel.domain.booking import Booking, Kind
from wanreel.domain.catalog import Catalog
from wanreel.domain.event import (
    Accepted,
    Change,
    Finished,
    FinishedBlank,
    Found,
    NotFound,
    NotSent,
    Refused,
    TaskCancelled,
    TaskFailed,
)
from wanreel.domain.job import FINAL, Generating, Intent, Job, Submitting, Task, Unconfirmed
from wanreel.money.amount import times
from wanreel.money.estimate import Estimate, estimate, tier_of
from wanreel.money.tariff import Rates
from wanreel.money.usage import read_usage

_NOTHING_BOUGHT = (NotSent, Refused, NotFound)
_COSTS_NOTHING = (TaskFailed, TaskCancelled)


@dataclass(frozen=True, slots=True)
class Books:
    """Bookings by a tariff."""

    catalog: Catalog
    tariff: Rates

    def enter(self, before: Job, change: Change) -> Change:
        """The change with what it means for money in it; `before` is the job it was decided on."""
        if change.late or change.entry is None:
            return change
        found = (*self._of_job(before, change), *self._of_spares(before, change))
        return replace(change, money=found) if found else change

    def quote(self, job: Job, at: float) -> Estimate:
        """What one clip of a job costs, sent at an instant."""
        region = self._region(job)
        if not region:
            return Estimate(None, "", None, job.request.duration_s, why=f"{job.account.region} is no known region")
        return estimate(job.request, self.catalog, self.tariff, region, at)

    def _region(self, job: Job) -> str:
        """The catalog's id of a job's region; "" where it is of another catalog: bookings must not fail for that."""
        asked = job.account.region
        return next((region.id for region in self.catalog.regions if asked in (region.id, region.code)), "")

    def wanted(self, job: Job, at: float) -> Booking:
        """The reservation that sending a job at an instant would make."""
        return self._reserve(job, at, "")

    # --- the job itself ---------------------------------------------------------------------------------------------

    def _of_job(self, before: Job, change: Change) -> tuple[Booking, ...]:
        job, was, now = change.job, before.state, change.job.state
        assert change.entry is not None
        event, at = change.entry.event, change.entry.at
        if isinstance(now, Submitting) and not isinstance(was, Submitting):
            return (self._reserve(job, at, f"intent:{now.intent.id}", intent=now.intent),)
        if isinstance(was, (Submitting, Unconfirmed)):
            if isinstance(now, (Submitting, Unconfirmed, Generating)):
                return ()
            kind = Kind.RELEASE if isinstance(event, _NOTHING_BOUGHT) else Kind.UNPROVEN
            return (self._close(job, kind, at, f"intent:{was.intent.id}", intent=was.intent, why=change.entry.reason),)
        if isinstance(now, Generating) and not isinstance(was, Generating):  # a task the queue was not waiting for
            return (self._reserve(job, at, _about(job, now.task), task=now.task),)
        if isinstance(was, Generating) and not isinstance(now, Generating):
            return (self._end_of_task(job, was.task, change),)
        return ()

    def _end_of_task(self, job: Job, task: Task, change: Change) -> Booking:
        assert change.entry is not None
        event, at, why = change.entry.event, change.entry.at, change.entry.reason
        if isinstance(event, Finished):
            return self._settle(job, task, event.outcome.usage, at)
        if isinstance(event, FinishedBlank):
            return self._settle(job, task, event.usage, at)
        kind = Kind.RELEASE if isinstance(event, _COSTS_NOTHING) else Kind.UNPROVEN
        return self._close(job, kind, at, _about(job, task), task=task, why=why)

    # --- spares -----------------------------------------------------------------------------------------------------

    def _of_spares(self, before: Job, change: Change) -> tuple[Booking, ...]:
        """A spare is a paid task that runs: it is reserved like one, for the job that caused it."""
        assert change.entry is not None
        event, at = change.entry.event, change.entry.at
        found: list[Booking] = []
        for child in change.born:
            assert isinstance(child.state, Generating)
            found.append(self._reserve(child, at, _about(child, child.state.task), task=child.state.task))
            if isinstance(before.state, FINAL) and isinstance(event, (Accepted, Found)):
                # What was given up unproven has turned up; without an intent's name it can only be that one.
                intent = event.intent_id if isinstance(event, Accepted) else ""
                proven = self._booking(before, Kind.PROVEN, at, f"proven:{before.id}:{child.state.task.id}")
                words = f"it turned up as task {child.state.task.id}"
                found.append(replace(proven, intent=intent, task=child.state.task.id, why=words))
        return tuple(found)

    # --- bookings ---------------------------------------------------------------------------------------------------

    def _reserve(
        self, job: Job, at: float, about: str, *, intent: Intent | None = None, task: Task | None = None
    ) -> Booking:
        quote = self.quote(job, at)
        seconds = None if quote.seconds is None else Decimal(quote.seconds)
        bare = self._booking(job, Kind.RESERVE, at, f"reserve:{about}", quote.currency)
        return replace(
            bare,
            amount=quote.amount,
            seconds=seconds,
            intent=intent.id if intent else "",
            task=task.id if task else "",
            why=quote.why or f"{quote.per_second} a second, {quote.source} of {quote.as_of}",
        )

    def _settle(self, job: Job, task: Task, usage: str, at: float) -> Booking:
        """By the vendor's own figures, at the price of the day the task was sent (see `Booking.amount`)."""
        model = self.catalog.model(job.request.model)
        metered = read_usage(usage, model)
        tier = metered.tier or tier_of(job.request, model)
        audio = job.request.audio if metered.audio is None else metered.audio
        sent_at = task.accepted_at if task.sent_at is None else task.sent_at
        rate = self.tariff.rate(job.request.model, self._region(job), tier, audio=audio, at=sent_at)
        currency = None if rate is None or metered.seconds is None else rate.currency
        bare = replace(self._booking(job, Kind.SETTLE, at, f"settle:{_about(job, task)}", currency), task=task.id)
        if metered.seconds is None:
            return replace(bare, why=f"the vendor's usage says no length: {usage[:200]}")
        if rate is None:
            why = f"no price of {job.request.model} ({tier or 'no tier'}) is on record"
            return replace(bare, seconds=metered.seconds, why=why)
        try:
            amount = times(rate.per_second, metered.seconds)
        except ValueError:
            bare = replace(bare, currency=self.quote(job, at).currency)
            return replace(bare, why=f"{metered.seconds} s at {rate.per_second} is no amount of money: {usage[:200]}")
        why = f"{metered.seconds} s at {rate.per_second}, {rate.source} of {rate.as_of}"
        return replace(bare, amount=amount, seconds=metered.seconds, why=why)

    def _close(
        self,
        job: Job,
        kind: Kind,
        at: float,
        about: str,
        *,
        intent: Intent | None = None,
        task: Task | None = None,
        why: str,
    ) -> Booking:
        bare = self._booking(job, kind, at, f"{kind}:{about}")
        return replace(bare, intent=intent.id if intent else "", task=task.id if task else "", why=why)

    def _booking(self, job: Job, kind: Kind, at: float, booking_id: str, currency: str | None = None) -> Booking:
        return Booking(
            id=booking_id,
            kind=kind,
            at=at,
            holder=job.id,
            job=job.spare_of or job.id,
            project=job.project,
            account=job.account.id,
            model=job.request.model,
            currency=self.quote(job, at).currency if currency is None else currency,
            group=job.group,
        )


def _about(job: Job, task: Task) -> str:
    """A task's name in the ledger: an id is an account's own."""
    return f"task:{job.account.id}:{task.id}"
