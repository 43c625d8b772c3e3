"""Archives by name: one place under several names, two places under one, and what a home remembers of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import FakeClock
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.opening import open_archive
from wanreel.archive.shelves import FileMemory, Reach, name_among, name_of, place_of
from wanreel.domain.address import Address, address_of
from wanreel.domain.errors import Invalid, NotFound
from wanreel.domain.policy import Policy
from wanreel.ports.archive import Label
from wanreel.store.memory import MemoryStore

CLIPS = address_of("s3://clips/films")
HERE = Reach(endpoint="http://minio.lan:9000")
THERE = Reach(endpoint="https://storage.example")


def folder(path: Path | str) -> Address:
    """A folder's address."""
    return Address("file", folder=str(path))


def test_a_folder_inside_the_home_is_named_from_there(tmp_path: Path) -> None:
    """Also where it was given by `..`, or the home by a link; a link keeps its name, so that it may be turned."""
    home = tmp_path / "home"
    home.mkdir()
    link = tmp_path / "link"
    link.symlink_to(home)
    assert "home:archive" == name_of(folder(home / "archive"), home)
    assert "home:archive" == name_of(folder(home / "x" / ".." / "archive"), home)
    assert "home:archive" == name_of(folder(home / "archive"), link.resolve())
    assert "home:archive" == name_of(folder(home / "x" / ".." / "archive"), link)
    assert str(tmp_path / "clips") == name_of(folder(home / ".." / "clips"), home)
    assert str(home / "archive") == place_of("home:archive", home).folder


@pytest.mark.parametrize(
    ("known", "reach", "name"),
    [
        ({}, HERE, "s3://clips/films/"),
        ({"s3://clips/films/": HERE}, HERE, "s3://clips/films/"),
        ({"s3://clips/films/": HERE}, THERE, "s3://clips@storage.example/films/"),
        ({"s3://clips/films/": HERE}, Reach(), "s3://clips@amazonaws.com/films/"),
        ({"s3://clips/films/": Reach()}, Reach(region="eu-west-1"), "s3://clips/films/"),
        (
            {"s3://clips/films/": Reach()},
            Reach(endpoint="https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com"),
            "s3://clips/films/",
        ),
    ],
)
def test_a_bucket_of_the_same_name_in_another_storage_is_another_archive(
    known: Mapping[str, Reach], reach: Reach, name: str, tmp_path: Path
) -> None:
    """The one that was known first keeps its name; AWS's regions and private endpoints are all one storage."""
    assert name == name_among(known, CLIPS, reach, tmp_path)
    assert CLIPS == place_of(name, tmp_path)


def test_internal_endpoints_of_oss_lead_to_the_same_bucket(tmp_path: Path) -> None:
    """Changing to one makes no new archive."""
    inside = Reach("cn-beijing", "https://oss-cn-beijing-internal.aliyuncs.com")
    assert "oss://clips/" == name_among(
        {"oss://clips/": Reach("cn-beijing")}, address_of("oss://clips"), inside, tmp_path
    )


async def test_machines_that_share_a_store_know_each_others_archives(tmp_path: Path) -> None:
    """What one home had remembered by itself is handed over once; what another machine begins to use is met when a clip
    of it is asked for; what is forgotten is forgotten for all, and comes back out of no home.
    """
    store = MemoryStore(lambda _: 1, Policy())
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        home.mkdir()
    await FileMemory(homes[0] / "archives.json").note(str(tmp_path / "old"), Reach(region="x"))
    artifact = await LocalShelf(tmp_path / "old").put("k.mp4", b"clip", Label())
    artifact = replace(artifact, archive=str(tmp_path / "old"))

    async with open_archive(folder(tmp_path / "now"), Reach(), homes[1], FakeClock(), store) as (_, shelf):
        assert [str(tmp_path / "now")] == list(shelf.all())
        async with open_archive(folder(tmp_path / "now"), Reach(), homes[0], FakeClock(), store):
            pass
        assert b"clip" == b"".join([piece async for piece in await shelf.open(artifact)])
        assert {str(tmp_path / "now"), str(tmp_path / "old")} == set(shelf.all())
        await shelf.forget(str(tmp_path / "old"))
        with pytest.raises(NotFound):
            await shelf.forget(str(tmp_path / "old"))
    async with open_archive(folder(tmp_path / "now"), Reach(), homes[0], FakeClock(), store) as (_, shelf):
        assert [str(tmp_path / "now")] == list(shelf.all())


@pytest.mark.parametrize("name", ["home:../../etc", "home:/etc", "s3://@x/", "s3://a@b@c/x"])
def test_a_name_that_was_tampered_with_leads_nowhere(tmp_path: Path, name: str) -> None:
    """What is remembered lies in a file and a database that others may have written to."""
    with pytest.raises(Invalid):
        place_of(name, tmp_path)
