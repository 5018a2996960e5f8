"""Photos of a simulated place: plainly drawn, with the position and time that a camera writes."""

from __future__ import annotations

import io
import random
from datetime import datetime

from PIL import ExifTags, Image, ImageDraw

SIZE = (640, 480)


def picture(lon: float, lat: float, at: datetime, seed: int) -> bytes:
    """Return a JPEG file said to be taken there (WGS 84 degrees) and then (with its zone)."""
    rng = random.Random(seed)
    image = Image.new("RGB", SIZE, (196, 212, 222))
    draw = ImageDraw.Draw(image)
    ground = rng.randint(260, 330)
    draw.rectangle((0, ground, *SIZE), fill=(128 + rng.randint(-20, 20), 126, 118))
    for _ in range(rng.randint(3, 6)):
        left, width, height = rng.randint(-40, 560), rng.randint(80, 180), rng.randint(70, 220)
        shade = rng.randint(150, 220)
        draw.rectangle((left, ground - height, left + width, ground), fill=(shade, shade - 12, shade - 26))
        for x in range(left + 14, left + width - 14, 32):
            draw.rectangle((x, ground - height + 18, x + 14, ground - height + 38), fill=(84, 102, 122))
    draw.polygon(((250, 480), (390, 480), (330, ground), (310, ground)), fill=(92, 92, 94))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80, exif=_exif(lon, lat, at))
    return file.getvalue()


def _exif(lon: float, lat: float, at: datetime) -> Image.Exif:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N" if lat >= 0 else "S", _angle(lat)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E" if lon >= 0 else "W", _angle(lon)
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = at.strftime("%Y:%m:%d %H:%M:%S")
    zone = at.strftime("%z") or "+0000"
    details[ExifTags.Base.OffsetTimeOriginal] = f"{zone[:3]}:{zone[3:5]}"
    return exif


def _angle(degrees: float) -> tuple[float, float, float]:
    whole, minutes = divmod(abs(degrees) * 60, 60)
    return whole, float(int(minutes)), round((minutes - int(minutes)) * 60, 4)
