"""Small pictures of images. Runs in the process of `services.files`, because images may be hostile."""

import struct
from pathlib import Path

from PIL import Image, ImageOps

MAX_PIXELS = 110_000_000
"""The most pixels a JPEG image may have; photos of the best cameras have 100 million."""

MAX_DECODED_PIXELS = 50_000_000
"""The most pixels that are decoded. JPEG images are decoded at an eighth of their size."""

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_QUALITY = 80
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


def draw(source: Path, into: Path, box: tuple[int, int]) -> bool:
    """Draw an image so that it fits into a box, upright; of an animation, its first frame.

    Args:
        source: the image.
        into: where the WebP image goes.
        box: its largest width and height in pixels.

    Returns:
        Whether it's an image that can be read, and isn't too large to decode.
    """
    Image.MAX_IMAGE_PIXELS = None  # we count ourselves: JPEG images are decoded smaller
    try:
        with Image.open(source, formats=_FORMATS) as image:
            if not _is_bearable(image, box):
                return False
            image.thumbnail(box)
            upright = ImageOps.exif_transpose(image)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            upright.convert(mode).save(into, "WEBP", quality=_QUALITY)
    except _UNREADABLE:
        return False
    return True


def _is_bearable(image: Image.Image, box: tuple[int, int]) -> bool:
    if image.width * image.height > MAX_PIXELS:
        return False
    image.draft("RGB", (box[0] * 2, box[1] * 2))
    return image.width * image.height <= MAX_DECODED_PIXELS
