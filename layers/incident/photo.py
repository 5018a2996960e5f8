"""Photos as evidence: decoded, turned upright, made smaller and encoded anew, so that nothing hidden is passed on.

What the camera wrote about place and time is read before it is dropped and kept apart from the picture.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from data.errors import Invalid, TooLarge

MAX_SIDE_PX = 2560
THUMB_SIDE_PX = 320
MAX_BYTES = 25 * 2**20
# A JPEG is decoded at reduced scale, everything else in full: 50 Mpx are 150 MB for the moment of decoding.
MAX_JPEG_PIXELS = 200_000_000
MAX_PIXELS = 50_000_000

pillow_heif.register_heif_opener()
Image.init()
FORMATS = tuple(form for form in ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF") if form in Image.OPEN)
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS


class PhotoError(Invalid):
    """A file that is not taken as a photo; ``code`` says why."""


class PhotoTooLarge(PhotoError, TooLarge):
    """A file over the limit of bytes."""


@dataclass(frozen=True)
class Photo:
    """A photo ready to be kept.

    ``full`` (JPEG, long side ≤ 2560 px) and ``thumb`` (WebP, ≤ 320 px) carry no metadata. ``sha256`` is that of the
    file as it came. ``lon``, ``lat`` (degrees, WGS 84, as the camera wrote them) and ``taken_at`` are None when not written.
    """

    full: bytes
    thumb: bytes
    width_px: int
    height_px: int
    sha256: bytes
    taken_at: datetime | None
    lon: float | None
    lat: float | None


def prepare(data: bytes, timezone: tzinfo) -> Photo:
    """The photo in ``data``, encoded anew.

    Parameters
    ----------
    data
        A whole file: JPEG, PNG, WebP, HEIC or AVIF.
    timezone
        Of a camera time that names none.

    Raises
    ------
    PhotoError
        ``photo.empty``, ``photo.too_large`` (25 MB), ``photo.not_an_image``, ``photo.too_many_pixels``,
        ``photo.damaged`` (begins like an image but cannot be decoded).
    """
    if not data:
        raise PhotoError("photo.empty", "the file is empty")
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("photo.too_large", f"the photo is larger than {MAX_BYTES // 2**20} MB")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image)
            evidence = _evidence(image, timezone)
            upright = _upright(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise PhotoError("photo.too_many_pixels", "the photo has too many pixels") from fault
    except UnidentifiedImageError as fault:
        raise PhotoError("photo.not_an_image", "the file is not a JPEG, PNG, WebP or HEIC image") from fault
    except PhotoError:
        raise
    except Exception as fault:  # decoders of hostile files raise almost anything
        raise PhotoError("photo.damaged", "the image cannot be decoded") from fault
    small = upright.copy()
    small.thumbnail((THUMB_SIDE_PX, THUMB_SIDE_PX), Image.Resampling.LANCZOS)
    return Photo(
        full=_encoded(upright, "JPEG", quality=85, optimize=True, progressive=True),
        thumb=_encoded(small, "WEBP", quality=78),
        width_px=upright.width,
        height_px=upright.height,
        sha256=hashlib.sha256(data).digest(),
        **evidence,
    )


def _check_size(image: Image.Image) -> None:
    limit = MAX_JPEG_PIXELS if image.format in {"JPEG", "MPO"} else MAX_PIXELS
    if image.width * image.height > limit:
        raise PhotoError("photo.too_many_pixels", f"the photo has more than {limit // 1_000_000} million pixels")


def _upright(image: Image.Image) -> Image.Image:
    image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
    turned = ImageOps.exif_transpose(image)
    turned.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
        with_alpha = turned.convert("RGBA")
        ground = Image.new("RGB", with_alpha.size, "white")
        ground.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return ground
    # A new image holds pixels only; convert() would carry the profile and comments along.
    plain = Image.new("RGB", turned.size)
    plain.paste(turned.convert("RGB"))
    return plain


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _evidence(image: Image.Image, timezone: tzinfo) -> dict[str, Any]:
    """Place and time the camera wrote; None for what is missing or makes no sense."""
    try:
        exif = image.getexif()
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        details = exif.get_ifd(ExifTags.IFD.Exif)
    except Exception:  # metadata of any shape must not cost the photo
        return {"taken_at": None, "lon": None, "lat": None}
    lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
    if lon is None or lat is None or (lon == 0 and lat == 0):
        lon = lat = None
    return {"taken_at": _taken_at(details, timezone), "lon": lon, "lat": lat}


def _degrees(gps: Any, value: int, reference: int, negative: str, limit: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in gps[value])
        angle = degrees + minutes / 60 + seconds / 3600
        signed = -angle if str(gps.get(reference, "")).strip().upper() == negative else angle
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return signed if -limit <= signed <= limit else None


def _taken_at(details: Any, timezone: tzinfo) -> datetime | None:
    text = str(details.get(ExifTags.Base.DateTimeOriginal, "")).strip("\x00 ")
    offset = str(details.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\x00 ")
    try:
        local = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    try:
        return datetime.strptime(offset, "%z").replace(
            year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
        )
    except ValueError:
        return local.replace(tzinfo=timezone)


def keep(photo: Photo, folder: Path) -> str:
    """The path, relative to ``folder``, under which the photo now lies; its small form lies beside it.

    Written to a new file and renamed, so that a reader never sees half a photo; a photo that is there already stays.
    The caller commits the row afterwards: a file without a row is harmless.
    """
    name = photo.sha256.hex()
    relative = f"photos/{name[:2]}/{name}.jpg"
    for path, content in ((folder / relative, photo.full), (folder / thumb_path(relative), photo.thumb)):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, content)
    return relative


def thumb_path(relative: str) -> str:
    """Path of the small form of the photo at ``relative``."""
    return relative.removesuffix(".jpg") + ".thumb.webp"


def _write(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
