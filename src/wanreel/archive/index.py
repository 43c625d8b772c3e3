"""What an MP4's index (its `moov` box) tells: length, sides, and the last byte of picture data it points to.

Pure, and lenient: a clip that was paid for is refused only for what proves it broken (boxes that overrun each other, or
sample data past the end of the file). Anything merely odd in a table gives "not told".
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

_TIME_UNKNOWN = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


class Damaged(Exception):
    """The boxes of the index do not fit into each other."""


@dataclass(frozen=True, slots=True)
class Index:
    """Facts of an index. `data_end` is the offset after the last byte pointed to, 0 when the tables do not tell."""

    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    data_end: int = 0


def read_index(moov: bytes) -> Index:
    """Read the content of a `moov` box (its header left off). Raises Damaged."""
    duration_s = width = height = None
    data_end = 0
    for kind, body in _boxes(moov):
        if kind == b"mvhd":
            duration_s = _duration_s(body)
        elif kind == b"trak":
            track = dict(_boxes(body))
            data_end = max(data_end, _data_end(track))
            if width is None:
                width, height = _sides(track.get(b"tkhd", b""))
    return Index(duration_s, width, height, data_end)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each box in a row of them. Fewer than eight bytes at the end are padding."""
    at = 0
    while len(data) - at >= 8:
        size, kind = struct.unpack_from(">I4s", data, at)
        header = 8
        if size == 1 and len(data) - at >= 16:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            header = 16
        elif size == 0:
            size = len(data) - at
        if size < header or size > len(data) - at:
            raise Damaged(f"box {kind.decode('latin-1')!r} says {size} bytes where {len(data) - at} are left")
        yield kind, data[at + header : at + size]
        at += size


def _duration_s(mvhd: bytes) -> float | None:
    layout, at = (">IQ", 20) if mvhd[:1] == b"\x01" else (">II", 12)
    if len(mvhd) < at + struct.calcsize(layout):
        return None
    scale, ticks = struct.unpack_from(layout, mvhd, at)
    return None if scale == 0 or ticks in _TIME_UNKNOWN else ticks / scale


def _sides(tkhd: bytes) -> tuple[int | None, int | None]:
    """Width and height of a track that is seen: 16.16 fixed point, at the end of its header; sound has 0."""
    at = 88 if tkhd[:1] == b"\x01" else 76
    if len(tkhd) < at + 8:
        return None, None
    width, height = struct.unpack_from(">II", tkhd, at)
    return (width >> 16, height >> 16) if width >> 16 and height >> 16 else (None, None)


def _data_end(track: dict[bytes, bytes]) -> int:
    """The end of the track's chunk that lies last in the file; 0 where that cannot be told for certain."""
    media = dict(_boxes(track.get(b"mdia", b"")))
    info = dict(_boxes(media.get(b"minf", b"")))
    if not _in_this_file(info):
        return 0
    table = dict(_boxes(info.get(b"stbl", b"")))
    offsets = _numbers(table.get(b"stco", b""), 4) or _numbers(table.get(b"co64", b""), 8)
    if not offsets:
        return 0
    last = max(range(len(offsets)), key=offsets.__getitem__)
    first_sample, count = _samples_of(last, _numbers(table.get(b"stsc", b""), 4, per_entry=3))
    return offsets[last] + _sample_bytes(table.get(b"stsz", b""), first_sample, count)


def _in_this_file(info: dict[bytes, bytes]) -> bool:
    """Whether the track's one data reference is marked as "this very file" (flag 1)."""
    dref = dict(_boxes(info.get(b"dinf", b""))).get(b"dref", b"")
    if len(dref) < 8 or struct.unpack_from(">I", dref, 4) != (1,):
        return False
    references = [body for _, body in _boxes(dref[8:])]
    return len(references) == 1 and len(references[0]) >= 4 and bool(references[0][3] & 1)


def _samples_of(chunk: int, runs: array[int]) -> tuple[int, int]:
    """The number of samples before a chunk (counted from 0) and in it; (0, 0) where the runs make no sense.

    A run says: from this chunk on (counted from 1), so many samples a chunk, until the next run.
    """
    starts, sizes = runs[0::3], runs[1::3]
    if not starts or starts[0] != 1:
        return 0, 0
    before = 0
    for place, start in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else chunk + 2
        if following <= start:
            return 0, 0
        if chunk + 1 < following:
            return before + (chunk + 1 - start) * sizes[place], sizes[place]
        before += (following - start) * sizes[place]
    return 0, 0


def _sample_bytes(stsz: bytes, first: int, count: int) -> int:
    """Bytes of `count` samples from the `first` on; 0 where the table does not hold them."""
    if len(stsz) < 12:
        return 0
    each, total = struct.unpack_from(">II", stsz, 4)
    if first + count > total:
        return 0
    if each:
        return each * count
    end = 12 + 4 * (first + count)
    return 0 if end > len(stsz) else sum(_big_endian(stsz[12 + 4 * first : end], 4))


def _numbers(table: bytes, width: int, *, per_entry: int = 1) -> array[int]:
    """The entries of a counted table of unsigned numbers; empty where it is shorter than its count says."""
    if len(table) < 8:
        return array("Q")
    (count,) = struct.unpack_from(">I", table, 4)
    end = 8 + count * per_entry * width
    return array("Q") if end > len(table) else _big_endian(table[8:end], width)


def _big_endian(data: bytes, width: int) -> array[int]:
    numbers = array("I" if width == 4 else "Q", data)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
