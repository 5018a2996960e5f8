"""Tables of areas, as objects. Boundaries are EPSG:4490 on the lattice of 1e-7 degree."""

from __future__ import annotations

from datetime import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import DateTime, FetchedValue, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Moment = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Tables of areas."""


class Area(Base):
    """A town, village, grid or zone; its code stands for ever."""

    __tablename__ = "area"
    area_id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int]
    level: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.area_id"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=FetchedValue())


class AreaVersion(Base):
    """The boundary of an area from one moment to another; never rewritten, only ended."""

    __tablename__ = "area_version"
    area_version_id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.area_id"))
    town_id: Mapped[int]
    version: Mapped[int]
    code: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", srid=4490, spatial_index=False))
    label_point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4490, spatial_index=False))
    area_m2: Mapped[float]
    valid_from: Mapped[datetime] = mapped_column(Moment)
    valid_to: Mapped[datetime] = mapped_column(Moment, server_default=FetchedValue())
    source: Mapped[str | None]
