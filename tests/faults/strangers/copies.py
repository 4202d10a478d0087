"""A copy of the database: every sealed value, whose it was, and what opens of it with which keys."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, Table, select
from sqlmodel import SQLModel

from cs_console.custody.opening import open_sealed
from cs_console.custody.sealing import Place as SealedAt
from cs_console.errors import ConsoleError
from models.ticket import Ticket
from tests.faults.strangers.ledger import Case, Party
from tests.faults.strangers.place import Place

Keys = Mapping[str, bytes]
"""By the owner that places name: a requester's id, or `ticket:10482`."""
_OWNED = frozenset({"requester_id", "ticket_number", "message_id", "decision_id", "key_owner", "account_id"})
"""Columns by which a row says whose it is."""
_Whose = tuple[Party, Case | None]


@dataclass(frozen=True)
class _Value:
    """One sealed value: where it is, whose it was then, and on which ticket."""

    table: str
    column: str
    row: str
    party: Party
    case: Case | None
    sealed: bytes


class Copy:
    """The rows of one moment. It looks at every column of bytes there is, so that no new one is forgotten."""

    def __init__(self, place: Place) -> None:
        self._values: list[_Value] = []
        self.were_alive = place.ledger.living()
        self.parties = list(place.ledger.parties)
        with place.desk.database.reading() as db:
            run = db.connection().execute
            tables = [one for one in SQLModel.metadata.sorted_tables if not _OWNED.isdisjoint(one.columns.keys())]
            rows = {table: [dict(row) for row in run(select(table)).mappings()] for table in tables}
        within: dict[str, dict[str, _Whose]] = {}
        for table, found in rows.items():
            within[table.name] = {}
            for row in found:
                whose = _whose(table.name, row, place, within)
                if whose is None:
                    continue
                party, case = whose
                within[table.name][_row_of(table, row)] = whose
                for column in table.columns:
                    sealed = row[column.name]
                    if isinstance(column.type, LargeBinary) and sealed:
                        name = _row_of(table, row)
                        self._values.append(_Value(table.name, column.name, name, party, case, bytes(sealed)))

    def opened_of(self, erased: Iterable[Party], keys: Keys) -> list[str]:
        """Where the values of these people are that open with any of the keys, or with one that opens by them.

        A ticket that is said to be someone else's by now is no longer theirs: its words are that other person's.
        """
        gone = list(erased)
        mine = [value for value in self._values if value.party in gone and not (value.case and value.case.party.alive)]
        known, found = dict(keys), []
        for value in sorted(mine, key=lambda value: value.column != "sealed_key"):
            for owner, key in list(known.items()):
                with suppress(ConsoleError):
                    at = SealedAt(owner, value.table, value.column, value.row)
                    opened = open_sealed(key, at, value.sealed)
                    found.append(f"{value.table}.{value.column} {value.row}")
                    if value.column == "sealed_key":
                        known[f"ticket:{value.row}"] = opened
        return found

    @staticmethod
    def keys_now(place: Place) -> dict[str, bytes]:
        """Every key that the keyring gives today, and those of the tickets that they open."""
        found = dict(place.desk.keyring.keys(place.party_of))
        with place.desk.database.reading() as db:
            tickets = list(db.scalars(select(Ticket)))
        for one in tickets:
            if one.requester_id in found and one.sealed_key:
                at = SealedAt(one.requester_id, "ticket", "sealed_key", str(one.number))
                found[f"ticket:{one.number}"] = open_sealed(found[one.requester_id], at, one.sealed_key)
        return found


def _row_of(table: Table, row: Mapping[str, Any]) -> str:
    return "|".join(str(row[column.name]) for column in table.primary_key.columns)


def _whose(
    table: str, row: Mapping[str, Any], place: Place, within: Mapping[str, Mapping[str, _Whose]]
) -> _Whose | None:
    """Whose a row is, and on which ticket, by the names of its columns; None for what is no requester's."""
    number = row["number"] if table == "ticket" else row.get("ticket_number")
    if table == "draft":
        owner = str(row["key_owner"]).removeprefix("ticket:")
        number = int(owner) if owner.isdigit() else None
    if number is not None:
        case = place.ledger.cases[number]
        return case.party, case
    for column, kept in (("message_id", "message"), ("decision_id", "decision")):
        if row.get(column) is not None:
            return within[kept].get(row[column])
    party = place.party_of.get(row["id"] if table == "requester" else row.get("requester_id") or "")
    return None if party is None else (party, None)
