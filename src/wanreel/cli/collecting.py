"""When the collector looks for garbage: not while a command imports, and never again at what it has imported.

That is some 200,000 objects, which live as long as the process does. At the interpreter's own 700 they are all looked
through again and again while they are being made: a tenth of what a short command takes.

And how long a thread that computes may keep those waiting that want to go on: the interpreter's own 5 ms are for
threads that all compute. Here one does, the loop; the others are between two calls to the disk, a hundred for each job.
Far shorter turns cost more than they bring: each thread that waits wakes after every one of them, only to wait again.
At 20 us a job took a third more of CPU than at 1 ms.
"""

from __future__ import annotations

import gc
import sys

SWITCH_S = 0.001

_IMPORTING = (500_000, 10, 10)
_WORKING = (20_000, 20, 20)


def stand_aside() -> None:
    """For a process that is about to import a command's parts, and is ours alone."""
    gc.set_threshold(*_IMPORTING)


def settle() -> None:
    """Everything has been imported. Where nobody had the collector stand aside, it is left as it is."""
    if gc.get_threshold() == _IMPORTING:
        gc.freeze()
        gc.set_threshold(*_WORKING)
        sys.setswitchinterval(SWITCH_S)
