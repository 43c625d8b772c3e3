"""How much there is in a JSON body, counted as it comes: what makes it dear to read is not its bytes but its parts.

A picture of twenty megabytes is one text. Twenty megabytes of empty objects are millions of values, gigabytes of memory
and seconds in which nobody else is answered.
"""

from __future__ import annotations

import re

PARTS_MAX = 200_000  # a batch of a thousand full orders has fewer

_PART = re.compile(rb'[",{\[]')
_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)  # of a text: what is before its end
_QUOTE, _BACKSLASH = b'"\\'


class Scales:
    """Counts texts, commas and beginnings of objects and lists; what looks like one inside a text is none."""

    def __init__(self) -> None:
        self.parts = 0
        self._in_text = False
        self._escaping = False  # the piece before ended with a backslash

    def take(self, piece: bytes) -> bool:
        """One more piece of the body; whether it still is one that may be read: not too many parts, and no zero byte (a
        body in UTF-16 would be counted wrong, and JSON over the wire is UTF-8).
        """
        if b"\0" in piece:
            return False
        at, end = 0, len(piece)
        if self._escaping and piece:
            at, self._escaping = 1, False
        while at < end:
            if self._in_text:
                at = _end_of(_REST.match(piece, at))
                if at < end and piece[at] == _BACKSLASH:
                    self._escaping = True
                    break
                self._in_text = at >= end
                at += 1
                continue
            found = _PART.search(piece, at)
            if found is None:
                break
            self.parts += 1
            if self.parts > PARTS_MAX:
                return False
            at = found.end()
            self._in_text = piece[at - 1] == _QUOTE
        return True


def _end_of(found: re.Match[bytes] | None) -> int:
    assert found is not None  # it matches nothing, too
    return found.end()
