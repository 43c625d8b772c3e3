"""Where an archive lies, as its URL says it."""

from __future__ import annotations

import pytest

from wanreel.domain.address import Address, address_of
from wanreel.domain.errors import Invalid


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("clips", Address("file", folder="clips")),
        ("/srv/clips", Address("file", folder="/srv/clips")),
        ("file:///srv/my%20clips", Address("file", folder="/srv/my clips")),
        ("s3://bucket", Address("s3", "bucket", "")),
        ("s3://bucket/", Address("s3", "bucket", "")),
        ("s3://bucket/a/b/", Address("s3", "bucket", "a/b/")),
        ("oss://my-bucket/wan_clips", Address("oss", "my-bucket", "wan_clips/")),
    ],
)
def test_a_url_names_a_place(text: str, address: Address) -> None:
    """Folders by path or URL; buckets with and without a prefix, which always ends in a slash."""
    assert address == address_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://host/x", "no storage wanreel knows"),
        ("s3://", "name of a bucket"),
        ("s3://UPPER/x", "name of a bucket"),
        ("s3://key:secret@bucket/x", "no key"),
        ("s3://bucket:9000/x", "no key, port"),
        ("s3://bucket/a?x=1", "query"),
        ("s3://bucket/../other", "plain path"),
        ("s3://bucket/a b", "plain path"),
        ("s3://[/", "not a URL"),
        ("file://srv/clips", "three slashes"),
        ("file:///srv/%00clips", "zero character"),
        ("/srv/../a\0b", "zero character"),
        ("oss://bucket/" + "x" * 300, "200 bytes"),
    ],
)
def test_what_names_no_place_is_refused_in_words(text: str, words: str) -> None:
    """What is wrong, what to give instead, and never the key somebody put into it."""
    with pytest.raises(Invalid, match=words) as refused:
        address_of(text)
    assert "secret" not in str(refused.value)


def test_an_address_reads_as_it_was_given() -> None:
    """A person is shown what they wrote."""
    assert ["s3://bucket/a/", "/srv"] == [str(address_of(text)) for text in ("s3://bucket/a", "/srv")]
