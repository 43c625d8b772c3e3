"""One of three seeds is usually the right one: order three, replace what failed, pick one."""

from wanreel import Client
from wanreel.emulator.server import Emulator


def test_one_take_fails_and_the_others_stay(wan: Client, vendor: Emulator) -> None:
    """Three seeds go out; the one that fails costs nothing, the other two are kept, and it can be made anew."""
    vendor.script({"create": [{"fate": {"outcome": "failed", "code": "DataInspectionFailed"}}]}, account="*")
    takes = wan.submit("A teapot pours tea", variants=3, seed=7)
    group = takes[0].job.group or ""

    ended = wan.wait_group(group)

    assert {7, 8, 9} == {take.seed for take in ended}
    assert {7, 8, 9} == {task["request"]["parameters"]["seed"] for task in vendor.tasks()}
    (failed,) = [take for take in ended if take.state == "failed"]
    assert 2 == sum(take.path is not None for take in ended)

    fresh = wan.replace(failed.id)
    wan.wait_group(group)
    view = wan.group_view(group)

    assert fresh.seed not in {7, 8, 9}
    assert (3, 3, True) == (view.tally.wanted, view.tally.succeeded, view.tally.done)

    wan.pick(fresh.id, by="mei")
    assert fresh.id == wan.rank(group)[0].job_id
