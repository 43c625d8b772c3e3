"""What every archive promises: whole clips, durable and never overwritten, and no trace of what failed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.archive.clips import bare_clip, pieces, real_clip
from tests.contract.archives import STORES, Store
from wanreel.archive.bucket import PART_BYTES
from wanreel.archive.naming import variant_key
from wanreel.domain.errors import NotFound
from wanreel.domain.event import Trouble
from wanreel.domain.job import Artifact
from wanreel.ports.archive import KeepFailed, Label, Span

KEY = "default/2026/09/21/job_1.mp4"


@pytest.fixture(params=list(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        yield await STORES[request.param](request, tmp_path, stack)


def artifact_of(key: str, clip: bytes) -> Artifact:
    return Artifact(key, len(clip), hashlib.sha256(clip).hexdigest())


async def read(store: Store, artifact: Artifact, span: Span | None = None) -> bytes:
    return b"".join([piece async for piece in await store.shelf.open(artifact, span)])


async def failing(clip: bytes, error: Exception) -> AsyncIterator[bytes]:
    """A source that breaks after most of the clip."""
    yield clip[: len(clip) * 3 // 4]
    raise error


class Held:
    """A source that hands out some bytes and then waits to be let go."""

    def __init__(self, clip: bytes) -> None:
        self._clip = clip
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.closed = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            yield self._clip[:-100]
            self.reached.set()
            await self.go.wait()
            yield self._clip[-100:]
        finally:
            self.closed = True


async def test_what_is_kept_is_there_byte_for_byte(store: Store) -> None:
    """The artifact tells key, size and hash, and the bytes read back are the bytes given."""
    clip = real_clip()
    artifact = await store.archive.keep(KEY, pieces(clip))
    assert artifact_of(KEY, clip) == artifact
    assert {KEY: clip} == await store.visible()
    assert clip == await read(store, artifact)
    assert store.shelf.where(artifact)
    assert [] == await store.leftovers()


@pytest.mark.parametrize("size", [1, 100_000])
async def test_the_size_of_pieces_does_not_matter(store: Store, size: int) -> None:
    """One byte at a time or all at once, also from a source that is no generator."""
    clip = bare_clip(b"abc" * 10_000)

    class Plain:
        def __init__(self) -> None:
            self._left = [clip[at : at + size] for at in range(0, len(clip), size)]

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            if not self._left:
                raise StopAsyncIteration
            return self._left.pop(0)

    assert artifact_of(KEY, clip) == await store.archive.keep(KEY, Plain())
    assert {KEY: clip} == await store.visible()


async def test_the_same_bytes_again_are_harmless(store: Store) -> None:
    """A second keep of the same clip, say after a crash, gives the same artifact and no second object."""
    clip = real_clip()
    assert await store.archive.keep(KEY, pieces(clip)) == await store.archive.keep(KEY, pieces(clip, 77))
    assert {KEY: clip} == await store.visible()
    assert [] == await store.leftovers()


async def test_other_bytes_never_replace_what_lies_there(store: Store) -> None:
    """A different clip for a taken key goes under a key of its own, the same one each time."""
    first, other = real_clip(), real_clip(shade=100)
    await store.archive.keep(KEY, pieces(first))
    kept = [await store.archive.keep(KEY, pieces(other)) for _ in range(2)]
    moved = variant_key(KEY, hashlib.sha256(other).hexdigest())
    assert [artifact_of(moved, other)] * 2 == kept
    assert {KEY: first, moved: other} == await store.visible()
    assert other == await read(store, kept[0])


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (b"", "0 bytes"),
        (b"<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>", "AccessDenied"),
        (real_clip()[:-1], "cut short"),
        (real_clip()[:500], "cut short"),
        (bytes(100_000), "zeros"),
    ],
)
async def test_what_is_no_whole_clip_leaves_nothing_behind(store: Store, came: bytes, words: str) -> None:
    """Zero bytes, an error in XML, a cut clip: refused as bad bytes, with words, and without a trace."""
    with pytest.raises(KeepFailed, match=words) as error:
        await store.archive.keep(KEY, pieces(came))
    assert Trouble.BAD_BYTES == error.value.trouble
    assert {} == await store.visible()
    assert [] == await store.leftovers()


@pytest.mark.parametrize("error", [KeepFailed(Trouble.SOURCE_FAILED, "cut"), ZeroDivisionError("a bug")])
async def test_a_failing_source_leaves_nothing_behind(store: Store, error: Exception) -> None:
    """What the source raises comes through untouched, even a bug; then the key is as free as before."""
    clip = real_clip()
    with pytest.raises(type(error)) as raised:
        await store.archive.keep(KEY, failing(clip, error))
    assert error is raised.value
    assert {} == await store.visible()
    assert [] == await store.leftovers()
    assert artifact_of(KEY, clip) == await store.archive.keep(KEY, pieces(clip))


async def test_nothing_is_visible_before_it_is_whole(store: Store) -> None:
    """While bytes still come, no key shows them."""
    clip = real_clip()
    source = Held(clip)
    keeping = asyncio.create_task(store.archive.keep(KEY, source.pieces()))
    await source.reached.wait()
    assert {} == await store.visible()
    source.go.set()
    assert artifact_of(KEY, clip) == await keeping
    assert source.closed


async def test_a_cancelled_keep_leaves_nothing_and_ends_its_source(store: Store) -> None:
    """Cancelled in the middle, the temporary is gone and the source is closed when the cancel has come through."""
    source = Held(real_clip())
    keeping = asyncio.create_task(store.archive.keep(KEY, source.pieces()))
    await source.reached.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert {} == await store.visible()
    assert [] == await store.leftovers()
    assert source.closed


@pytest.mark.parametrize("place", range(4))
async def test_a_cancel_at_any_piece_leaves_no_temporary(store: Store, place: int) -> None:
    """Before any piece and after the last: a cancel leaves nothing, or the whole clip if it was already in place."""
    clip = bare_clip(b"x" * 3_000_000)

    async def cancelling() -> AsyncIterator[bytes]:
        for number in range(4):
            if number == place:
                keeping.cancel()  # comes through at the next wait, while the bytes are being written
            if number < 3:
                yield clip[number * 1_500_000 : (number + 1) * 1_500_000]

    keeping = asyncio.create_task(store.archive.keep(KEY, cancelling()))
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert await store.visible() in ({}, {KEY: clip})
    assert [] == await store.leftovers()
    assert artifact_of(KEY, clip) == await store.archive.keep(KEY, pieces(clip))


async def test_a_source_that_breaks_at_once_is_closed(store: Store) -> None:
    """Refused bytes end the source too, so that its connection goes back."""
    source = Held(b"<html>" + b"x" * 2_000_000)
    with pytest.raises(KeepFailed):
        await store.archive.keep(KEY, source.pieces())
    assert source.closed


async def test_many_at_once_under_one_key(store: Store) -> None:
    """Eight tasks keep two different clips under one key at once: one object for each clip, all artifacts true."""
    clips = [real_clip(), real_clip(shade=100)]
    kept = await asyncio.gather(*(store.archive.keep(KEY, pieces(clips[number % 2], 300)) for number in range(8)))
    visible = await store.visible()
    assert sorted(clips) == sorted(visible.values())
    assert KEY in visible
    for number, artifact in enumerate(kept):
        assert artifact_of(artifact.key, clips[number % 2]) == artifact
        assert clips[number % 2] == visible[artifact.key]
    assert [] == await store.leftovers()


async def test_many_at_once_under_many_keys(store: Store) -> None:
    """Forty clips at once, each under its own key."""
    clip = real_clip()
    keys = [f"default/2026/09/21/job_{number}.mp4" for number in range(40)]
    await asyncio.gather(*(store.archive.keep(key, pieces(clip)) for key in keys))
    assert dict.fromkeys(keys, clip) == await store.visible()


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    """Reading a clip that nobody kept, before and after something else was."""
    missing = Artifact("default/none.mp4", 3, "0" * 64)
    for _ in range(2):
        with pytest.raises(NotFound):
            await read(store, missing)
        await store.archive.keep(KEY, pieces(real_clip()))


# --- the shelf ---

LABEL = Label("video/mp4", "boat.mp4", (("job", "job_1"), ("model", "wan2.5-t2v-preview"), ("seed", "7")))


async def test_a_clip_keeps_what_is_told_of_it(store: Store) -> None:
    """Type and facts come back with a look, with size and time; the listing knows key and size."""
    clip = real_clip()
    artifact = await store.archive.keep(KEY, pieces(clip), LABEL)
    found = await store.shelf.look(artifact.key)
    assert found is not None
    assert (KEY, len(clip), "video/mp4") == (found.key, found.size_bytes, found.media_type)
    assert dict(LABEL.facts).items() <= dict(found.facts).items()
    assert 1.7e9 < found.modified_at
    assert [(KEY, len(clip))] == [(row.key, row.size_bytes) async for row in store.shelf.list()]
    assert [] == await store.leftovers()


@pytest.mark.parametrize("span", [Span(0, 1), Span(100, 300), Span(5), Span(0, None), Span(700, 701), Span(3, 3)])
async def test_a_part_is_just_that_part(store: Store, span: Span) -> None:
    """From the start, the middle, to the end, one byte, none at all."""
    clip = real_clip()
    artifact = await store.archive.keep(KEY, pieces(clip))
    assert clip[span.start : span.stop] == await read(store, artifact, span)


async def test_nothing_lies_where_nothing_was_put(store: Store) -> None:
    """An unused archive: no look, no listing, and a removal that does no harm."""
    assert await store.shelf.look(KEY) is None
    assert [] == [row async for row in store.shelf.list("default/")]
    await store.shelf.remove(KEY)


async def test_a_listing_is_of_a_prefix(store: Store) -> None:
    """Keys that begin so, whole folders or parts of names, and never somebody else's."""
    for key in ("a/1.mp4", "a/12.mp4", "a/2.mp4", "b/1.mp4"):
        await store.archive.keep(key, pieces(real_clip()))
    for prefix, keys in {"": 4, "a/": 3, "a/1": 2, "a": 3, "b/1.mp4": 1, "c": 0, "a/1.mp4/": 0}.items():
        assert (prefix, keys) == (prefix, len([row async for row in store.shelf.list(prefix)]))


