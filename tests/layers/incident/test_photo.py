"""Photos: what is taken, what is dropped, what is kept as evidence."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import ExifTags, Image

from layers.incident.photo import PhotoError, keep, prepare, thumb_path

ZONE = ZoneInfo("Asia/Shanghai")


def exif(lon=(120, 54, 36.0), lat=(30, 23, 24.0), orientation=6) -> Image.Exif:
    data = Image.Exif()
    data[ExifTags.Base.Orientation] = orientation
    data[ExifTags.Base.Artist] = "somebody's name"
    data.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:17 14:32:05"
    gps = data.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", lat
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", lon
    return data


def picture(form="JPEG", size=(400, 300), mode="RGB", **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, "red").save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_photo_keeps_place_and_time_apart_and_drops_them_from_the_picture(form):
    photo = prepare(picture(form, exif=exif(orientation=1)), ZONE)
    assert (photo.lon, photo.lat) == (pytest.approx(120.91), pytest.approx(30.39))
    assert photo.taken_at == datetime(2026, 3, 17, 6, 32, 5, tzinfo=UTC)
    for content in (photo.full, photo.thumb):
        again = Image.open(io.BytesIO(content))
        assert not again.getexif()
        assert b"somebody" not in content
        assert "exif" not in again.info
        assert "icc_profile" not in again.info


def test_photo_is_turned_upright():
    photo = prepare(picture(size=(400, 300), exif=exif(orientation=6)), ZONE)
    assert (photo.width_px, photo.height_px) == (300, 400)


def test_photo_is_made_smaller_but_never_larger():
    large = prepare(picture(size=(5000, 1000)), ZONE)
    assert (large.width_px, large.height_px) == (2560, 512)
    assert max(Image.open(io.BytesIO(large.thumb)).size) == 320
    assert prepare(picture(size=(40, 30)), ZONE).width_px == 40


def test_photo_with_transparency_gets_a_white_ground():
    file = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(file, "PNG")
    photo = prepare(file.getvalue(), ZONE)
    assert min(Image.open(io.BytesIO(photo.full)).getpixel((5, 5))) > 250


@pytest.mark.parametrize(("lon", "lat"), [((0, 0, 0), (0, 0, 0)), ((999, 0, 0), (30, 0, 0)), ((120, 0), (30, 0, 0))])
def test_photo_without_a_usable_place_has_none(lon, lat):
    photo = prepare(picture(exif=exif(lon, lat)), ZONE)
    assert photo.lon is None
    assert photo.lat is None


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "photo.empty"),
        (b"\xff\xd8\xff\xe0 not really", "photo.damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.not_an_image"),
        (b"GIF89a" + b"\0" * 100, "photo.not_an_image"),
        (picture(size=(800, 800))[:400], "photo.damaged"),
        (b"\0" * (25 * 2**20 + 1), "photo.too_large"),
        (bomb(), "photo.too_many_pixels"),
        (picture("PNG", size=(8000, 7000)), "photo.too_many_pixels"),
    ],
    ids=["empty", "marker only", "svg", "gif", "truncated", "too large", "bomb", "56 Mpx"],
)
def test_photo_is_refused_with_a_reason(data, code):
    with pytest.raises(PhotoError) as refused:
        prepare(data, ZONE)
    assert refused.value.code == code


def test_photo_is_kept_once_under_its_hash(tmp_path):
    photo = prepare(picture(), ZONE)
    path = keep(photo, tmp_path)
    assert (tmp_path / path).read_bytes() == photo.full
    assert (tmp_path / thumb_path(path)).read_bytes() == photo.thumb
    written = (tmp_path / path).stat().st_mtime_ns
    assert keep(photo, tmp_path) == path
    assert (tmp_path / path).stat().st_mtime_ns == written
    assert len(list(tmp_path.rglob("*.*"))) == 2
