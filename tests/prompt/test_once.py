"""The first prompts of a process may come in several threads at once: each is read by every rule, then and later."""

from __future__ import annotations

import subprocess
import sys
import threading

from wanreel.prompt.once import once

THREADS = 8
FIRST_PROMPTS = """
import sys, threading
from wanreel.prompt import Subject, lint

sys.setswitchinterval(1e-5)
prompt = "static locked-off camera, the camera orbits a red lantern on a river, dusk"
start, found = threading.Barrier(4), []

def read():
    start.wait()
    found.append([f.rule.code for f in lint(Subject(prompt)).findings])

threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
read_later = [f.rule.code for f in lint(Subject(prompt)).findings]
assert all("PL105" in codes for codes in (*found, read_later)), (found, read_later)
"""


def test_all_get_the_same_one() -> None:
    """Though each has begun to make it; and nothing is made after that."""
    made: list[object] = []
    all_are_at_it = threading.Barrier(THREADS)

    @once
    def thing() -> object:
        all_are_at_it.wait()
        made.append(object())
        return made[-1]

    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(thing())) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len({id(one) for one in got})
    assert got[0] is thing()
    assert THREADS == len(made)


def test_the_first_prompts_of_a_process_are_read_by_every_rule() -> None:
    """Three fresh processes, four threads each: rules whose gates were made twice would fall silent for good."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST_PROMPTS], check=True, timeout=120)
