"""Whether bytes are a WAV or an MP3, told by their content. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# MPEG audio layer III (ISO/IEC 11172-3, 13818-3): kbit/s by index for MPEG-1, and for MPEG-2 and 2.5.
_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits


@dataclass(frozen=True, slots=True)
class Sound:
    """Facts of a sound."""

    format: str
    mime: str


def read_sound(data: bytes) -> Sound | None:
    """What sound this is, None for anything that is neither WAV nor MP3 or holds no sound."""
    if _is_wav(data):
        return Sound("WAV", "audio/wav")
    if _is_mp3(data):
        return Sound("MP3", "audio/mpeg")
    return None


def _is_wav(data: bytes) -> bool:
    """A RIFF file of form WAVE with a format and, after it, sound."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return False
    at, described = 12, False
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if kind == b"fmt ":
            described = size >= 16
        elif kind == b"data":
            return described and size > 0 and at + 8 < len(data)
        at += 8 + size + size % 2
    return False


def _is_mp3(data: bytes) -> bool:
    """Two frames of layer III in a row, after an ID3 tag if there is one."""
    at = 0
    if data[:3] == b"ID3" and len(data) > 10:
        at = 10 + sum((data[6 + place] & 0x7F) << (21 - 7 * place) for place in range(4))
        while at < len(data) and data[at] == 0:  # padding after the tag
            at += 1
    first = _frame_bytes(data[at : at + 4])
    return bool(first) and bool(_frame_bytes(data[at + first : at + first + 4]))


def _frame_bytes(header: bytes) -> int:
    """The length of the frame that a header announces, 0 for what is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version = header[1] >> 3 & 3
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or rate == 3 or not 0 < bitrate < 15:
        return 0
    bits = _KBITS[version != 3][bitrate] * 1000
    return (144 if version == 3 else 72) * bits // _RATES[version][rate] + padding
