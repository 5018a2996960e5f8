"""Tables of accounts, as objects. Columns that the database fills are read only here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, DateTime, FetchedValue, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Moment = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Tables of people."""


class Role(Base):
    """A role of the town: how far it reaches and what it permits. Data of the town pack."""

    __tablename__ = "role"
    town_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    reach: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))


class User(Base):
    """Somebody who can sign in."""

    __tablename__ = "app_user"
    user_id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int]
    username: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str | None]
    org_id: Mapped[int | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    scope_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=FetchedValue())
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)


class Post(Base):
    """A role that a user holds, for an organisation or platform, from and to."""

    __tablename__ = "user_role"
    user_role_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.user_id"))
    town_id: Mapped[int]
    role_code: Mapped[str]
    org_id: Mapped[int | None]
    platform_code: Mapped[str | None]


class PostArea(Base):
    """An area of a post; everything below it belongs to it."""

    __tablename__ = "user_area"
    user_role_id: Mapped[int] = mapped_column(ForeignKey("user_role.user_role_id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(primary_key=True)


class ApiToken(Base):
    """A token of a program that acts for a user, with fewer permissions or the same."""

    __tablename__ = "api_token"
    token_id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.user_id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=FetchedValue())
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
