"""Whether a stream of bytes is one whole MP4: every top-level box complete, judged while the bytes pass.

An MP4 (ISO/IEC 14496-12) is a row of boxes, each a 32-bit size and a four-letter type; size 1 says that a 64-bit size
follows, size 0 that the box reaches to the end of the file. What was cut, anywhere, leaves a box unfinished, or one of
those missing without which nothing plays: `ftyp` first, exactly one `moov` (the index), pictures in `mdat`. The one cut
that boxes cannot show, in an `mdat` of size 0 or between two of them, shows in the index pointing past the end.

No I/O. The picture data is counted and never held; the index is held up to `INDEX_BYTES_MAX`, which is far beyond any
clip the vendor makes, and past that its inside goes unread.
"""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.archive.index import Damaged, read_index
from wanreel.archive.stranger import HEAD_BYTES, describe

INDEX_BYTES_MAX = 8 * 1024 * 1024
SIZE_BYTES_MAX = 64 * 1024**3  # nothing the vendor makes comes near; ends a stream that never would

_SHORT, _LONG = 8, 16  # bytes of a box header, with a 32-bit and a 64-bit size


class NotWhole(Exception):
    """These bytes are not one whole MP4; `why` says what they are, or what is missing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Whole:
    """What a whole MP4 tells cheaply about itself; None where its index does not say."""

    size_bytes: int
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None


class BoxWalker:
    """Takes a file's bytes in pieces of any size, then gives the verdict, which the cutting never changes."""

    def __init__(self) -> None:
        self._at = 0  # bytes seen
        self._opening: bytearray | None = bytearray()  # the first bytes, until they prove to be an MP4's
        self._header = bytearray()
        self._kind = ""  # the box we are inside of
        self._left: int | None = 0  # its bytes still to come; None: up to the end of the file
        self._index = bytearray()
        self._indices = 0
        self._media_bytes = 0
        self._refused = ""

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises NotWhole as soon as they cannot be a whole MP4 any more, and ever after."""
        self._stand_by_refusal()
        try:
            self._feed(memoryview(data))
        except NotWhole as error:
            self._refused = error.why
            raise

    def finish(self) -> Whole:
        """The file has ended here. Raises NotWhole."""
        self._stand_by_refusal()
        if self._opening is not None:
            raise NotWhole(describe(bytes(self._opening), ended=True))
        if self._header:
            raise NotWhole(f"it is cut short: it ends at byte {self._at}, in the header of a box")
        if self._left:
            raise NotWhole(f"it is cut short: at byte {self._at} the box {self._kind!r} lacks {self._left} bytes")
        if not self._indices:
            raise NotWhole(f"it is cut short or was never finished: {self._at} bytes without an index ('moov')")
        if not self._media_bytes:
            raise NotWhole(f"it is cut short or empty: {self._at} bytes without picture data ('mdat')")
        return self._judge_index()

    def _stand_by_refusal(self) -> None:
        if self._refused:
            raise NotWhole(self._refused)

    def _feed(self, data: memoryview) -> None:
        if self._opening is not None:
            room = HEAD_BYTES - len(self._opening)
            self._opening += data[:room]
            data = data[room:]
            if len(self._opening) < _SHORT:
                return
            if bytes(self._opening[4:8]) != b"ftyp":
                if len(self._opening) >= HEAD_BYTES:
                    raise NotWhole(describe(bytes(self._opening), ended=False))
                return
            opening, self._opening = bytes(self._opening), None
            self._walk(memoryview(opening))
        self._walk(data)

    def _walk(self, data: memoryview) -> None:
        while len(data):
            data = self._take_header(data) if self._left == 0 else self._take_content(data)

    def _take_content(self, data: memoryview) -> memoryview:
        size = len(data) if self._left is None else min(self._left, len(data))
        if self._kind == "moov" and len(self._index) <= INDEX_BYTES_MAX:
            self._index += data[: min(size, INDEX_BYTES_MAX + 1 - len(self._index))]
        elif self._kind == "mdat":
            self._media_bytes += size
        if self._left is not None:
            self._left -= size
        self._count(size)
        return data[size:]

    def _take_header(self, data: memoryview) -> memoryview:
        long = len(self._header) >= _SHORT  # a short header that was complete would have been used up
        size = min((_LONG if long else _SHORT) - len(self._header), len(data))
        self._header += data[:size]
        self._count(size)
        if len(self._header) == _SHORT and not long:
            said = int.from_bytes(self._header[:4], "big")
            if said != 1:
                self._enter(said, _SHORT)
        elif len(self._header) == _LONG:
            self._enter(int.from_bytes(self._header[8:16], "big"), _LONG)
        return data[size:]

    def _enter(self, said: int, header_bytes: int) -> None:
        start = self._at - header_bytes
        kind = bytes(self._header[4:8])
        if not all(0x20 <= letter <= 0x7E or letter == 0xA9 for letter in kind):
            raise NotWhole(f"it is damaged: at byte {start} a box should begin and {kind.hex(' ')} is no box type")
        self._kind = kind.decode("latin-1")
        self._header.clear()
        if header_bytes == _SHORT and said == 0:
            self._left = None
        elif said < header_bytes or start + said > SIZE_BYTES_MAX:
            raise NotWhole(f"it is damaged: at byte {start} the box {self._kind!r} says that it is {said} bytes long")
        else:
            self._left = said - header_bytes
        if self._kind == "moov":
            self._indices += 1
            if self._indices > 1:
                raise NotWhole(f"it is damaged: a second index ('moov') begins at byte {start}")

    def _count(self, size: int) -> None:
        self._at += size
        if self._at > SIZE_BYTES_MAX:
            raise NotWhole(f"it does not end: more than {SIZE_BYTES_MAX} bytes")

    def _judge_index(self) -> Whole:
        if len(self._index) > INDEX_BYTES_MAX:
            return Whole(self._at)
        try:
            index = read_index(bytes(self._index))
        except Damaged as error:
            raise NotWhole(f"it is damaged: its index does not hold together ({error})") from None
        if index.data_end > self._at:
            raise NotWhole(f"it is cut short: it has {self._at} bytes and its index points to byte {index.data_end}")
        return Whole(self._at, index.duration_s, index.width, index.height)
