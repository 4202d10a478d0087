"""Views of the queue beside the desk's: those of the policy, and those that people keep for themselves or the team."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.custody.redaction import redact
from cs_console.desk import DeskSession
from cs_console.errors import BadFilter, BadInput, BadPack, NotAllowed, NothingThere, UnknownPack
from cs_console.plain_text import one_line
from cs_console.tickets.filters import Filter, Sought, parse
from cs_console.tickets.queue import ViewCount, count
from cs_console.tickets.queue_query import VIEWS, Sort
from models.enums import Action
from models.roles import WORKS_ON_TICKETS, Role
from models.saved_view import SavedView

LONGEST_NAME = 24
MOST_OF_ONE, MOST_SHARED = 12, 14


@dataclass(frozen=True, slots=True)
class KeptView:
    """One of them. `within` is the view that its filter narrows; `mine` says whether the session's agent made it.

    `of_pack`: the policy brings it, so no one removes it here.
    """

    id: str
    name: str
    within: str
    expression: str
    sort: Sort | None
    shared: bool
    mine: bool
    of_pack: bool = False

    @property
    def asked(self) -> Filter:
        """Its filter."""
        return parse(self.expression)


def views_beside(session: DeskSession) -> tuple[KeptView, ...]:
    """The policy's views, then the agent's own and those that others share."""
    return (*pack_views(session), *kept_views(session))


def kept_views(session: DeskSession) -> tuple[KeptView, ...]:
    """The agent's own views and those that others share, by name."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        found = db.scalars(
            select(SavedView).where(or_(col(SavedView.owner_id) == session.agent.id, col(SavedView.shared) == 1))
        )
        views = [_kept(one, session) for one in found]
    return tuple(sorted(views, key=lambda one: (one.name.casefold(), one.id)))


def pack_views(session: DeskSession) -> tuple[KeptView, ...]:
    """The views of the policy that new tickets are opened under, in its order; none where it cannot be used."""
    with suppress(UnknownPack, BadPack):
        views = session.desk.packs.current.views
        return tuple(
            KeptView(f"pack:{at}", one.name, "all", one.filter, Sort(one.sort), shared=True, mine=False, of_pack=True)
            for at, one in enumerate(views)
        )
    return ()


def count_kept(session: DeskSession, views: tuple[KeptView, ...]) -> tuple[ViewCount, ...]:
    """How many tickets each holds for this agent, by its id, counted like any view.

    One whose filter is not understood any more has no count, and keeps no other from having one.
    """
    counted = []
    for one in views:
        with suppress(BadFilter, BadInput):
            found = count(session, one.within, one.asked)
            counted.append(ViewCount(one.id, found.count, found.more))
    return tuple(counted)


def keep_view(
    session: DeskSession, name: str, within: str, asked: Filter, sort: Sort | None = None, *, shared: bool = False
) -> str:
    """Keep a filter under a name and return the view's id; the agent's view of that name is replaced.

    Free words are left out: only terms of the filter language are kept (DECISIONS.md, 21). A shared one means its
    asking agent by "me", and sharing is on record. Raises BadInput for a name that is empty, too long or holds personal
    data, for a view that does not exist, and where there are too many.
    """
    called = one_line(name.strip(), LONGEST_NAME + 1)
    regions = session.desk.packs.current.meta.regions
    if not 0 < len(called) <= LONGEST_NAME or redact(called, regions) != called:
        raise BadInput(
            f"A view's name has up to {LONGEST_NAME} characters and nothing about a person.", "Choose another name."
        )
    if called.casefold() in {one.name.casefold() for one in pack_views(session)}:
        raise BadInput(f"The policy has a view {called} already.", "Choose another name.")
    if within not in dict(VIEWS):
        raise BadInput(f"There is no view {within!r}.", "Choose one from the list.")
    expression = " ".join(term.typed for term in asked.terms if not isinstance(term, Sought))
    with session.work(*WORKS_ON_TICKETS) as db:
        of_mine = col(SavedView.owner_id) == session.agent.id
        before = db.connection().execute(
            delete(SavedView)
            .where(of_mine, col(SavedView.name) == called)
            .returning(col(SavedView.id), col(SavedView.shared))
        )
        for view_id, was_shared in before.all():
            if was_shared:
                record(db, session, _removed(session, view_id))
        if _number(db, of_mine) >= MOST_OF_ONE or (shared and _number(db, col(SavedView.shared) == 1) >= MOST_SHARED):
            raise BadInput("There are too many views already.", "Remove one first.")
        row = SavedView(
            owner_id=session.agent.id,
            name=called,
            within=within,
            expression=expression,
            sort=sort.value if sort else "",
            shared=int(shared),
            saved_at=session.desk.clock.now(),
        )
        db.add(row)
        db.flush()
        if shared:
            record(db, session, Entry(Action.VIEW_SAVED, about={"view": row.id, "by": session.agent.id}))
        return row.id


def remove_view(session: DeskSession, view_id: str) -> None:
    """Remove a view of one's own; a supervisor can remove a shared one, too. Raises NothingThere, NotAllowed."""
    with session.work(*WORKS_ON_TICKETS) as db:
        row = db.get(SavedView, view_id)
        if row is None or not (row.shared or row.owner_id == session.agent.id):
            raise NothingThere("That view is not there any more.")
        if row.owner_id != session.agent.id and not session.agent.has(Role.SUPERVISOR):
            raise NotAllowed("Only the person who shared a view or a supervisor can remove it.", "Ask one of them.")
        db.delete(row)
        if row.shared:
            record(db, session, _removed(session, row.id))


def _removed(session: DeskSession, view_id: str) -> Entry:
    return Entry(Action.VIEW_REMOVED, about={"view": view_id, "by": session.agent.id})


def _number(db: Session, which: object) -> int:
    counted = select(func.count()).select_from(SavedView).where(which)  # type: ignore[arg-type]  # a condition
    return int(db.connection().execute(counted).scalar_one())


def _kept(row: SavedView, session: DeskSession) -> KeptView:
    sort = Sort(row.sort) if row.sort else None
    mine = row.owner_id == session.agent.id
    return KeptView(row.id, row.name, row.within, row.expression, sort, bool(row.shared), mine)
