"""Whether a picture is one the vendor takes: pure rules over facts that somebody else read from the file."""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.errors import Problem
from wanreel.domain.model import Model

MIME_FORMATS = {
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",
    "image/png": "PNG",
    "image/bmp": "BMP",
    "image/x-ms-bmp": "BMP",
    "image/webp": "WEBP",
}


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What was read from the file: `format` in Pillow's words; 0 for a side that is not known."""

    format: str
    width: int
    height: int
    has_alpha: bool
    size_bytes: int
    name: str = ""


def format_of(mime: str) -> str:
    """Pillow's word for a media type; the type itself where there is none."""
    return MIME_FORMATS.get(mime.lower().partition(";")[0].strip(), mime)


def check_image(facts: ImageFacts, model: Model, role: str) -> tuple[Problem, ...]:
    """Everything the vendor would refuse in this picture, each with what is allowed and what to do."""
    rule = model.images
    if rule is None or not model.checked:
        return ()
    problems: list[Problem] = []

    def wrong(code: str, message: str, given: str) -> None:
        label = f"{facts.name}: " if facts.name else ""
        problems.append(Problem(role, label + message, given, code))

    if facts.size_bytes == 0:
        wrong("image_empty", "the file is empty", "0 bytes")
    if facts.format.upper() not in rule.formats:
        wrong("image_format", f"must be {', '.join(rule.formats)}: convert it", facts.format or "unknown format")
    if facts.format.upper() == "PNG" and facts.has_alpha and not rule.png_alpha:
        wrong("image_alpha", "a PNG must not have transparency: save it without alpha, or as JPEG", "PNG with alpha")
    if facts.size_bytes > rule.bytes_max:
        limit = rule.bytes_max // (1024 * 1024)
        wrong(
            "image_bytes",
            f"must not be larger than {limit} MB: save it smaller",
            f"{facts.size_bytes / 1048576:.1f} MB",
        )
    if facts.width and facts.height:
        sides = f"{facts.width}x{facts.height}"
        if min(facts.width, facts.height) < rule.side_min or max(facts.width, facts.height) > rule.side_max:
            wrong("image_sides", f"each side must be {rule.side_min} to {rule.side_max} pixels: scale it", sides)
        if rule.ratio_max and max(facts.width, facts.height) > rule.ratio_max * min(facts.width, facts.height):
            wrong("image_ratio", f"must not be longer than {rule.ratio_max:g} times its width: crop it", sides)
    return tuple(problems)


def advise_image(facts: ImageFacts, model: Model, role: str) -> tuple[str, ...]:
    """What may be refused: sides on which the vendor's own pages disagree."""
    rule = model.images
    if rule is None or rule.usual_side_min is None or rule.usual_side_max is None or not facts.width:
        return ()
    low, high = rule.usual_side_min, rule.usual_side_max
    outside = min(facts.width, facts.height) < low or max(facts.width, facts.height) > high
    if not outside or check_image(facts, model, role):
        return ()
    words = f"the vendor's older pages allow {low} to {high} pixels a side; it may refuse this one (unpaid)"
    return (f"{role}: {facts.width}x{facts.height}: {words}",)
