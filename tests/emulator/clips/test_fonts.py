"""Letters: coverage, wrapping, and honesty about what can't be drawn."""

import importlib.util
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from tests.emulator.clips.pictures import BASE, probe
from wanreel.emulator.clips import caption, render
from wanreel.emulator.clips.fonts import FONT_PACKAGE, Letters, font_files

_HAS_HAN = importlib.util.find_spec("pylopdf_fonts_zh_cn") is not None
_CHINESE = "夜晚的城市，霓虹灯闪烁"


def _drawn(letters: Letters, text: str) -> bytes:
    image = Image.new("L", (40, 40))
    letters.draw(ImageDraw.Draw(image), letters.line(text), 2, 2, 255)
    return image.tobytes()


@pytest.mark.skipif(not _HAS_HAN, reason=f"{FONT_PACKAGE} is not installed")
def test_chinese_is_drawn_from_the_packaged_font() -> None:
    """With the font package, no character of a Chinese prompt is missing, and each has its own shape."""
    letters = Letters(24)
    assert 0 == letters.missing(_CHINESE + "生成「」——……ABC123×·")
    assert 1 == len({letters.font_for(char) for char in "夜晚城市霓虹"})
    shapes = {_drawn(letters, char) for char in "夜晚城市霓虹"}
    assert 6 == len(shapes)


def test_without_a_font_for_it_chinese_is_counted_and_said() -> None:
    """On a machine with no CJK font the clip says how many characters are missing and what to install."""
    bare = Letters(24, files=())
    assert len(_CHINESE) - 1 <= bare.missing(_CHINESE) <= len(_CHINESE)
    assert {"·"} >= set("".join(text for _, text in bare.line("夜晚").runs))
    said = caption.apology(bare, _CHINESE, bare.missing(_CHINESE))
    assert FONT_PACKAGE in said
    assert str(bare.missing(_CHINESE)) in said


def test_missing_emoji_are_said_without_a_false_remedy() -> None:
    """A Chinese font is not offered for an emoji."""
    bare = Letters(24, files=())
    assert 1 == bare.missing("ok 🐱")
    assert FONT_PACKAGE not in caption.apology(bare, "ok 🐱", 1)


def test_joiners_and_selectors_are_neither_drawn_nor_missed() -> None:
    """Invisible characters take no room and are no loss."""
    letters = Letters(24, files=())
    assert letters.line("ab").width == letters.line("a\u200d\ufe0fb").width
    assert 0 == letters.missing("a\u200d\ufe0fb")


@pytest.mark.parametrize(
    "text", ["a plain sentence of some words that goes on", _CHINESE * 6, "W" * 200, "mixed 中文 and words 混合 " * 8]
)
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    """Lines stay within the width and together hold the whole text."""
    letters = Letters(20)
    lines = letters.wrap(text, 180, 1000)
    assert max(line.width for line in lines) <= 180 + 20
    joined = "".join(part for line in lines for _, part in line.runs)
    assert "".join(text.split()) == "".join(joined.split())


def test_words_are_not_cut_where_a_space_is_near() -> None:
    """English breaks at spaces."""
    rows = ["".join(part for _, part in line.runs) for line in Letters(20).wrap("alpha beta gamma delta", 130, 10)]
    assert {"alpha", "beta", "gamma", "delta"} == set(" ".join(rows).split())


def test_a_text_too_long_says_how_much_is_left() -> None:
    """The last line of a cut text ends in the number of characters not shown."""
    lines = Letters(20).wrap("word " * 400, 200, 2)
    assert 2 == len(lines)
    assert "…+1," in "".join(part for _, part in lines[-1].runs)


def test_closing_marks_do_not_begin_a_line() -> None:
    """A Chinese comma or full stop stays with the text before it."""
    for width in range(60, 200, 7):
        for line in Letters(20).wrap("一二三四五，六七八九十。甲乙丙丁，戊己庚辛", width, 50):
            assert line.runs[0][1][0] not in "，。"


def test_a_clip_renders_with_whatever_fonts_there_are() -> None:
    """Fonts are found or not; a clip comes out either way."""
    assert all(path.is_file() for path in font_files())
    assert 6 == probe(render(replace(BASE, prompt=_CHINESE))).frame_count
