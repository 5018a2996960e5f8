"""Imports of everything that is a plain table: addresses, entities, households, staff, organisations, calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.job import enqueue
from data.scope import scope_of
from layers.address import queries as address_queries
from layers.address import service as address
from layers.exchange import queries
from layers.exchange.copying import upsert_rows
from layers.exchange.importing import places
from layers.exchange.importing.report import Imported
from layers.exchange.importing.rowcheck import Checker
from layers.exchange.importing.sheet import Piece
from layers.exchange.pack.rows import AddressRow, CalendarRow, EntityRow, ExchangeRow, OrganisationRow, Row, StaffRow


class HouseholdRow(Row):
    """Households of a door plate that is known."""

    file: ClassVar[str] = "households"
    key: ClassVar[tuple[str, ...]] = ("plate_id",)
    plate_id: str
    households: int
    residents: int | None = None


class PlacedAddress(AddressRow):
    """A door plate whose coordinates are read apart, in their own system."""

    lon: float = 0.0
    lat: float = 0.0


class Importer:
    """Takes pieces of a file into one table; subclasses say how.

    Parameters
    ----------
    session : of the application role, scope with the permission `import`.
    crs, accuracy_m : of the file, where rows do not say.
    """

    def __init__(self, session: Session, imported: Imported, crs: str | None, accuracy_m: float | None) -> None:
        self.session, self.imported, self.crs, self.accuracy_m = session, imported, crs, accuracy_m
        self.town_id = scope_of(session).town_id
        self.checker = Checker(imported)

    def take(self, piece: Piece) -> None:
        """Write the good rows of a piece."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do what can only be done when all rows are in."""

    def codes(self, query: Any) -> dict[str, int]:
        """Return code → id of a table of the town."""
        return {row[0]: row[1] for row in self.session.execute(query, {"town_id": self.town_id})}

    def upsert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], key: Sequence[str]) -> None:
        """Write rows and count them."""
        done = upsert_rows(self.session, table, columns, rows, key)
        self.imported.added += done.added
        self.imported.changed += done.changed
        self.imported.unchanged += done.unchanged


class Addresses(Importer):
    """Door plates, each in its leaf. One outside the town is rejected, unless the town has no boundaries yet."""

    columns = ("town_id", "plate_id", "village_code", "natural_village", "villager_group", "road", "number",
               "full_text", "households", "residents", "geom", "grid_id")  # fmt: skip

    def take(self, piece: Piece) -> None:
        found, faults = places.find(self.session, piece, self.crs, self.accuracy_m, self.imported)
        villages = set(found.areas.frame.loc[found.areas.frame["level"] == "village", "code"])
        rows = []
        for n, number, row in self.checker.rows(piece, PlacedAddress):
            reason = faults.get(n) or self._refusal(found, n, row, villages)
            if reason:
                self.imported.reject(number, reason, piece.origin(number))
                continue
            leaf = found.areas.leaves[found.row[n]] if found.row[n] >= 0 else None
            village = row.village_code or (leaf.village_code if leaf else None)
            text = "".join(part for part in (row.natural_village, row.villager_group, row.road, row.number) if part)
            rows.append(
                (self.town_id, row.plate_id, village, row.natural_village, row.villager_group, row.road, row.number,
                 text or None, row.households, row.residents, shapely.Point(found.lon[n], found.lat[n]),
                 found.grid_id(n))
            )  # fmt: skip
        self.upsert("address", self.columns, rows, ("town_id", "plate_id"))

    @staticmethod
    def _refusal(found: places.Places, n: int, row: AddressRow, villages: set[str]) -> str | None:
        if row.village_code and villages and row.village_code not in villages:
            return f"village_code: there is no village {row.village_code}"
        if np.isnan(found.lon[n]):
            return "no position: lon and lat are empty or cannot be believed"
        if found.row[n] < 0 and found.areas.leaves:
            hint = found.how[n].get("suggested_crs")
            return "lies outside the town" + (f"; read as {hint} it would lie in it" if hint else "")
        return None

    def finish(self) -> None:
        address.GAZETTEER.touch(self.session)


class Households(Importer):
    """Households and residents of door plates that are there."""

    def take(self, piece: Piece) -> None:
        rows = list(self.checker.rows(piece, HouseholdRow))
        params = {"town_id": self.town_id, "plates": [row.plate_id for _, _, row in rows]}
        known = set(self.session.execute(address_queries.PLATE_POINTS, params).scalars())
        good = []
        for _, number, row in rows:
            if row.plate_id not in known:
                self.imported.reject(number, f"plate_id: there is no door plate {row.plate_id}", piece.origin(number))
            elif row.households < 0 or (row.residents or 0) < 0:
                self.imported.reject(number, "households and residents are not negative", piece.origin(number))
            else:
                good.append(row)
        changed = self.session.execute(
            queries.SET_HOUSEHOLDS,
            {
                "town_id": self.town_id,
                "plates": [row.plate_id for row in good],
                "households": [row.households for row in good],
                "residents": [row.residents for row in good],
            },
        ).all()
        self.imported.changed += len(changed)
        self.imported.unchanged += len(good) - len(changed)


