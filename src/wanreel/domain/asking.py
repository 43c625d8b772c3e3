"""What only a person can tell of a doubt: each question by its code, as an English sentence with what it names.

The sentence is what a job keeps; code and names are read back from it, so what was asked years ago has them too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": "the vendor's list cannot be read: {why}",
        "too_old": "it is older than a day, and the vendor's list reaches no further",
        "no_later_task": "the list shows no task it could have made, "
        "and none of ours sent later to show that the list is complete",
        "other_words": "task {task} may be its own, but does not tell our very words",
        "several_keys": "task {task} tells its words, but several keys use the account, ours unknown",
        "taken_late": "task {task} tells its words, but was taken after its call had been given up",
        "no_words": "task {task} may be its own, but has no words to know it by",
        "no_picture": "task {task} tells the words of {calls} lost calls that no picture tells apart",
        "frames": "task {task} tells the words of {calls} lost calls, and its frames do not tell clearly whose it is",
        "written_off": "task {task} shows its picture, but may be that of a call that a person has lately written off",
        "several_tasks": "{count} tasks may be those of {calls} lost calls: {tasks}",
        "fast_clock": "task {task} may be its own, if the clock of the process that sent it was fast",
    }
)


def question(code: str, **names: object) -> str:
    """The sentence of a question."""
    return QUESTIONS[code].format(**names)


def read_question(said: str) -> tuple[str, dict[str, str]]:
    """A sentence's code and what it names; "" and nothing where it is none of these."""
    for code, shape in _SHAPES.items():
        if found := shape.fullmatch(said):
            return code, found.groupdict()
    return "", {}


def _shape(sentence: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", sentence)
    return re.compile("".join(f"(?P<{p}>.+?)" if n % 2 else re.escape(p) for n, p in enumerate(pieces)), re.DOTALL)


_SHAPES = {code: _shape(sentence) for code, sentence in QUESTIONS.items()}
