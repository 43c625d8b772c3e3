"""What wanreel is for: bad moments that cost nothing twice and lose nothing."""

import pytest

from tests.client.small_world import LOST
from wanreel import Client, Conflict, GenerationFailed, Invalid, NeedsAttention
from wanreel.emulator.server import Emulator


def test_the_same_key_never_buys_twice(wan: Client, vendor: Emulator) -> None:
    """Order with a key of your own, and a program that runs twice, or crashes and starts over, pays once."""
    first = wan.generate("A fox in snow", key="campaign-7/hero")
    again = wan.generate("A fox in snow", key="campaign-7/hero")

    assert first.id == again.id
    assert vendor.counters()["tasks_accepted"] == 1

    with pytest.raises(Conflict):
        wan.generate("Something else", key="campaign-7/hero")


def test_a_lost_answer_is_found_again(wan: Client, vendor: Emulator) -> None:
    """The vendor took the task and its answer was lost: it is looked up in the vendor's list, never bought again."""
    vendor.script({"create": [{"fault": "drop_after"}]}, account="*")

    assert wan.generate("A fox in snow").state == "succeeded"
    assert vendor.counters()["tasks_accepted"] == 1


def test_what_the_list_cannot_tell_is_held(wan: Client, vendor: Emulator) -> None:
    """Where the list is out of order as well, nothing is sent again, and you are told what to do."""
    vendor.script(LOST, account="*")

    with pytest.raises(NeedsAttention) as held:
        wan.generate("A fox in snow")

    doubt = held.value.video
    assert doubt.state == "unconfirmed"
    assert vendor.counters()["tasks_accepted"] == 1

    in_the_console = vendor.tasks()[0]["task_id"]
    wan.resolve(doubt.id, adopt=in_the_console)
    assert wan.wait(doubt.id).state == "succeeded"
    assert vendor.counters()["tasks_accepted"] == 1


def test_an_outage_is_waited_out(wan: Client, vendor: Emulator) -> None:
    """Throttled submits, failing looks and a cut download are the vendor's bad day, not yours."""
    vendor.script(
        {
            "create": [{"fault": "status", "status": 429, "times": 2}],
            "query": [{"fault": "status", "status": 500}, {"fault": "html"}],
            "download": [{"fault": "cut"}, {"fault": "zero"}],
        },
        account="*",
    )

    assert wan.generate("A fox in snow").state == "succeeded"
    assert vendor.counters()["tasks_accepted"] == 1


def test_a_failure_is_told_in_the_vendors_words(wan: Client, vendor: Emulator) -> None:
    """A blocked prompt fails with the vendor's own code and message; it cost nothing."""
    vendor.script({"create": [{"fate": {"outcome": "content_block"}}]}, account="*")

    with pytest.raises(GenerationFailed, match="DataInspectionFailed"):
        wan.generate("A fox in snow")


def test_what_cannot_be_is_refused_before_it_costs(wan: Client, vendor: Emulator) -> None:
    """All mistakes at once, each with the field and what is allowed."""
    with pytest.raises(Invalid) as wrong:
        wan.generate("A fox", model="wan2.5-t2v-preview", duration_s=7, size="1*1")

    assert {problem.field for problem in wrong.value.problems} == {"duration_s", "size"}
    assert vendor.counters()["tasks_accepted"] == 0


def test_a_job_can_be_cancelled(wan: Client, vendor: Emulator) -> None:
    """A task that still waits at the vendor is stopped there and costs nothing; one that runs is paid, and kept."""
    vendor.script({"create": [{"fate": {"queue_s": 3600}}]}, account="*")
    job = wan.submit("A fox in snow")[0]
    with pytest.raises(TimeoutError):
        wan.wait(job.id, timeout_s=0.5)

    wan.cancel(job.id)

    assert wan.wait(job.id).state == "cancelled"


def test_closing_loses_nothing(wan: Client, vendor: Emulator) -> None:
    """Leave the block, kill the process: whoever opens the home next carries on with the same paid task."""
    vendor.script({"create": [{"fate": {"run_s": 3600, "queue_s": 0}}]}, account="*")
    job = wan.submit("A fox in snow")[0]
    with pytest.raises(TimeoutError):
        wan.wait(job.id, timeout_s=0.5)

    wan.__exit__(None, None, None)
    vendor.advance(4000)

    with wan:
        assert wan.wait(job.id).state == "succeeded"
        assert vendor.counters()["tasks_accepted"] == 1