class Entities(Importer):
    """Market entities by their social credit code; one that cannot be placed waits for triage."""

    own = ("uscc", "name", "kind", "licence_no", "licence_until", "status", "plate_id", "risk_level", "credit_level",
           "territorial_responsible", "regulator_responsible", "own_responsible", "last_inspected_on",
           "next_inspection_on")  # fmt: skip
    columns = ("town_id", "platform_code", "address_text", "geom", "grid_id", "triage_reason", *own)

    def take(self, piece: Piece) -> None:
        platforms = set(self.session.execute(queries.PLATFORM_CODES, {"town_id": self.town_id}).scalars())
        found, faults = places.find(self.session, piece, self.crs, self.accuracy_m, self.imported)
        rows = []
        for n, number, row in self.checker.rows(piece, PlacedEntity):
            reason = faults.get(n)
            if row.platform not in platforms:
                reason = f"platform: there is no platform {row.platform}"
            if reason:
                self.imported.reject(number, reason, piece.origin(number))
                continue
            place = None if np.isnan(found.lon[n]) else shapely.Point(found.lon[n], found.lat[n])
            self.imported.triage += found.reason[n] is not None
            rows.append(
                (self.town_id, row.platform, row.address, place, found.grid_id(n), found.reason[n],
                 *(getattr(row, name) for name in self.own))
            )  # fmt: skip
        self.upsert("market_entity", self.columns, rows, ("town_id", "uscc"))


class PlacedEntity(EntityRow):
    """A market entity whose coordinates are read apart; plates need not be known."""

    lon: Any = None
    lat: Any = None
    plate_id: str | None = None


class Organisations(Importer):
    """Organisations; parents may come in the same file, in any order."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.parents: dict[str, tuple[int, str, dict[str, Any]]] = {}

    def take(self, piece: Piece) -> None:
        platforms = set(self.session.execute(queries.PLATFORM_CODES, {"town_id": self.town_id}).scalars())
        good = []
        for _, number, row in self.checker.rows(piece, OrganisationRow):
            unknown = [code for code in row.platforms if code not in platforms]
            if unknown:
                self.imported.reject(number, f"platforms: there is no platform {unknown[0]}", piece.origin(number))
                continue
            good.append(row)
            if row.parent:
                self.parents[row.code] = (number, row.parent, piece.origin(number))
        columns = ("town_id", "code", "name", "kind", "head_name", "head_post", "phone")
        rows = [(self.town_id, *(getattr(row, name) for name in columns[1:])) for row in good]
        self.upsert("organisation", columns, rows, ("town_id", "code"))
        ids = self.codes(queries.ORG_IDS)
        members = [(ids[row.code], self.town_id, code) for row in good for code in row.platforms]
        upsert_rows(self.session, "organisation_platform", ("org_id", "town_id", "platform_code"), members,
                    ("org_id", "platform_code"))  # fmt: skip

    def finish(self) -> None:
        ids = self.codes(queries.ORG_IDS)
        for number, parent, _ in self.parents.values():
            if parent not in ids:
                self.imported.note(f"row {number}: there is no organisation {parent} to be the parent; it was left out")
        known = {code: parent for code, (_, parent, _) in self.parents.items() if parent in ids and parent != code}
        self.session.execute(
            queries.SET_PARENT_ORG, {"town_id": self.town_id, "codes": list(known), "parents": list(known.values())}
        )


class Staff(Importer):
    """Staff with their organisation."""

    def take(self, piece: Piece) -> None:
        ids = self.codes(queries.ORG_IDS)
        rows = []
        for _, number, row in self.checker.rows(piece, StaffRow):
            if row.org and row.org not in ids:
                self.imported.reject(number, f"org: there is no organisation {row.org}", piece.origin(number))
                continue
            rows.append((self.town_id, row.code, row.name, ids.get(row.org or ""), row.post, row.phone))
        self.upsert("staff", ("town_id", "code", "name", "org_id", "post", "phone"), rows, ("town_id", "code"))


class Calendar(Importer):
    """Working days."""

    def take(self, piece: Piece) -> None:
        columns = ("town_id", "day", "is_workday", "periods", "name", "source", "provisional")
        rows = [
            (self.town_id, *(getattr(row, name) for name in columns[1:]))
            for _, _, row in self.checker.rows(piece, CalendarRow)
        ]
        self.upsert("work_calendar", columns, rows, ("town_id", "day"))
        # once, however many parts the file has
        enqueue(self.session, "incident.recount", {}, f"recount {self.town_id}")


class Codes(Importer):
    """What codes of the town are called in the system above."""

    def take(self, piece: Piece) -> None:
        columns = ("town_id", "kind", "ours", "theirs")
        rows = [(self.town_id, row.kind, row.ours, row.theirs) for _, _, row in self.checker.rows(piece, ExchangeRow)]
        self.upsert("exchange_code", columns, rows, columns[:3])


IMPORTERS: dict[str, Callable[..., Importer]] = {
    "addresses": Addresses,
    "households": Households,
    "entities": Entities,
    "organisations": Organisations,
    "staff": Staff,
    "calendar": Calendar,
    "codes": Codes,
}
