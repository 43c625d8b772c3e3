"""Whole MP4s pass, however they are cut; everything else is refused in words that say what it was."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.clips import FTYP, MOOV, bare_clip, box, cut, real_clip, top_boxes
from wanreel.archive.boxes import INDEX_BYTES_MAX, SIZE_BYTES_MAX, BoxWalker, NotWhole, Whole

EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired.</Message>'
    b"<OSSAccessKeyId>LTAI5t</OSSAccessKeyId><StringToSign>GET secret</StringToSign></Error>"
)


def judge(data: bytes, size: int | None = None) -> Whole | str:
    """The verdict on some bytes: facts, or why not."""
    walker = BoxWalker()
    try:
        for piece in cut(data, size or max(1, len(data))):
            walker.feed(piece)
        return walker.finish()
    except NotWhole as error:
        return error.why


@pytest.mark.parametrize("movflags", ["+faststart", "0"])
def test_a_real_clip_is_whole_and_tells_its_facts(movflags: str) -> None:
    """Index first or last, the facts are the encoder's."""
    clip = real_clip(movflags=movflags)
    assert Whole(len(clip), 2.0, 64, 64) == judge(clip)


def test_a_fragmented_clip_is_whole() -> None:
    """A clip in fragments has one index and many pieces of data."""
    clip = real_clip(movflags="frag_keyframe+empty_moov")
    verdict = judge(clip)
    assert isinstance(verdict, Whole)
    assert (64, 64) == (verdict.width, verdict.height)


@pytest.mark.parametrize("clip", [bare_clip(), bare_clip(long=True), bare_clip(to_end=True)])
def test_every_way_to_state_a_size_is_read(clip: bytes) -> None:
    """32-bit, 64-bit, and up to the end of the file."""
    assert Whole(len(clip), 5.0) == judge(clip)


@pytest.mark.parametrize("movflags", ["+faststart", "0"])
def test_every_cut_is_detected(movflags: str) -> None:
    """A clip cut at any byte is refused, unless all it lost were boxes after the index and the last data."""
    clip = real_clip(movflags=movflags)
    ends = top_boxes(clip)
    needed = max(end for kind, end in ends if kind in {"moov", "mdat"})
    harmless = {end for _, end in ends if end >= needed}
    undetected = {size for size in range(len(clip)) if isinstance(judge(clip[:size]), Whole)}
    assert harmless - {len(clip)} == undetected


