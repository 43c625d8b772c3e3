"""The sound track: a quiet plucked pattern over a soft chord, drawn from prompt and seed."""

import numpy as np
from numpy.typing import NDArray

RATE = 48_000

_SCALE = (0, 2, 4, 7, 9)  # major pentatonic: any two notes sound well together
_STEPS_PER_S = 4


def tone(seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Stereo samples, shape (2, seconds * RATE), peak about 0.25; a short fade at both ends."""
    count = round(seconds * RATE)
    at = np.arange(count, dtype=np.float32) / RATE
    root = 110.0 * 2 ** (int(rng.integers(0, 12)) / 12)
    pad = np.zeros(count, np.float32)
    for ratio in (1.0, 1.5, 2.0):
        pad += 0.03 * np.sin(2 * np.pi * root * ratio * at).astype(np.float32)
    left, right = pad.copy(), pad.copy()
    step = RATE // _STEPS_PER_S
    length = RATE // 2
    pattern = [int(rng.integers(0, 10)) for _ in range(8)]
    rests = [bool(rng.random() < 0.25) for _ in range(8)]
    plucks = {note: _pluck(root * 2 ** (2 + (12 * (note // 5) + _SCALE[note % 5]) / 12), length) for note in pattern}
    for index, start in enumerate(range(0, count, step)):
        if rests[index % 8]:
            continue
        part = plucks[pattern[index % 8]][: count - start]
        lean = 0.3 + 0.4 * (index % 3) / 2
        left[start : start + part.size] += part * (1 - lean)
        right[start : start + part.size] += part * lean
    edge = min(count // 2, RATE // 20)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    both = np.stack([left, right])
    both[:, :edge] *= ramp
    both[:, count - edge :] *= ramp[::-1]
    return both


def _pluck(pitch: float, length: int) -> NDArray[np.float32]:
    at = np.arange(length, dtype=np.float32) / RATE
    wave = np.sin(2 * np.pi * pitch * at) + 0.3 * np.sin(4 * np.pi * pitch * at)
    return (wave * np.exp(-at * 9) * 0.2).astype(np.float32)
