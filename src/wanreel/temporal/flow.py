"""The workflow of a job: a turn, a wait, a turn, until there is nothing to do. It decides nothing about the job.

It is replayed from its history, so it reads no clock, draws nothing, touches nothing. Whoever changes the order of what
it asks Temporal for guards that by `workflow.patched`; tests/temporal replays what every release has left behind.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from wanreel.temporal.words import FLOW, STATE, TURN, WAKE, Asked, Call, Order, Told, heavy

TURNS_MAX = 100  # of one run; then a new one goes on, so that no history grows long
SILENT_S = 10.0  # a worker that says nothing for so long is dead, or stands still
COMING_S = 20.0  # a worker that asked for a job takes it within so long, or it is not there any more
TURN_S = 600.0
CLIP_S = 7200.0
AGAIN_FIRST_S = 1.0
AGAIN_MAX_S = 60.0
_ONCE = RetryPolicy(maximum_attempts=1)  # a turn may pay: whether there is another is read from the job, never assumed
_STATE = SearchAttributeKey.for_keyword(STATE)


@workflow.defn(name=FLOW)
class JobFlow:
    """Runs while a job is under way; its id is the job's. A job that is back in the queue gets another run."""

    def __init__(self) -> None:
        self._call: Call | None = None
        self._state = ""
        self._heavy = False

    @workflow.signal(name=WAKE)
    def wake(self, call: Call) -> None:
        """The job is to take its turn now. A call by a worker who has claimed it counts for more than anybody's."""
        if self._call is None or call.queue:
            self._call = call

    @workflow.run
    async def run(self, order: Order) -> str:
        """Turn after turn; the state the job was left in."""
        self._state, trouble, call = order.state, order.trouble, order.call
        for turns in count():
            call, self._call = self._call or call, None
            if turns >= TURNS_MAX or workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(Order(order.job, self._state, trouble, call))
            told = await self._turn(order.job, call)
            call = Call()
            self._show(told.state)
            self._heavy = told.heavy
            trouble = trouble + 1 if told.trouble else 0
            if told.over and self._call is None:
                break
            await self._until_due(_wait_s(told, trouble))
        return self._state

    async def _turn(self, job: str, call: Call) -> Told:
        """One turn, made at most once; one whose worker has vanished is as good as none."""
        try:
            return await workflow.execute_activity(
                TURN,
                Asked(job, call.claimed_by),
                result_type=Told,
                task_queue=call.queue or (heavy(workflow.info().task_queue) if self._heavy else None),
                schedule_to_start_timeout=timedelta(seconds=COMING_S) if call.queue else None,
                start_to_close_timeout=timedelta(seconds=CLIP_S if self._heavy else TURN_S),
                heartbeat_timeout=timedelta(seconds=SILENT_S),
                retry_policy=_ONCE,
                cancellation_type=workflow.ActivityCancellationType.ABANDON,
            )
        except ActivityError as why:
            if is_cancelled_exception(why):
                raise
            return Told(self._state, trouble=True)

    def _show(self, state: str) -> None:
        """Let Temporal's own page find the job by its state."""
        if state and state != self._state:
            self._state = state
            workflow.upsert_search_attributes([_STATE.value_set(state)])  # pyright: ignore[reportUnknownMemberType] - theirs

    async def _until_due(self, wait_s: float | None) -> None:
        try:
            await workflow.wait_condition(lambda: self._call is not None, timeout=wait_s)
        except TimeoutError:
            return


def _wait_s(told: Told, trouble: int) -> float | None:
    """Seconds until the next turn; None: until somebody calls. After a turn that was none, ever longer."""
    if not told.trouble:
        return told.wait_s
    return min(AGAIN_FIRST_S * 2.0 ** min(trouble - 1, 16), AGAIN_MAX_S)
