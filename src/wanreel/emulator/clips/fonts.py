"""Letters: which font draws which character, wrapping, and an honest count of what none can draw."""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont

FONT_PACKAGE = "pylopdf-fonts-zh-cn"

# Noto Sans SC from a data-only PyPI package (SIL OFL) comes first: the same letters on every machine.
_PACKAGED = (("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),)
_INSTALLED = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)

_NOWHERE = "\U0010fffd"  # private use, in no font: what a font draws for it is its sign for "missing"
_SILENT = "\u200b\u200c\u200d\u2060\ufe0e\ufe0f"  # joiners and variation selectors: nothing to draw

Font = ImageFont.FreeTypeFont


@cache
def font_files() -> tuple[Path, ...]:
    """The font files this machine offers, best first; Pillow's own built-in letters stand behind them."""
    found: list[Path] = []
    for package, name in _PACKAGED:
        spec = importlib.util.find_spec(package)
        folders = (spec.submodule_search_locations or ()) if spec else ()
        found.extend(Path(folder) / name for folder in folders)
    found.extend(Path(path) for path in _INSTALLED)
    return tuple(path for path in found if path.is_file())


@dataclass(frozen=True, slots=True)
class Line:
    """One line cut into runs of a single font each."""

    runs: tuple[tuple[Font, str], ...]

    @property
    def width(self) -> float:
        """Pixels from the first to the last letter."""
        return sum(font.getlength(text) for font, text in self.runs)


class Letters:
    """The fonts of one size, tried in order for each character. Not to be shared between threads."""

    def __init__(self, size: int, files: tuple[Path, ...] | None = None) -> None:
        self.size = size
        paths = font_files() if files is None else files
        self._fonts = [ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC) for path in paths]
        built_in = ImageFont.load_default(size)
        if isinstance(built_in, ImageFont.FreeTypeFont):
            self._fonts.append(built_in)
        self._blanks = [_shape(font, _NOWHERE) for font in self._fonts]
        self._known: dict[str, Font | None] = {}

    @property
    def height(self) -> int:
        """Pixels from one line to the next."""
        return round(self.size * 1.38)

    def font_for(self, char: str) -> Font | None:
        """The first font that has `char`, None when no font has."""
        if char not in self._known:
            self._known[char] = self._search(char)
        return self._known[char]

    def missing(self, text: str) -> int:
        """How many characters of `text` no font here can draw."""
        return sum(self.font_for(char) is None for char in text if char not in _SILENT)

    def line(self, text: str) -> Line:
        """`text` in runs; a character no font has becomes a middle dot."""
        runs: list[tuple[Font, str]] = []
        for char in text:
            if char in _SILENT:
                continue
            font = self.font_for(char)
            drawn, font = (char, font) if font else ("·", self._fonts[-1])
            if runs and runs[-1][0] is font:
                runs[-1] = (font, runs[-1][1] + drawn)
            else:
                runs.append((font, drawn))
        return Line(tuple(runs))

    def wrap(self, text: str, width: int, lines_max: int) -> list[Line]:
        """`text` broken to `width` pixels, at most `lines_max` lines; what is left over is counted at the end."""
        rows: list[str] = []
        rest = " ".join(text.split())
        while rest and len(rows) < lines_max:
            cut = self._fits(rest, width)
            rows.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        if rest:
            tail = f" …+{len(rest):,}"
            room = width - self.line(tail).width
            cut = self._fits(rows[-1], max(int(room), self.size), by_word=False)
            rows[-1] = rows[-1][:cut].rstrip() + tail
        return [self.line(row) for row in rows]

    def draw(self, draw: ImageDraw.ImageDraw, line: Line, x: float, y: float, fill: object) -> None:
        """Draw `line` with its baseline box starting at (x, y)."""
        for font, text in line.runs:
            draw.text((x, y + self.size), text, font=font, fill=fill, anchor="ls")  # type: ignore[arg-type]
            x += font.getlength(text)

    def _fits(self, text: str, width: int, *, by_word: bool = True) -> int:
        """How many characters of `text` go on one line of `width`: at least one, whole words where possible."""
        used, space = 0.0, 0
        for index, char in enumerate(text):
            if char == " " or (index and _opens(char)):
                space = index
            font = self.font_for(char) or self._fonts[-1]
            used += font.getlength(char)
            if used > width:
                return max(space if by_word and space else index, 1)
        return len(text)

    def _search(self, char: str) -> Font | None:
        if char.isspace():
            return self._fonts[0]
        for font, blank in zip(self._fonts, self._blanks, strict=True):
            shape = _shape(font, char)
            if shape and shape != blank:
                return font
        return None


def _shape(font: Font, char: str) -> bytes:
    """The pixels of one glyph."""
    mask: Any = font.getmask(char)
    return bytes(mask)


def is_cjk(char: str) -> bool:
    """Whether `char` is of the Chinese, Japanese or Korean scripts."""
    return "\u2e80" <= char <= "\ud7ff" or "\uf900" <= char <= "\uffef" or "\U00020000" <= char <= "\U0003ffff"


def _opens(char: str) -> bool:
    """Whether a line may begin with `char` though no space stands before it: not with a closing mark."""
    return (is_cjk(char) or char >= "\U0001f000") and char not in "，。、；：？！）》」』】～"
