"""Frames and sound into an MP4: H.264 and AAC, the index before the data, the same bytes every time."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import Flags
from numpy.typing import NDArray

from wanreel.emulator.clips.picture import Picture
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.tone import RATE

# One thread per encoder: several would share the work in an order of their own, and the bytes would differ.
# A fixed quantiser and no look-ahead: the picture is drawn, not filmed, and a fifth of the encoder's time is saved.
_VIDEO = {"preset": "ultrafast", "tune": "zerolatency", "qp": "24", "threads": "1"}
_AUDIO = {"aac_coder": "fast"}
_AUDIO_CHUNK = 1024
_SMPTE170M, _BT709, _NARROW = 6, 1, 1


def mux(spec: ClipSpec, frames: Iterator[Picture], sound: NDArray[np.float32] | None, out: str | BinaryIO) -> None:
    """Encode `frames` (and stereo `sound`) into `out`: a path or a seekable file open for reading and writing."""
    # PyAV's own type hints are partial: its objects are taken as they come, here and in _video_stream.
    opened: Any = av.open(out, "w", format="mp4", options={"movflags": "+faststart"}, **_reopen(out))
    with opened as container:
        container.flags |= Flags.bitexact.value
        video = _video_stream(container, spec)
        audio = _audio_stream(container) if sound is not None else None
        played = 0
        for index, picture in enumerate(frames):
            container.mux(video.encode(_frame(picture, index, spec.fps)))
            due = round((index + 1) * RATE / spec.fps)
            while audio is not None and sound is not None and played < min(due, sound.shape[1]):
                chunk = sound[:, played : played + _AUDIO_CHUNK]
                container.mux(audio.encode(_samples(chunk, played)))
                played += chunk.shape[1]
        container.mux(video.encode(None))
        if audio is not None:
            container.mux(audio.encode(None))


def _video_stream(container: Any, spec: ClipSpec) -> Any:
    options = _VIDEO | {"g": str(spec.fps * 2)}
    stream = container.add_stream("libx264", rate=spec.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    context = stream.codec_context
    context.colorspace, context.color_range = _SMPTE170M, _NARROW
    context.color_primaries, context.color_trc = _BT709, _BT709
    return stream


def _audio_stream(container: Any) -> Any:
    return container.add_stream("aac", rate=RATE, layout="stereo", bit_rate=96_000, options=_AUDIO)


def _frame(picture: Picture, index: int, fps: int) -> av.VideoFrame:
    frame = av.VideoFrame(*picture.size, "yuv420p")
    for plane, image in zip(frame.planes, picture.planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
        rows[: image.height, : image.width] = np.asarray(image)
    frame.pts, frame.time_base = index, Fraction(1, fps)
    return frame


def _samples(chunk: NDArray[np.float32], start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
    return frame


def _reopen(out: str | BinaryIO) -> dict[str, Any]:
    """Moving the index to the front reads the file while it is written; a buffer needs a second view for that."""
    if not isinstance(out, io.BytesIO):
        return {}

    def again(url: str, flags: int, options: dict[str, str]) -> _View:
        return _View(out)

    return {"io_open": again}


class _View(io.RawIOBase):
    """Reads a BytesIO at a position of its own."""

    def __init__(self, buffer: io.BytesIO) -> None:
        self._buffer, self._at = buffer, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._at, self._buffer.getbuffer().nbytes)[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        with self._buffer.getbuffer() as view:
            end = view.nbytes if size < 0 else self._at + size
            data = bytes(view[self._at : end])
        self._at += len(data)
        return data
