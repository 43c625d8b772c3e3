"""Archives by name: one place under several names, two places under one, and what a home remembers of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from wanreel.archive.shelves import Reach, name_among, name_of, place_of
from wanreel.domain.address import Address, address_of

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
