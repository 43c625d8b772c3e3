"""What cannot be done as asked: refused in words that say what is allowed, with nothing stored, sent or paid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.terminal import Terminal
from tests.client.small_world import bought, picture
from wanreel.emulator.server import Emulator

FOX = "A red fox in snow"
I2V = ("--model", "wan2.5-i2v-preview")


@pytest.fixture(autouse=True)
def nothing_happened(terminal: Terminal, vendor: Emulator) -> Iterator[None]:
    """After each refusal the home has no job and the vendor was never called."""
    yield
    assert "" == terminal("jobs", "list", "--no-header").out
    assert 0 == bought(vendor)
    assert "create" not in vendor.counters()["requests"]


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        (("",), "prompt", "must not be empty"),
        (("  \n",), "prompt", "must not be empty"),
        ((FOX, "--model", "wan2.5-t2v-preview", "--prompt", "x"), "command line", "Unknown option"),
        ((FOX, "--model", "wan2.5-t2v-preview", "--size", "1281*720"), "size", "1280*720"),
        ((FOX, "--model", "wan2.5-t2v-preview", "--size", "huge"), "size", "1280*720"),
        ((FOX, "--model", "wan2.5-t2v-preview", "--duration", "7"), "duration_s", "5 or 10"),
        ((FOX, "--duration", "long"), "duration_s", "whole number"),
        ((FOX, "--seed", "-1"), "seed", "0 to 2147483647"),
        ((FOX, "--variants", "0"), "variants", "from 1 to 100"),
        ((FOX, "--extra-parameters", "[1]"), "extra_parameters", "JSON object"),
        ((FOX, "--region", "mars"), "region", "beijing"),
        ((FOX, "--variants", "1.5"), "variants", "whole number"),
        ((FOX, "--base-url", "https://[::1"), "vendor_url", "scheme, host and path"),
        ((FOX, "--base-url", "https://me:secret@host/api/v1"), "vendor_url", "scheme, host and path"),
        ((FOX, "--base-url", "https://host/api/v1?key=secret"), "vendor_url", "scheme, host and path"),
        ((FOX, "--base-url", "https://a host/api/v1"), "vendor_url", "scheme, host and path"),
        ((FOX, "--image", "a.png", "--first-frame", "b.png"), "image", "says the same as --first-frame"),
        ((FOX, "--model", "wan2.5-i2v-preview"), "first_frame", "needs"),
    ],
)
def test_wishes_that_cannot_be(terminal: Terminal, words: tuple[str, ...], field: str, said: str) -> None:
    """The field, and what is allowed."""
    ran = terminal("generate", *words, "--json")
    assert 2 == ran.code, ran.out
    problems = {p["field"]: p["message"] for p in ran.error["problems"]}
    assert field in problems, problems
    assert said in problems[field]


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-é", "sk a b", "sk-" + "x" * 100_000])
def test_a_key_that_cannot_travel(terminal: Terminal, key: str) -> None:
    """Told at once, not kept trying; and never shown."""
    for words in (("generate", FOX), ("worker", "--until-idle")):
        ran = terminal(*words, DASHSCOPE_API_KEY=key)
        assert 6 == ran.code
        assert "the API key holds characters" in ran.err
        assert key not in ran.err


def test_what_the_base_url_hides_is_not_repeated(terminal: Terminal) -> None:
    """A password in it reaches neither the screen nor, as the account's name, the database."""
    ran = terminal("generate", FOX, "--base-url", "https://me:secret@host/api/v1")
    assert "secret" not in ran.err


def test_all_that_is_wrong_is_told_at_once(terminal: Terminal) -> None:
    """Three mistakes, one run."""
    ran = terminal("generate", FOX, "--model", "wan2.5-t2v-preview", "--size", "1*1", "--duration", "7", "--seed", "x")
    assert ran.err.startswith("error: this cannot be done as asked; nothing was sent or paid\n")
    assert ["duration_s", "seed", "size"] == sorted(line.split(":")[0].strip() for line in ran.err.splitlines()[1:])


def test_a_prompt_the_vendor_would_cut(terminal: Terminal) -> None:
    """A prompt over the model's limit is refused, since it would be cut without a word and billed."""
    ran = terminal("generate", "x" * 1501, "--model", "wan2.5-t2v-preview")
    assert 2 == ran.code
    assert "silently cut the other 1" in ran.err


def test_pictures_that_are_none(terminal: Terminal) -> None:
    """Missing, a folder, empty, no picture, too small, a type the vendor does not take: each in words of its own."""
    Path("folder").mkdir()
    Path("empty.png").touch()
    Path("words.png").write_text("I am a text")
    Path("tiny.png").write_bytes(picture(size=(20, 20)))
    Image.new("RGB", (640, 400)).save("moving.gif")
    for name, said in (
        ("missing.png", "is not there"),
        ("folder", "is a folder"),
        ("empty.png", "is empty"),
        ("words.png", "words.png"),
        ("tiny.png", "pixels"),
        ("moving.gif", "moving.gif"),
    ):
        ran = terminal("generate", FOX, *I2V, "--image", name, "--json")
        assert 2 == ran.code, name
        (problem,) = ran.error["problems"]
        assert "first_frame" == problem["field"]
        assert said in problem["message"], problem


def test_a_picture_that_is_too_large(terminal: Terminal) -> None:
    """More bytes than any model takes are refused before they are read whole."""
    with Path("large.png").open("wb") as file:
        file.write(picture())
        file.truncate(25 * 1024 * 1024)
    ran = terminal("generate", FOX, *I2V, "--image", "large.png")
    assert 2 == ran.code
    assert "larger than 20 MB" in ran.err


def test_an_out_that_cannot_be_written(terminal: Terminal) -> None:
    """Found before anything is bought: a folder under a file, and a file where a folder is needed."""
    Path("file").write_text("not a folder")
    ran = terminal("generate", FOX, "-o", "file/fox.mp4")
    assert (2, True) == (ran.code, "out: " in ran.err)
    ran = terminal("generate", FOX, "--variants", "2", "-o", "file")
    assert 2 == ran.code
    assert "must be a folder" in ran.err


def test_no_key_at_all(terminal: Terminal) -> None:
    """Exit 6 and the name of the variable, for every command that would have to work the home."""
    del terminal.env["DASHSCOPE_API_KEY"]
    for words in (("generate", FOX), ("generate", FOX, "--no-wait"), ("worker",), ("worker", "--until-idle")):
        ran = terminal(*words)
        assert 6 == ran.code, words
        assert "DASHSCOPE_API_KEY" in ran.err


def test_a_home_that_cannot_be(terminal: Terminal) -> None:
    """A home under a file: exit 8 and which setting names another."""
    Path("file").write_text("not a folder")
    ran = terminal("generate", FOX, "--home", "file/home")
    assert 8 == ran.code
    assert "--home" in ran.err


def test_a_config_that_is_no_toml(terminal: Terminal) -> None:
    """The file and the line that cannot be read."""
    terminal.home.mkdir()
    config = terminal.home / "config.toml"
    config.write_text("region = \n")
    ran = terminal("generate", FOX)
    assert 2 == ran.code
    assert str(config) in ran.err
    assert "line 1" in ran.err
    config.unlink()


def test_a_huge_value_is_not_thrown_back_whole(terminal: Terminal) -> None:
    """An error stays readable whatever was given."""
    ran = terminal("generate", "a cat", "--size", "9" * 100_000)
    assert 2 == ran.code
    assert 2000 > len(ran.err)
