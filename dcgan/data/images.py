"""One picture, as it lies on a disk, to a square of uint8: whatever its format, size and colours.

bytes -> decode -> upright -> RGB on white -> centre crop -> antialiased resize -> [size, size, 3]
"""

import io

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
MOST_PIXELS = 64_000_000  # a larger picture is taken for a decompression bomb: 192 MB as RGB
MOST_BYTES = 256_000_000  # of the file


class UnusableImageError(Exception):
    """This file gives no picture; the text says why, in a few words."""


def decode(data: bytes, size: int) -> np.ndarray:
    """The bytes of an image file -> uint8 [size, size, 3], RGB.

    The camera's EXIF rotation is undone; grey and palette pictures become RGB; what is transparent
    becomes white; an animation gives its first frame. The largest square at the centre is kept
    (odd remainders: half a pixel each side) and resized by Lanczos' filter, whose support grows with
    the reduction, so that nothing aliases. A square picture of this size passes as it is, a smaller
    one is enlarged.

    Raises UnusableImageError for what is empty, no image, truncated, or larger than MOST_PIXELS; the
    size is read from the header, before anything is unpacked.
    """
    if not data:
        raise UnusableImageError("empty file")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise UnusableImageError(
                f"too large: {image.width} x {image.height} pixels (at most {MOST_PIXELS:,})"
            )
        if image.format == "JPEG":  # unpack no finer than needed: at least twice the size is left
            image.draft("RGB", (2 * size, 2 * size))
        image.load()
        image = _on_white(ImageOps.exif_transpose(image))
    except UnusableImageError:
        raise
    except Image.UnidentifiedImageError:
        raise UnusableImageError(
            "not an image that can be read (JPEG, PNG, BMP, GIF, WEBP)"
        ) from None
    except Image.DecompressionBombError:
        raise UnusableImageError(f"too large: more than {MOST_PIXELS:,} pixels") from None
    except MemoryError:
        raise UnusableImageError("too large for the memory") from None
    except Exception as error:  # Pillow raises many kinds for broken files, SyntaxError and struct.error among them
        words = str(error).splitlines()
        raise UnusableImageError(f"broken: {words[0] if words else type(error).__name__}") from None
    return np.asarray(_square(image, size))


def shorter_side(data: bytes) -> int:
    """In pixels, of an image that `decode` takes; the header says it. Below `size`, decode enlarges."""
    return min(Image.open(io.BytesIO(data), formats=FORMATS).size)


def _on_white(image: Image.Image) -> Image.Image:
    """Any mode -> RGB."""
    if image.mode.startswith("I"):  # 16 bits a pixel
        grey = np.asarray(image).astype(np.float64)
        image = Image.fromarray(
            (grey / 257.0 if grey.max(initial=0) > 255 else grey).clip(0, 255).astype(np.uint8)
        )
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if side == size:
        return image.crop((int(left), int(top), int(left) + side, int(top) + side))
    return image.resize(
        (size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side)
    )
