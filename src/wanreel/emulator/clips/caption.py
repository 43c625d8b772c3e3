"""The writing on a clip: what was asked, by which model and seed, a running counter, the watermark."""

from __future__ import annotations

from PIL import Image, ImageDraw

from wanreel.emulator.clips.fonts import FONT_PACKAGE, Letters, Line, is_cjk
from wanreel.emulator.clips.picture import Picture, Sprite
from wanreel.emulator.clips.spec import ClipSpec

WATERMARK = "AI生成"
_PROMPT_CHARS_MAX = 25_000
_SHOWN_CHARS = 400  # more than any panel holds
_PANEL = (12, 16, 24, 158)
_INK, _DIM, _ALERT = (255, 255, 255, 255), (196, 206, 220, 255), (255, 196, 96, 255)


class Caption:
    """Drawn once per clip; `lay` costs a few pastes a frame."""

    def __init__(self, spec: ClipSpec, camera: str) -> None:
        side = min(spec.width, spec.height)
        self._spec = spec
        self._margin = max(round(side * 0.028) // 2 * 2, 4)
        self._panel = Sprite.of(_panel(spec, camera, self._margin))
        self._faded = {10: self._panel}
        small = Letters(max(round(side * 0.032), 9))
        self._digits = {char: Picture.of(_plate(small, char)) for char in "0123456789:./ f"}
        self._counted = ""
        width = sum(self._digits[char].size[0] for char in self._count_text(0))
        self._counter = Picture.of(Image.new("RGB", (width, self._digits["0"].size[1])))
        mark = WATERMARK if not Letters(12).missing(WATERMARK) else "AI generated"
        self._mark = Sprite.of(_mark(Letters(max(round(side * 0.036), 10)), mark)) if spec.watermark else None

    def lay(self, picture: Picture, index: int, share: float = 1.0) -> None:
        """Write on frame `index`; `share` fades panel and counter, the watermark stays."""
        tenths = round(share * 10)
        if tenths:
            if tenths not in self._faded:
                self._faded[tenths] = self._panel.faded(tenths / 10)
            picture.lay(self._faded[tenths], self._margin, self._margin)
        if tenths >= 5:
            self._count(picture, index)
        if self._mark:
            width, height = self._mark.size
            picture.lay(self._mark, picture.size[0] - width - self._margin, picture.size[1] - height - self._margin)

    def _count(self, picture: Picture, index: int) -> None:
        """Only the characters that changed are painted anew on the counter's own strip."""
        text, x = self._count_text(index), 0
        for char, before in zip(text, self._counted.ljust(len(text), "?"), strict=True):
            if char != before:
                self._counter.put(self._digits[char], x, 0)
            x += self._digits[char].size[0]
        self._counted = text
        picture.put(self._counter, self._margin, (picture.size[1] - self._margin - self._counter.size[1]) // 2 * 2)

    def _count_text(self, index: int) -> str:
        """Minutes, seconds, frame of the second; frame of the clip. As long for every frame."""
        fps, total = self._spec.fps, self._spec.frame_count
        seconds, frame = divmod(index, fps)
        return f"{seconds // 60:02}:{seconds % 60:02}.{frame:02}  {index + 1:0{len(str(total))}}/{total}"


def _panel(spec: ClipSpec, camera: str, margin: int) -> Image.Image:
    side = min(spec.width, spec.height)
    width = spec.width - 2 * margin
    tall = spec.height > spec.width
    head, body = Letters(max(round(side * 0.03), 9)), Letters(max(round(side * (0.042 if tall else 0.048)), 11))
    pad = max(round(side * 0.018), 3)
    prompt = printable(spec.prompt) or "(no prompt)"
    missing = body.missing(prompt[:_SHOWN_CHARS])
    lines = body.wrap(prompt, width - 2 * pad, 5 if tall else 3)
    facts = f"{spec.model} · {spec.mode} · seed {spec.seed} · {spec.width}×{spec.height} {spec.fps} fps · {camera}"
    heads = [(line, _DIM) for line in head.wrap(facts, width - 2 * pad, 2)]
    if missing:
        heads += [(line, _ALERT) for line in head.wrap(apology(body, prompt, missing), width - 2 * pad, 2)]
    return _page(head, heads, body, lines, width, pad)


def apology(letters: Letters, prompt: str, missing: int) -> str:
    """Says that letters are missing, and what brings them: a page of dots alone would look like a broken prompt."""
    han = any(is_cjk(char) and letters.font_for(char) is None for char in prompt[:_SHOWN_CHARS])
    remedy = f"; Chinese: pip install {FONT_PACKAGE}" if han else ""
    return f"{missing} characters not drawn: no font here has them{remedy}"


def _page(
    head: Letters,
    heads: list[tuple[Line, tuple[int, int, int, int]]],
    body: Letters,
    lines: list[Line],
    width: int,
    pad: int,
) -> Image.Image:
    height = 2 * pad + len(heads) * head.height + len(lines) * body.height
    image = Image.new("RGBA", (width, height), (*_PANEL[:3], 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), pad, _PANEL)
    y = pad
    for line, ink in heads:
        head.draw(draw, line, pad, y, ink)
        y += head.height
    for line in lines:
        body.draw(draw, line, pad, y, _INK)
        y += body.height
    return image


def _plate(letters: Letters, char: str) -> Image.Image:
    """One counter glyph on its bit of panel; digits all of one width, so that nothing jumps."""
    wide = "0" if char.isdigit() else char
    width = max(round(letters.line(wide).width + 1) // 2 * 2, 2)
    image = Image.new("RGB", (width, letters.height // 2 * 2), _PANEL[:3])
    letters.draw(ImageDraw.Draw(image), letters.line(char), 0, (letters.height - letters.size) / 2 - 1, _INK)
    return image


def _mark(letters: Letters, text: str) -> Image.Image:
    line = letters.line(text)
    image = Image.new("RGBA", (round(line.width) + 6, letters.height + 4), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (2, 2)):
        letters.draw(draw, line, 2 + dx, 2 + dy, (0, 0, 0, 150))
    letters.draw(draw, line, 2, 2, (255, 255, 255, 235))
    return image


def printable(text: str) -> str:
    """`text` on one line: white space folded, control characters and lone surrogates dropped."""
    head = text[:_PROMPT_CHARS_MAX]
    kept = (char if char.isprintable() else " " if char.isspace() else "" for char in head)
    return " ".join("".join(kept).split())
