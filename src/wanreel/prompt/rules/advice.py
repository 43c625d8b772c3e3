"""Advice without a label: what a prompt leaves out, or asks too much of one short clip."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator

from wanreel.prompt.finding import CAMERA_FIGHT, EMPTY_SLOTS, MANY_ACTIONS, SEVERAL_SHOTS, Finding
from wanreel.prompt.reading import Reading
from wanreel.prompt.vocabulary import signs

STORY_MIN = 600
"""A prompt of this length has said what it has to say; only shorter ones are asked for empty slots."""

_MATTER = {"t2v": ("setting", "lighting", "camera"), "i2v": ("camera",), "kf2v": ()}
_FAST = re.compile(
    r"\b(?:sprint|race|rac(?:es|ing)|chas|gallop|whip|rush|speed(?:s|ing)|fast|rapid|quick|frantic|spin(?:s|ning) (?:fast|wildly)|backflip)\w*|飞奔|疾驰|冲刺|狂奔|快速|急速|高速|追逐"
)
_FAST_CAMERA = re.compile(
    r"\b(?:fast|rapid|quick|whip|frantic|crash|spinning|wild)[ -](?:\w+ )?(?:pan|zoom|orbit|dolly|tracking|camera|push|tilt)|(?:快速|急速|剧烈)(?:环绕|推|拉|摇|移|变焦|旋转)"
)
_STEP = re.compile(
    r"\b(?:then|after that|next|afterwards|finally|and then|followed by|before \w+ing)\b|然后|接着|随后|再|之后|最后|紧接着"
)


def advice(prompt: Reading, mode: str | None, duration_s: int, *, multi_shot: bool) -> Iterator[Finding]:
    """Things worth a thought; none of them refuses a prompt."""
    whole = (0, len(prompt.text))
    if len(prompt.shots) > 2 and not multi_shot:
        words = f"{len(prompt.shots)} shots in a prompt for a model that makes one; use a model with multi-shot, or one clip a shot."
        yield Finding(SEVERAL_SHOTS, prompt.shots[1][0], whole[1], words)
    steps = list(_STEP.finditer(prompt.lower))
    room = max(2, duration_s // 2)
    if len(steps) + 1 > room:
        words = f"about {len(steps) + 1} actions one after another in {duration_s} s; {room} have room."
        yield Finding(MANY_ACTIONS, steps[0].start(), steps[-1].end(), words)
    camera = _FAST_CAMERA.search(prompt.lower)
    if camera is not None:
        rest = prompt.lower[: camera.start()] + " " * (camera.end() - camera.start()) + prompt.lower[camera.end() :]
        subject = _FAST.search(rest)
        if subject is not None:
            words = "camera and subject both move fast, and the picture smears. Let one of them be calm."
            first, last = min(camera.start(), subject.start()), max(camera.end(), subject.end())
            yield Finding(CAMERA_FIGHT, first, last, words)
    if len(prompt.text) > STORY_MIN:
        return
    empty = [slot for slot in _MATTER.get(mode or "t2v", ()) if not signs()[slot].search(prompt.text)]
    if empty and len(prompt.shots) < 3:
        yield Finding(EMPTY_SLOTS, *whole, f"nothing said about {', '.join(empty)}: the model will choose.")
