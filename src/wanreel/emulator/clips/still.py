"""The caller's images: opened whatever their mode or turn, and cut to the frame."""

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PIXELS_MAX = 89_000_000  # the vendor takes up to 8000 x 8000; past this Pillow itself suspects a bomb


def open_still(data: bytes, size: tuple[int, int], name: str) -> Image.Image:
    """The picture in `data` as RGB, upright, scaled and centre-cut to cover `size`.

    Transparency is laid on white. Raises ValueError, naming the image by `name`, when it can't be read.
    """
    try:
        return _opened(data, size)
    except UnidentifiedImageError as error:
        raise ValueError(f"{name} is no picture: send JPEG, PNG, BMP or WEBP") from error
    except Exception as error:  # a decoder given broken bytes raises whatever it stumbles over
        raise ValueError(f"{name} can't be read ({error}): send the whole file again") from error


def _opened(data: bytes, size: tuple[int, int]) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    if image.width * image.height > PIXELS_MAX:
        raise ValueError(f"{image.width}x{image.height} is more than {PIXELS_MAX:,} pixels")
    image.draft("RGB", (size[0] * 2, size[1] * 2))  # a large JPEG is decoded at a fitting fraction
    image.load()
    upright = ImageOps.exif_transpose(image)
    return ImageOps.fit(_flat(upright), size, Image.Resampling.BICUBIC)


def _flat(image: Image.Image) -> Image.Image:
    """RGB without transparency."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _stretched(image)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Deep greys, from their darkest to their lightest."""
    values = np.asarray(image.convert("F"), np.float32)
    low, span = float(values.min()), max(float(np.ptp(values)), 1.0)
    return Image.fromarray(((values - low) * (255 / span)).astype(np.uint8)).convert("RGB")
