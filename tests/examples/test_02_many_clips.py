"""Several takes of one wish, and files full of wishes."""

from pathlib import Path

from wanreel import Client
from wanreel.emulator.server import Emulator


def test_variants_are_takes_with_seeds_of_their_own(wan: Client) -> None:
    """`submit` returns at once; the takes wait for slots by themselves, and each ends for itself."""
    takes = wan.submit("A teapot pours tea", variants=3, seed=7)

    done = wan.wait_all(take.id for take in takes)

    assert [take.seed for take in done] == [7, 8, 9]
    assert all(take.path for take in done)


def test_a_batch_file_is_bought_once(wan: Client, vendor: Emulator, tmp_path: Path) -> None:
    """A row is known by its id: running the file again buys only rows that are new."""
    shots = tmp_path / "shots.csv"
    shots.write_text("id,prompt\nfox,A fox in snow\nhare,A hare in grass\n")
    wan.wait_all(video.id for video in wan.batch(shots))

    shots.write_text("id,prompt\nfox,A fox in snow\nhare,A hare in grass\nowl,An owl at night\n")
    wan.wait_all(video.id for video in wan.batch(shots))

    assert vendor.counters()["tasks_accepted"] == 3


def test_more_jobs_than_slots_wait_their_turn(wan: Client, vendor: Emulator) -> None:
    """A model runs a handful of tasks at a time; the rest waits in your home, and no error reaches you."""
    jobs = [wan.submit(f"Scene {number}")[0] for number in range(12)]

    done = wan.wait_all(job.id for job in jobs)

    assert {video.state for video in done} == {"succeeded"}
