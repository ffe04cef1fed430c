"""A stranger's bytes become a picture of our own making, or a reason why not.

The type is read from the bytes, never from a header or a name. What is kept is drawn anew: only pixels pass, so EXIF, the place where it was
taken, comments, colour profiles and whatever hides behind the end of the file stay behind.
"""

import io
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 10_000_000
# Looked at before anything is decoded: a small file can claim to be a huge picture (a decompression bomb).
MOST_PIXELS: Final = 40_000_000
LONGEST_SIDE: Final = 2048
QUALITY: Final = 85
# What phones send and carriers pass on. SVG is a program, and never drawn here.
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")


class NoPicture(Exception):
    """It is not shown; the text says why, for staff."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A JPEG without anything but its pixels."""

    jpeg: bytes
    width: int
    height: int


def clean(*, data: bytes) -> Picture:
    """Draw the first frame anew, upright, at most 2048 pixels long. Raises NoPicture; never trusts what the bytes say about themselves."""
    if len(data) > MOST_BYTES:
        raise NoPicture("It is larger than 10 MB.")
    # Imported on first need: most workers never see a picture.
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                raise NoPicture("It claims to be far larger than a photo; it was not opened.")
            # A JPEG is decoded at a fraction of its size where that is enough.
            found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            found.load()
            try:
                upright = ImageOps.exif_transpose(found)
            except Exception:  # its notes on rotation are broken; the picture itself is not
                upright = found
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            seen = upright.convert("RGBA") if upright.has_transparency_data else upright.convert("RGB")
            drawn = Image.new("RGB", seen.size, "white")
            drawn.paste(seen, mask=seen if seen.mode == "RGBA" else None)
    except NoPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NoPicture("It claims to be far larger than a photo; it was not opened.") from None
    except Exception:  # whatever a decoder says about a stranger's bytes: they are no picture for us
        raise NoPicture("It is no picture that can be shown here (JPEG, PNG, GIF or WebP).") from None
    kept = io.BytesIO()
    drawn.save(kept, "JPEG", quality=QUALITY)
    return Picture(jpeg=kept.getvalue(), width=drawn.width, height=drawn.height)
