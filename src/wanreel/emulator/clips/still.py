"""The caller's images: opened whatever their mode or turn, and cut to the frame."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

PIXELS_MAX = 89_000_000  # the vendor takes up to 8000 x 8000; past this Pillow itself suspects a bomb


def open_still(data: bytes, size: tuple[int, int], name: str) -> Image.Image:
    """The picture in `data` as RGB, upright, scaled and centre-cut to cover `size`.

    Transparency is laid on white. Raises ValueError, naming the image by `name`, when it can't be read.
    """
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"{name} is {image.width}x{image.height}: send at most {PIXELS_MAX:,} pixels")
        image.draft("RGB", (size[0] * 2, size[1] * 2))  # a large JPEG is decoded at a fitting fraction
        image.load()
        upright = ImageOps.exif_transpose(image)
        return ImageOps.fit(_flat(upright), size, Image.Resampling.BICUBIC)
    except UnidentifiedImageError as error:
        raise ValueError(f"{name} is no picture: send JPEG, PNG, BMP or WEBP") from error
    except (OSError, SyntaxError, EOFError, IndexError, KeyError, Image.DecompressionBombError) as error:
        raise ValueError(f"{name} can't be decoded ({error}): send the whole file again") from error


def _flat(image: Image.Image) -> Image.Image:
    """RGB without transparency."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        low, high = image.getextrema()
        span = max(float(high) - float(low), 1.0)  # type: ignore[arg-type]
        return image.convert("F").point(lambda value: (value - float(low)) * 255 / span).convert("L").convert("RGB")  # type: ignore[arg-type]
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return image.convert("RGB")
