"""Which packs this desk has worked under: adopting one, and finding out whether its file is still the one adopted."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from cs_console.access_log.append import append, lock_log
from cs_console.access_log.entry import Actor, Entry
from cs_console.adoption.pack_check import check_pack
from cs_console.desk import Desk, Office
from cs_console.errors import BadPack, Refusal, UnknownPack
from cs_console.policy.adopted import about_adoption, last_adoption, newest_adopted
from models.adopted_pack import AdoptedPack
from models.enums import Action
from models.ticket import Ticket

THE_SETTING = "the setting"
"""Who adopted a pack that the settings name, or that a desk without any begins with."""
SHOWN = 16
"""How much of a file's sha256 stands in the log."""


@dataclass(frozen=True)
class Adoption:
    """What `adopt` did. `new`: False where the same file was the newest adopted already; `overruled_by`: the pack that
    the settings name instead, "" where new tickets are opened under this one.
    """

    name: str
    sha256: str
    new: bool
    overruled_by: str = ""


@dataclass(frozen=True)
class ShelvedPack:
    """A pack on the shelf: since when it is the desk's (None: never adopted), and its open tickets.

    `changed`: how many of those were opened while its file said something else.
    """

    name: str
    current: bool
    adopted_at: datetime | None
    open_tickets: int
    changed: int


def adopt(desk: Desk, name: str) -> Adoption:
    """Make a pack the desk's: new tickets are opened under it unless the settings name another; open ones stay.

    It is checked first, line by line, and the adoption recorded. For the operator alone. Raises NotAllowed,
    UnknownPack, BadPack.
    """
    office = desk.office
    with desk.reading(operator=True):
        pass  # before a file of the host is looked at
    file = office.packs.path(name)
    problems = check_pack(file)
    if problems:
        raise BadPack(name, tuple(one.told_of(file) for one in problems))
    office.packs.get(name)
    sha256 = office.packs.sha256(name)
    with desk.work(operator=True) as session:
        lock_log(session.connection(), office)  # one adoption at a time
        new = last_adoption(session, office) != (name, sha256)
        if new:
            _add(session, office, desk.actor, name, sha256, desk.agent.name)
    office.packs.adopted = name
    given = office.settings.pack
    return Adoption(name, sha256, new, given if given != name else "")


def note_current(office: Office) -> bool:
    """Record the pack in force where it, as its file now is, was not adopted yet; whether that was needed.

    For a desk that opens to work. A pack that cannot be used is told where it is used.
    """
    with suppress(UnknownPack, BadPack):
        name, sha256 = office.packs.current.meta.name, office.packs.sha256(office.packs.name)
        with office.database.reading() as session:
            if last_adoption(session, office, name) == (name, sha256):
                return False
        with office.database.transaction() as session:
            lock_log(session.connection(), office)
            if last_adoption(session, office, name) == (name, sha256):
                return False
            _add(session, office, Actor("console", "", "", office.host), name, sha256, THE_SETTING)
        return True
    return False


def note_at_opening(office: Office) -> None:
    """The same for a console: a busy store or a broken log does not prevent opening it."""
    with suppress(Refusal):
        note_current(office)


def read_adopted(office: Office) -> None:
    """Look which pack was adopted last, by whatever console."""
    with office.database.reading() as session:
        office.packs.adopted = newest_adopted(session, office)


def shelved(office: Office) -> tuple[ShelvedPack, ...]:
    """Every pack that can be used or that open tickets are under, sorted by name."""
    with office.database.reading() as session:
        adopted = _adoptions(session)
        open_ones = select(col(Ticket.pack), func.count()).where(col(Ticket.is_open) == 1).group_by(col(Ticket.pack))
        counts = {name: int(count) for name, count in session.connection().execute(open_ones)}
        return tuple(
            ShelvedPack(
                name=name,
                current=name == office.packs.name,
                adopted_at=adopted[name][-1].at if name in adopted else None,
                open_tickets=counts.get(name, 0),
                changed=_opened_under_another_file(session, office, adopted.get(name, []), name),
            )
            for name in sorted({*office.packs.names(), *counts})
        )


def _add(session: Session, office: Office, actor: Actor, name: str, sha256: str, by: str) -> None:
    now = office.clock.now()
    session.add(AdoptedPack(name=name, sha256=sha256, by=by, at=now))
    session.flush()
    reason = f"{name} {sha256[:SHOWN]}, by {by}"
    entry = Entry(Action.POLICY_ADOPTED, reason=reason, about=about_adoption(name, sha256))
    append(session, office, actor, entry, now)


def _adoptions(session: Session) -> dict[str, list[AdoptedPack]]:
    found: dict[str, list[AdoptedPack]] = {}
    for one in session.scalars(select(AdoptedPack).order_by(col(AdoptedPack.at), col(AdoptedPack.id))):
        found.setdefault(one.name, []).append(one)
    return found


def _opened_under_another_file(session: Session, office: Office, adoptions: list[AdoptedPack], name: str) -> int:
    """Open tickets of this pack from before its file became what it is: all of them where it was never adopted so."""
    try:
        sha256 = office.packs.sha256(name)
    except UnknownPack:
        sha256 = ""
    mine = select(func.count()).where(col(Ticket.pack) == name, col(Ticket.is_open) == 1)
    if not adoptions and sha256:
        return 0  # the file was never recorded
    since = list(_as_it_is_now(adoptions, sha256))
    if len(since) == len(adoptions) and sha256:
        return 0
    if since:
        mine = mine.where(col(Ticket.created_at) < since[-1].at)
    return int(session.connection().execute(mine).scalar_one())


def _as_it_is_now(adoptions: list[AdoptedPack], sha256: str) -> Iterator[AdoptedPack]:
    """The newest adoptions of the very file that is there, the newest first."""
    for one in reversed(adoptions):
        if one.sha256 != sha256:
            return
        yield one
