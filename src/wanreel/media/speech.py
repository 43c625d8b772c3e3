"""How the process that looks into a file and the one that asked speak: framed messages over two pipes.

The child may say: I need these bytes of the file (READ); here is a piece of the answer (PIECE); that was all (DONE,
with a JSON object); it cannot be done (REFUSED, with a JSON object). The parent says its order first (a JSON text), and
then answers each READ with bytes. The child holds no path, no address and no key: all it can ask for are bytes of one
file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

HEAD = struct.Struct(">BQ")  # what, and how many bytes follow
READ = struct.Struct(">QQ")  # from where, and how many
GONE = (1 << 64) - 1  # the length of an answer to a READ that cannot be had


class Say(IntEnum):
    """The kinds of messages."""

    ORDER = 1
    BYTES = 2
    READ = 3
    PIECE = 4
    DONE = 5
    REFUSED = 6


class Why(IntEnum):
    """What a refusal means for whoever asked."""

    INVALID = 1  # the file is not what it should be, or wants more than it may have
    INTERNAL = 2  # a bug of ours


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    say: Say
    body: bytes


def framed(say: Say, body: bytes) -> bytes:
    """A message as it travels."""
    return HEAD.pack(say, len(body)) + body