def test_data_without_a_size_is_measured_by_the_index() -> None:
    """Where `mdat` reaches "to the end", only the index knows that bytes are missing: one lost byte is noticed."""
    clip = bytearray(real_clip())
    kinds = [kind for kind, _ in top_boxes(bytes(clip))]
    assert "mdat" == kinds[-1]
    start = top_boxes(bytes(clip))[-2][1]
    struct.pack_into(">I", clip, start, 0)
    assert isinstance(judge(bytes(clip)), Whole)
    assert all("cut short" in str(judge(bytes(clip[:size]))) for size in range(start + 8, len(clip)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_verdict_does_not_depend_on_the_cutting(data: st.DataObject) -> None:
    """Any bytes, damaged clips above all, are judged alike in pieces of any size."""
    clip = bytearray(real_clip(movflags=data.draw(st.sampled_from(["+faststart", "0"]))))
    for place in data.draw(st.lists(st.integers(0, len(clip) - 1), max_size=3)):
        clip[place] = data.draw(st.integers(0, 255))
    damaged = bytes(clip[: data.draw(st.integers(0, len(clip)))])
    assert judge(damaged) == judge(damaged, data.draw(st.integers(1, 40)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", FTYP, FTYP + MOOV, FTYP + b"\0\0\1\0moov"]), st.integers(1, 9))
def test_rubbish_gets_a_verdict_and_nothing_else(rubbish: bytes, before: bytes, size: int) -> None:
    """Whatever the bytes, the answer is facts or words, in any cutting the same."""
    assert judge(before + rubbish) == judge(before + rubbish, size)


def test_a_refusal_stays() -> None:
    """Once refused, further bytes and the end are refused in the same words."""
    walker = BoxWalker()
    with pytest.raises(NotWhole) as first:
        walker.feed(FTYP + MOOV + MOOV)
    for again in (lambda: walker.feed(b"more"), walker.finish):
        with pytest.raises(NotWhole) as later:
            again()
        assert first.value.why == later.value.why


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty: 0 bytes"),
        (bytes(5000), "nothing but zeros"),
        (EXPIRED, "XML error, not an MP4 (AccessDenied: Request has expired.;"),
        (b"<Error><Code>NoSuchKey</Code><Mess", "(NoSuchKey;"),
        (b"<!DOCTYPE html><html><head><title>502 Bad  Gateway</title>", "web page, not an MP4 (502 Bad Gateway;"),
        (b'{"code":"Throttling","message":"slow down"}', "JSON, not an MP4 (Throttling: slow down;"),
        (b'{"code":"Thro', "JSON, not an MP4 (without a code;"),
        (b"upstream connect error", "text, not an MP4 ('upstream connect error';"),
        (b"denied https://h/a.mp4?Signature=secret&x=1 sorry", "denied https://h/a.mp4?… sorry"),
        (b"\x1aE\xdf\xa3" + bytes(99), "WebM"),
        (b"RIFF\0\0\0\0AVI LIST", "RIFF file (AVI)"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "JPEG"),
        (b"\x1f\x8b\x08" + bytes(99), "gzip"),
        (b"\x93\x01\xfe\xed\x00" * 9, "not an MP4 (45 bytes, beginning with 93 01"),
        (MOOV + bare_clip(), "starts with a box 'moov', not with 'ftyp'"),
        (FTYP[:6], "cut short"),
        (FTYP, "without an index"),
        (FTYP + MOOV, "without picture data"),
        (FTYP + MOOV + box(b"mdat"), "without picture data"),
        (FTYP + box(b"mdat", b"1"), "without an index"),
        (bare_clip() + MOOV, "second index"),
        (bare_clip()[:-1], "the box 'mdat' lacks 1 bytes"),
        (bare_clip() + b"\0\0", "in the header of a box"),
        (FTYP + b"\0\0\0\7free", "the box 'free' says that it is 7 bytes long"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 15), "says that it is 15 bytes long"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", SIZE_BYTES_MAX), "bytes long"),
        (FTYP + b"\0\0\0\x10\1\2\3\4", "01 02 03 04 is no box type"),
        (FTYP + box(b"moov", b"\0\0\0\x63trak") + box(b"mdat", b"1"), "index does not hold together"),
    ],
)
def test_the_words_say_what_came(data: bytes, words: str) -> None:
    """An operator reads what was sent in place of the clip, and no secret of the storage's error."""
    verdict = judge(data)
    assert isinstance(verdict, str)
    assert words in verdict
    assert "secret" not in verdict
    assert "LTAI" not in verdict
    assert verdict == judge(data, 1)


def test_an_endless_stranger_is_refused_early() -> None:
    """A page that never ends is refused after its first kilobytes."""
    walker = BoxWalker()
    walker.feed(b"<html>" + b"x" * 4000)
    with pytest.raises(NotWhole, match="web page"):
        walker.feed(b"x" * 1000)


def test_an_index_past_the_bound_is_walked_and_not_kept() -> None:
    """An index of absurd size is not held in memory; the clip's boxes still count."""
    walker = BoxWalker()
    walker.feed(FTYP + struct.pack(">I4s", 8 + 3 * INDEX_BYTES_MAX, b"moov"))
    for _ in range(3):
        walker.feed(bytes(INDEX_BYTES_MAX))
    walker.feed(box(b"mdat", b"1"))
    assert Whole(len(FTYP) + 8 + 3 * INDEX_BYTES_MAX + 9) == walker.finish()
    assert INDEX_BYTES_MAX + 1 == len(walker._index)
