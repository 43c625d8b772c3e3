"""Measures a clip's pictures: black, still, cut, likeness to a given picture, movement of the camera. Pure; numpy.

All pictures of the clip are looked at, grey and small: a cut is one picture wide, and what is seen of it at 192 pixels
is all that is needed. Differences are of 256 steps of brightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wanreel.domain.clip import ClipFacts, Frame
from wanreel.domain.looking import Measures, Motion

Grey = NDArray[np.float32]

DARK_MAX = 24.0  # brightness of what is black, in the studio range and after compression ...
PLAIN_MAX = 7.0  # ... and how much it may vary: a night scene has lights
STILL_MAX = 0.55  # the largest change of any part of the picture between two that are the same picture, encoded twice
CUT_MIN = 9.0  # mean change at a cut
CUT_LEAP = 4.0  # times what the pictures around it change
CUT_ALIKE_MAX = 0.6  # likeness of what is before and after
_PARTS = (6, 8)  # rows and columns in which stillness is looked for
_PAIR_S = 0.2  # apart, for movement
_PAIRS_MAX = 60


def measure(
    facts: ClipFacts, frames: Sequence[Frame], first: Frame | None = None, last: Frame | None = None
) -> Measures:
    """Everything, of all the clip's pictures (grey), beside the pictures it should begin and end with."""
    film = np.stack([_grey(frame) for frame in frames])
    times = [frame.at_s for frame in frames]
    step_s = facts.duration_s / len(frames)
    changes, black = _changes(film), _black(film)
    return Measures(
        black_s=round(_longest(black) * step_s, 3),
        frozen_s=round(_longest(changes.most < STILL_MAX) * step_s, 3),
        cuts_s=tuple(round(times[place], 3) for place in _cuts(film, changes.mean, black)),
        first_likeness=_likeness(film[0], first),
        last_likeness=_likeness(film[-1], last),
        motion=_motion(film, step_s),
        sharpness=round(float(np.mean(np.abs(np.diff(film[:: max(1, len(film) // 16)], axis=2)))), 3),
    )


def likeness(frame: Frame, given: Frame) -> float:
    """How alike a frame of a clip and a given picture are, from 0 to 1, however the picture was fitted."""
    alike = _likeness(_grey(frame), given)
    assert alike is not None
    return alike


def _grey(frame: Frame) -> Grey:
    picture = np.frombuffer(frame.pixels, np.uint8).reshape(frame.height, frame.width, frame.channels)
    return picture.mean(axis=2, dtype=np.float32)


# --- black, still, cut ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Changes:
    """From each picture to the next: of the whole, and of the part that changes most."""

    mean: NDArray[Any]
    most: NDArray[Any]


def _changes(film: Grey) -> _Changes:
    rows, columns = min(_PARTS[0], film.shape[1]), min(_PARTS[1], film.shape[2])
    height, width = film.shape[1] // rows * rows, film.shape[2] // columns * columns
    mean, most = np.zeros(len(film) - 1), np.zeros(len(film) - 1)
    for place in range(len(film) - 1):
        change = np.abs(film[place + 1] - film[place])
        parts = change[:height, :width].reshape(rows, height // rows, columns, width // columns).mean(axis=(1, 3))
        mean[place], most[place] = float(change.mean()), float(parts.max())
    return _Changes(mean, most)


def _black(film: Grey) -> NDArray[Any]:
    return (film.mean(axis=(1, 2)) < DARK_MAX) & (film.std(axis=(1, 2)) < PLAIN_MAX)


def _longest(holds: NDArray[Any]) -> int:
    """The longest run of true."""
    longest = run = 0
    for one in holds:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest


def _cuts(film: Grey, mean: NDArray[Any], black: NDArray[Any]) -> list[int]:
    """Places of the first picture of a new shot. A flash is no cut: what comes after it is like what was before."""
    found: list[int] = []
    for place in range(len(mean)):
        around = np.concatenate([mean[max(0, place - 6) : place], mean[place + 1 : place + 7]])
        usual = float(np.median(around)) if len(around) else 0.0
        if mean[place] < CUT_MIN or mean[place] < CUT_LEAP * (usual + 0.5):
            continue
        if black[place] or black[place + 1]:
            continue  # out of black or into it: told by itself
        before, after = film[max(0, place - 2)], film[min(len(film) - 1, place + 3)]
        if _alike(before, after) < CUT_ALIKE_MAX and not (found and place + 1 - found[-1] <= 2):
            found.append(place + 1)
    return found


# --- likeness -------------------------------------------------------------------------------------------------------


def _likeness(picture: Grey, given: Frame | None) -> float | None:
    """From 0 to 1; of the ways a picture may have been fitted (cut, stretched, with borders) the likeliest counts."""
    if given is None:
        return None
    wanted, height, width = _grey(given), picture.shape[0], picture.shape[1]
    ways = [_resized(wanted, height, width), _resized(_cut(wanted, width / height), height, width)]
    whole = wanted.shape[1] / wanted.shape[0]
    inner = _cut(picture, whole)
    return round(max([*(_alike(picture, way) for way in ways), _alike(inner, _resized(wanted, *inner.shape))]), 3)


def _alike(one: Grey, other: Grey) -> float:
    """How alike two pictures are: where light and dark lie, and how light they are. Small shifts do not count."""
    a, b = _coarse(one), _coarse(other)
    da, db = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((da * da).sum() * (db * db).sum()))
    together = float((da * db).sum()) / spread if spread > 40.0 else 1.0
    if min(da.std(), db.std()) < 1.5 < max(da.std(), db.std()):
        together = 0.0
    near = max(0.0, 1 - float(np.abs(a - b).mean()) / 64.0)
    return max(0.0, together) * 0.7 + near * 0.3


def _coarse(picture: Grey) -> Grey:
    return _resized(picture, 18, 32) if picture.shape[1] >= picture.shape[0] else _resized(picture, 32, 18)


def _cut(picture: Grey, ratio: float) -> Grey:
    """The middle of a picture that has this ratio of width to height."""
    height, width = picture.shape
    if width / height > ratio:
        keep = max(1, round(height * ratio))
        return picture[:, (width - keep) // 2 : (width - keep) // 2 + keep]
    keep = max(1, round(width / ratio))
    return picture[(height - keep) // 2 : (height - keep) // 2 + keep]


def _resized(picture: Grey, height: int, width: int) -> Grey:
    """Every pixel the mean of what it covers."""
    return _shrunk(_shrunk(picture, height).T, width).T


def _shrunk(picture: Grey, rows: int) -> Grey:
    """Its rows to so many, by area."""
    edges = np.arange(rows + 1) * (picture.shape[0] / rows)
    total = np.concatenate([np.zeros((1, picture.shape[1]), np.float32), np.cumsum(picture, axis=0)])
    low = np.floor(edges).astype(int)
    part = (edges - low)[:, None]
    at = total[low] * (1 - part) + total[np.minimum(low + 1, picture.shape[0])] * part
    return (np.diff(at, axis=0) / np.diff(edges)[:, None]).astype(np.float32)


# --- the camera -----------------------------------------------------------------------------------------------------

_TILES = (4, 6)  # rows and columns in which movement is looked for; the subject is mostly in the middle ones
_MOVES = 0.25  # pixels: less is a part that stands still, such as a caption, a watermark or an empty sky
_ENOUGH = 3  # parts that must agree


def _motion(film: Grey, step_s: float) -> Motion | None:
    """The camera's way over the clip: each part of the picture is looked up in the picture a fifth of a second later;
    what most parts agree on is the camera, and how they differ from the middle outwards is its zoom.
    """
    stride = max(1, round(_PAIR_S / step_s), len(film) // _PAIRS_MAX)
    if len(film) <= stride or min(film.shape[1:]) < 24:
        return None
    right = up = zoom = path = 0.0
    sure: list[float] = []
    height, width = film.shape[1:]
    for place in range(0, len(film) - stride, stride):
        found = _shift(film[place], film[place + stride])
        if found is None:
            sure.append(0.0)
            continue
        dx, dy, grown, agreed = found
        right, up, zoom = right - dx / width, up + dy / height, zoom + grown
        path += float(np.hypot(dx / width, dy / height))
        sure.append(agreed)
    return Motion(
        right=round(right, 4),
        up=round(up, 4),
        zoom=round(zoom, 4),
        path=round(path, 4),
        sure=round(float(np.mean(sure)), 3) if sure else 0.0,
    )


def _shift(one: Grey, other: Grey) -> tuple[float, float, float, float] | None:
    """How the picture's content moved: right, down, growth, and how many of its parts could be told."""
    height, width = one.shape
    rows, columns = _TILES
    tall, wide = height // rows, width // columns
    window = np.outer(np.hanning(tall), np.hanning(wide)).astype(np.float32)
    seen: list[tuple[float, float, float, float]] = []
    for row in range(rows):
        for column in range(columns):
            if row and columns // 2 - 1 <= column <= columns // 2:
                continue  # where the subject goes its own way
            top, left = row * tall, column * wide
            a, b = one[top : top + tall, left : left + wide], other[top : top + tall, left : left + wide]
            if min(a.std(), b.std()) < 2.0:
                continue
            x, y, peak = _phase((a - a.mean()) * window, (b - b.mean()) * window)
            if peak > 0.1:
                seen.append((left + wide / 2 - width / 2, top + tall / 2 - height / 2, x, y))
    if len(seen) < _ENOUGH:
        return None
    found = np.array(seen)
    moving = found[np.hypot(found[:, 2], found[:, 3]) > _MOVES]
    if len(moving) < _ENOUGH:
        return 0.0, 0.0, 0.0, 1.0
    return _agreed(moving)


def _agreed(seen: NDArray[Any]) -> tuple[float, float, float, float]:
    """Shift and growth that fit most parts, those that do not fit left out twice."""
    keep = np.ones(len(seen), bool)
    dx = dy = grown = 0.0
    for _ in range(3):
        px, py, x, y = seen[keep].T
        weight = float((px * px + py * py).sum() - (px.sum() ** 2 + py.sum() ** 2) / len(px))
        slope = float(((px - px.mean()) * (x - x.mean()) + (py - py.mean()) * (y - y.mean())).sum())
        grown = slope / weight if weight > 1 else 0.0
        dx, dy = float(np.median(x - grown * px)), float(np.median(y - grown * py))
        off = np.hypot(seen[:, 2] - dx - grown * seen[:, 0], seen[:, 3] - dy - grown * seen[:, 1])
        fits = off <= max(0.6, 1.5 * float(np.median(off)))
        if fits.sum() < _ENOUGH:
            break
        keep = fits
    return dx, dy, grown, float(keep.sum()) / len(seen)


def _phase(a: Grey, b: Grey) -> tuple[float, float, float]:
    """The shift from `a` to `b` by phase correlation, to a part of a pixel, and how plain it is."""
    cross = np.conj(np.fft.rfft2(a)) * np.fft.rfft2(b)
    found = np.fft.irfft2(cross / (np.abs(cross) + 1e-3 * float(np.abs(cross).max()) + 1e-9), a.shape)
    row, column = np.unravel_index(int(np.argmax(found)), found.shape)
    return (
        _between(found[row], int(column)),
        _between(found[:, column], int(row)),
        float(found[row, column]),
    )


def _between(line: NDArray[Any], place: int) -> float:
    """Where a peak lies between its neighbours; beyond the middle counts backwards."""
    size = len(line)
    low, high, top = float(line[place - 1]), float(line[(place + 1) % size]), float(line[place])
    bend = low - 2 * top + high
    exact = place + (0.5 * (low - high) / bend if bend < 0 else 0.0)
    return exact - size if place > size / 2 else exact
