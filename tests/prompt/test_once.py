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
    """Made by one of them while the others wait; asked again within its own making, it would not wait for itself."""
    made: list[object] = []
    all_have_come = threading.Barrier(THREADS)

    @once
    def inner() -> int:
        return 7

    @once
    def thing() -> object:
        made.append(inner())
        return object()

    got: list[object] = []

    def ask() -> None:
        all_have_come.wait()
        got.append(thing())

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [7] == made
    assert 1 == len({id(one) for one in got})
    assert got[0] is thing()


def test_the_first_prompts_of_a_process_are_read_by_every_rule() -> None:
    """Three fresh processes, four threads each: rules whose gates were made twice would fall silent for good."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST_PROMPTS], check=True, timeout=120)