async def test_a_small_file_is_put_in_place_of_the_last(store: Store) -> None:
    """A poster made anew replaces the old one, whole, with its own type."""
    key = "default/job_1.jpg"
    await store.shelf.put(key, b"old and longer", Label("image/png"))
    artifact = await store.shelf.put(key, b"new", Label("image/jpeg", facts=(("of", "job_1"),)))
    assert Artifact(key, 3, hashlib.sha256(b"new").hexdigest(), "image/jpeg") == artifact
    assert b"new" == await read(store, artifact)
    found = await store.shelf.look(key)
    assert found is not None
    assert ("image/jpeg", (("of", "job_1"),)) == (found.media_type, found.facts)
    assert {key: b"new"} == await store.visible()


async def test_what_was_removed_is_gone(store: Store) -> None:
    """Deleted for good, twice without harm; its neighbour stays, and the key may be used again."""
    artifact = await store.archive.keep(KEY, pieces(real_clip()), LABEL)
    await store.archive.keep("default/other.mp4", pieces(real_clip()))
    for _ in range(2):
        await store.shelf.remove(KEY)
        assert {"default/other.mp4": real_clip()} == await store.visible()
        with pytest.raises(NotFound):
            await read(store, artifact)
    assert artifact == await store.archive.keep(KEY, pieces(real_clip()))


