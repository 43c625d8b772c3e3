"""What a text that names a picture or sound is taken for, and why some are refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanreel.domain.errors import Invalid
from wanreel.domain.reference import (
    DATA_BYTES_MAX,
    InlineData,
    LocalPath,
    Reference,
    VendorLink,
    WebLink,
    read_reference,
)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://example.com/a.png?x=1#y", WebLink("https://example.com/a.png?x=1#y")),
        ("  HTTP://example.com:8080/a.png\n", WebLink("HTTP://example.com:8080/a.png")),
        ("oss://dashscope-instant/a/b.png", VendorLink("oss://dashscope-instant/a/b.png")),
        ("data:image/PNG;base64,AAEC", InlineData("image/png", b"\0\1\2")),
        ("DATA:image/jpg; charset=x ;Base64,AAEC", InlineData("image/jpeg", b"\0\1\2")),
        ("data:audio/mp3;base64,AAEC", InlineData("audio/mpeg", b"\0\1\2")),
        ("file:///tmp/a%20b.png", LocalPath("/tmp/a b.png")),
        ("file://localhost/tmp/%E5%A4%8F.png", LocalPath("/tmp/夏.png")),
        ("file:///C:/pictures/a.png", LocalPath("C:/pictures/a.png")),
        ("file:///tmp/a?b.png", LocalPath("/tmp/a?b.png")),
        ("hero.png", LocalPath("hero.png")),
        ("./odd: name.png", LocalPath("./odd: name.png")),
        ("C:\\pictures\\a.png", LocalPath("C:\\pictures\\a.png")),
        ("c://a.png", LocalPath("c://a.png")),
        ("http.png", LocalPath("http.png")),
        ("~/夏天.png", LocalPath("~/夏天.png")),
    ],
)
def test_a_reference_is_recognised(text: str, reference: Reference) -> None:
    """Links, the vendor's storage, inline data, and everything else is a path."""
    assert reference == read_reference(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("ftp://example.com/a.png", "give a path, an http"),
        ("s3://bucket/a.png", "give a path, an http"),
        ("https://", "names no host"),
        ("https:///a.png", "names no host"),
        ("https://[::1/a.png", "not a link"),
        ("https://example.com:99999/a.png", "not a link"),
        ("https://example.com/a b.png", "percent-encoded"),
        ("https://example.com/" + "a" * 5000, "shorter link"),
        ("oss://bucket", "names no object"),
        ("oss:///key", "names no host"),
        ("file://server/share/a.png", "another machine (server)"),
        ("file:///", "names no file"),
        ("file:///a%00b", "zero character"),
        ("a\0b.png", "zero character"),
        ("data:image/png,abc", "write data:image/png;base64"),
        ("data:image/png;base64", "write data:image/png;base64"),
        ("data:image/gif;base64,AAEC", "allowed are image/jpeg"),
        ("data:;base64,AAEC", "type 'nothing'"),
        ("data:image/png;base64,", "inline data is empty"),
        ("data:image/png;base64,AAE", "not proper base64"),
        ("data:image/png;base64,AA EC", "not proper base64"),
        ("data:image/png;base64,AAéC", "not proper base64"),
        ("data:image/png;base64," + "A" * (DATA_BYTES_MAX * 4 // 3 + 8), "larger than 20 MB"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(text: str, words: str) -> None:
    """The message says what to do instead."""
    with pytest.raises(Invalid) as error:
        read_reference(text)
    assert words in error.value.message
    assert len(error.value.message) < 300


def test_a_refusal_keeps_signatures_and_content_to_itself() -> None:
    """Neither a link's query nor inline data is repeated in a message or a repr."""
    with pytest.raises(Invalid) as error:
        read_reference("ftp://example.com/a.png?Signature=secret")
    assert "secret" not in error.value.message
    data = read_reference("data:image/png;base64," + base64.b64encode(b"secret").decode())
    assert "secret" not in repr(data)


@given(st.text() | st.text(alphabet="fileosdath:/%?,;base64 \0.").map(lambda text: "data:" + text))
def test_any_text_is_a_reference_or_invalid(text: str) -> None:
    """No text raises anything else."""
    try:
        reference = read_reference(text)
    except Invalid:
        return
    assert isinstance(reference, Reference)
