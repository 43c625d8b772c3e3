"""What earlier releases have left in Temporal's histories: today's workflow must go on where they stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.temporal.record import HISTORIES, LIVES
from wanreel.temporal.flow import JobFlow
from wanreel.temporal.words import FLOW, TURN, Asked, Call, Order, Told

LEFT = sorted(HISTORIES.glob("*.json"))


@workflow.defn(name=FLOW, sandboxed=False)
class Changed:
    """A workflow that somebody has changed without saying so: it sleeps before its first turn."""

    @workflow.signal(name="wake")
    def wake(self, call: Call) -> None:
        """Hears nobody."""

    @workflow.run
    async def run(self, order: Order) -> str:
        """Another order of things."""
        await workflow.wait_condition(lambda: False, timeout=1.0)
        told = await workflow.execute_activity(
            TURN, Asked(order.job), result_type=Told, start_to_close_timeout=timedelta(seconds=1)
        )
        return told.state


def history(path: Path) -> WorkflowHistory:
    """One that was left."""
    return WorkflowHistory.from_json("job_00000000000000000000000001", path.read_text("utf-8"))


@pytest.mark.parametrize("path", LEFT, ids=lambda path: path.stem)
async def test_todays_workflow_goes_on_where_a_release_has_left_off(path: Path) -> None:
    """The same commands in the same order; where that changes, `workflow.patched` keeps the old order for the old."""
    await Replayer(workflows=[JobFlow]).replay_workflow(history(path))


async def test_a_workflow_changed_without_a_patch_is_noticed() -> None:
    """The histories can tell: one that sleeps first does not fit them."""
    (seen,) = [path for path in LEFT if path.stem == "0.1.0-seen-by-the-watcher"]
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[Changed]).replay_workflow(history(seen))


def test_each_release_has_left_one_of_everything_that_befalls_a_workflow() -> None:
    """Timers, signals, doubts, vanished workers, long histories, hands at Temporal's page."""
    assert {f"0.1.0-{name}" for name in LIVES} <= {path.stem for path in LEFT}
