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
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadPack, ConsoleError, UnknownPack
from cs_console.policy.adopted import about_adoption, last_adoption, newest_adopted
from models.adopted_pack import AdoptedPack
from models.enums import Action
from models.ticket import Ticket

THE_SETTING = "the setting"
"""Who adopted a pack that the settings name, or that a desk without any begins with."""
SHOWN = 16
"""How much of a file's sha256 is recorded in the log."""


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


def adopt(session: DeskSession, name: str) -> Adoption:
    """Make a pack the desk's: new tickets are opened under it unless the settings name another; open ones stay.

    It is checked first, line by line, and the adoption recorded. For the operator alone. Raises NotAllowed,
    UnknownPack, BadPack.
    """
    desk = session.desk
    with session.reading(operator=True):
        pass  # before a file of the host is looked at
    file = desk.packs.path(name)
    problems = check_pack(file)
    if problems:
        raise BadPack(name, tuple(one.told_of(file) for one in problems))
    desk.packs.get(name)
    sha256 = desk.packs.sha256(name)
    with session.work(operator=True) as db:
        lock_log(db.connection(), desk)  # one adoption at a time
        new = last_adoption(db, desk) != (name, sha256)
        if new:
            _add(db, desk, session.actor, name, sha256, session.agent.name)
    desk.packs.adopted = name
    given = desk.settings.pack
    return Adoption(name, sha256, new, given if given != name else "")


def note_current(desk: Desk) -> bool:
    """Record the pack in force where it, as its file now is, was not adopted yet; whether that was needed.

    For a desk that opens to work. A pack that cannot be used is told where it is used.
    """
    with suppress(UnknownPack, BadPack):
        name, sha256 = desk.packs.current.meta.name, desk.packs.sha256(desk.packs.name)
        with desk.database.reading() as db:
            if last_adoption(db, desk, name) == (name, sha256):
                return False
        with desk.database.transaction() as db:
            lock_log(db.connection(), desk)
            if last_adoption(db, desk, name) == (name, sha256):
                return False
            _add(db, desk, desk.own_actor, name, sha256, THE_SETTING)
        return True
    return False


def note_at_opening(desk: Desk) -> None:
    """The same for a console: a busy store or a broken log does not prevent opening it."""
    with suppress(ConsoleError):
        note_current(desk)


def read_adopted(desk: Desk) -> None:
    """Look which pack was adopted last, by whatever console."""
    with desk.database.reading() as db:
        desk.packs.adopted = newest_adopted(db, desk)


def shelved(desk: Desk) -> tuple[ShelvedPack, ...]:
    """Every pack that can be used or that open tickets are under, sorted by name."""
    with desk.database.reading() as db:
        adopted = _adoptions(db)
        open_ones = select(col(Ticket.pack), func.count()).where(col(Ticket.is_open) == 1).group_by(col(Ticket.pack))
        counts = {name: int(count) for name, count in db.connection().execute(open_ones)}
        return tuple(
            ShelvedPack(
                name=name,
                current=name == desk.packs.name,
                adopted_at=adopted[name][-1].at if name in adopted else None,
                open_tickets=counts.get(name, 0),
                changed=_opened_under_another_file(db, desk, adopted.get(name, []), name),
            )
            for name in sorted({*desk.packs.names(), *counts})
        )


def _add(db: Session, desk: Desk, actor: Actor, name: str, sha256: str, by: str) -> None:
    now = desk.clock.now()
    db.add(AdoptedPack(name=name, sha256=sha256, by=by, at=now))
    db.flush()
    reason = f"{name} {sha256[:SHOWN]}, by {by}"
    entry = Entry(Action.POLICY_ADOPTED, reason=reason, about=about_adoption(name, sha256))
    append(db, desk, actor, entry, now)


def _adoptions(db: Session) -> dict[str, list[AdoptedPack]]:
    found: dict[str, list[AdoptedPack]] = {}
    for one in db.scalars(select(AdoptedPack).order_by(col(AdoptedPack.at), col(AdoptedPack.id))):
        found.setdefault(one.name, []).append(one)
    return found


def _opened_under_another_file(db: Session, desk: Desk, adoptions: list[AdoptedPack], name: str) -> int:
    """Open tickets of this pack from before its file became what it is: all of them where it was never adopted so."""
    try:
        sha256 = desk.packs.sha256(name)
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
    return int(db.connection().execute(mine).scalar_one())


def _as_it_is_now(adoptions: list[AdoptedPack], sha256: str) -> Iterator[AdoptedPack]:
    """The newest adoptions of exactly the present file, newest first."""
    for one in reversed(adoptions):
        if one.sha256 != sha256:
            return
        yield one