# --- clips of several parts ---


def large_clip(mark: bytes = b"large") -> bytes:
    """A whole clip of two full parts and some more."""
    return bare_clip(mark * (2 * PART_BYTES // len(mark) + 1000))


async def test_a_large_clip_is_kept_byte_for_byte(store: Store) -> None:
    """Several parts, odd pieces: the same bytes come back, also from the middle; again is the same again."""
    clip = large_clip()
    for size in (300_001, 1_000_000):
        assert artifact_of(KEY, clip) == await store.archive.keep(KEY, pieces(clip, size), LABEL)
    artifact = artifact_of(KEY, clip)
    assert clip == await read(store, artifact)
    middle = Span(PART_BYTES - 10, PART_BYTES + 10)
    assert clip[middle.start : middle.stop] == await read(store, artifact, middle)
    assert {KEY: clip} == await store.visible()
    assert [] == await store.leftovers()


async def test_a_large_clip_does_not_replace_another(store: Store) -> None:
    """Where another large clip lies, or a small one, this one goes under a key of its own, the same each time."""
    clips = [real_clip(), large_clip(), large_clip(b"other")]
    kept = [await store.archive.keep(KEY, pieces(clip, 1_000_000)) for clip in clips + clips]
    assert kept[:3] == kept[3:]
    keys = [KEY, *(variant_key(KEY, hashlib.sha256(clip).hexdigest()) for clip in clips[1:])]
    assert dict(zip(keys, clips, strict=True)) == await store.visible()
    assert [] == await store.leftovers()


@pytest.mark.parametrize("share", [0.6, 0.99])
async def test_a_large_clip_that_breaks_off_leaves_nothing(store: Store, share: float) -> None:
    """Parts have arrived by then; no object and no upload is left of them, whatever broke the source."""
    clip = large_clip()

    async def breaking() -> AsyncIterator[bytes]:
        async for piece in pieces(clip[: int(len(clip) * share)], 500_000):
            yield piece
        raise KeepFailed(Trouble.SOURCE_FAILED, "cut")

    with pytest.raises(KeepFailed, match="cut"):
        await store.archive.keep(KEY, breaking())
    with pytest.raises(KeepFailed, match="cut short"):
        await store.archive.keep(KEY, pieces(clip[:-1], 500_000))
    assert {} == await store.visible()
    assert [] == await store.leftovers()


async def test_a_large_clip_cancelled_leaves_nothing(store: Store) -> None:
    """A cancel in the middle of the second part: parts in the air are called back, the upload is aborted."""
    source = Held(large_clip())
    keeping = asyncio.create_task(store.archive.keep(KEY, source.pieces()))
    await source.reached.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert {} == await store.visible()
    assert [] == await store.leftovers()
    assert source.closed


# --- links ---


async def test_a_link_reads_the_clip_and_nothing_else(store: Store) -> None:
    """Anybody can read it by its link, parts too, under the name asked for; a link tampered with is refused."""
    clip = real_clip()
    artifact = await store.archive.keep(KEY, pieces(clip), LABEL)
    await store.archive.keep("default/other.mp4", pieces(clip))
    link = await store.shelf.link(artifact, 60.0, "Boot é 纸船.mp4")
    if link is None:
        pytest.skip("this storage has no links")
    async with aiohttp.ClientSession(connector=store.connector()) as session:
        async with session.get(link) as answer:
            assert (200, clip) == (answer.status, await answer.read())
            assert "attachment" in answer.headers["Content-Disposition"]
            assert "%E7%BA%B8%E8%88%B9" in answer.headers["Content-Disposition"]
            assert "video/mp4" == answer.headers["Content-Type"]
        async with session.get(link, headers={"Range": "bytes=10-19"}) as answer:
            assert (206, clip[10:20]) == (answer.status, await answer.read())
        for changed in (link.replace("job_1", "other", 1).replace("2026/09/21/", "", 1), link[:-4] + "0000"):
            async with session.get(changed) as answer:
                assert 403 == answer.status
