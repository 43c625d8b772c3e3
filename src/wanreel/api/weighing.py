"""How much there is in a JSON body, counted as it comes: what makes it dear to read is not its bytes but its parts.

A picture of twenty megabytes is one text. Twenty megabytes of empty objects are millions of values, gigabytes of memory
and seconds in which nobody else is answered.
"""

from __future__ import annotations

import re

from wanreel.api.problems import Refusal

PARTS_MAX = 200_000  # a batch of a thousand full orders has fewer

_PART = re.compile(rb'[",{\[]')
_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)  # of a text: what is before its end
_CLOSE = {"Connection": "close"}
_QUOTE, _BACKSLASH = b'"\\'


class Scales:
    """Counts texts, commas and beginnings of objects and lists; what looks like one inside a text is none."""

    def __init__(self) -> None:
        self.parts = 0
        self._in_text = False
        self._escaping = False  # the piece before ended with a backslash

    def take(self, piece: bytes) -> None:
        """One more piece of the body. Raises Refusal: too many parts, or a zero byte (a body in UTF-16 would be counted
        wrong, and JSON over the wire is UTF-8).
        """
        if b"\0" in piece:
            raise Refusal("malformed", "The body is not JSON in UTF-8: it holds a zero byte.", headers=_CLOSE)
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
                words = f"At most {PARTS_MAX} texts and values are taken in one body."
                raise Refusal("too_large", words, headers=_CLOSE)
            at = found.end()
            self._in_text = piece[at - 1] == _QUOTE


def _end_of(found: re.Match[bytes] | None) -> int:
    assert found is not None  # it matches nothing, too
    return found.end()
