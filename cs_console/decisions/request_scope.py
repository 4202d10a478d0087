"""What a rights request asks for, on record apart from any answer, so that an answer is held against it (V.4)."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import latest
from cs_console.decisions.notice import field_titles
from cs_console.decisions.proposal import AskedFor
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, WrongState
from cs_console.policy.parts import nearest
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, facts_on_record, pseudonym, require_open, require_own
from models.agent import Agent
from models.asked import Asked
from models.columns import from_microseconds
from models.enums import Action, TicketState
from models.roles import HANDLES_TICKETS, WORKS_ON_TICKETS
from models.ticket import Ticket

FIRST, CORRECTED = "what is asked", "what is asked, corrected"


def record_asked(session: DeskSession, number: int, right: str, fields: Iterable[str]) -> AskedFor:
    """Record what the agent's own rights request asks for: a right of its pack, for these fields and records.

    It may be corrected until an answer is proposed; each correction is an entry of its own, with the names of the
    fields. The same again changes nothing. Raises NotAssigned, WrongState, BadInput, NoUndertaking.
    """
    with session.work(*HANDLES_TICKETS) as db:
        require_current(db, session)
        ticket = locked_facts(db, session.desk, number)
        pack = session.desk.packs.get(ticket.pack)
        _require_recordable(session, ticket, pack)
        wanted = _in_order(pack, right, set(fields))
        before = asked_of(db, session.desk, number)
        if before is not None and (before.right, before.fields) == (wanted.right, wanted.fields):
            return before
        now = session.desk.clock.now()
        db.connection().execute(delete(Asked).where(col(Asked.ticket_number) == number))
        names = ",".join(wanted.fields)
        values = {"right": right, "fields": names, "agent_id": session.agent.id, "at": now}
        db.connection().execute(insert(Asked).values(ticket_number=number, **values))
        reason = f"{CORRECTED if before else FIRST}: {right}"
        requester = pseudonym(session.desk, ticket.requester_id)
        about = {"right": right, "fields": names}
        record(
            db,
            session,
            Entry(
                Action.ASKED_RECORDED,
                ticket=number,
                requester=requester,
                fields=wanted.fields,
                reason=reason,
                about=about,
            ),
        )
    return AskedFor(right, wanted.fields, session.agent.name, now)


def read_asked(session: DeskSession, number: int) -> AskedFor | None:
    """What is on record as asked, for agents who may read tickets; None if nothing is yet."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        return asked_of(db, session.desk, number)


def asked_of(db: Session, desk: Desk, number: int) -> AskedFor | None:
    """What is on record as asked of this ticket: as the access log says it, since an answer is held against it. An
    older desk's entry leaves it to the row. Raises LogBroken.
    """
    said = latest(db, desk, number, (Action.ASKED_RECORDED, Action.POLICY_MOVED))
    if said is None or said.action is Action.POLICY_MOVED:  # another policy has other words for it
        return None
    if said.about is not None:
        fields = tuple(filter(None, said.about["fields"].split(",")))
        return AskedFor(said.about["right"], fields, said.actor, from_microseconds(said.at))
    found = db.connection().execute(
        select(col(Asked.right), col(Asked.fields), col(Agent.name), col(Asked.at))
        .join(Agent, col(Agent.id) == col(Asked.agent_id))
        .where(col(Asked.ticket_number) == number)
    )
    row = found.first()
    return None if row is None else AskedFor(row[0], tuple(filter(None, row[1].split(","))), row[2], row[3])


def asked_words(pack: Pack, asked: AskedFor) -> str:
    """What is asked as one line: "Delete my data: Mobile number, Orders"."""
    title = pack.rights[asked.right].title if asked.right in pack.rights else asked.right
    return f"{title}: {', '.join(field_titles(pack, asked.fields))}"


def locked_facts(db: Session, desk: Desk, number: int) -> TicketFacts:
    """The ticket, locked until the end of the transaction: no one proposes while what is asked is being corrected."""
    db.connection().execute(select(col(Ticket.version)).where(col(Ticket.number) == number).with_for_update())
    return facts_on_record(db, desk, number)


def _require_recordable(session: DeskSession, ticket: TicketFacts, pack: Pack) -> None:
    require_own(ticket, session)
    require_open(ticket)
    if not pack.kinds[ticket.kind].needs_decision:
        raise WrongState(f"#{ticket.number} is not a rights request.", "Change its kind first (t), or reply (m).")
    if ticket.state is TicketState.IN_APPROVAL:
        raise WrongState(
            f"A decision on #{ticket.number} was already proposed.", "Withdraw the proposal to correct what is asked."
        )


def _in_order(pack: Pack, right: str, fields: set[str]) -> AskedFor:
    """What was named, with fields and records in the pack's order."""
    known = [*(field.value for field in pack.fields), *pack.records]
    if right not in pack.rights:
        raise BadInput(f"Unknown right {right!r}{nearest(right, pack.rights)}.", "Choose what is asked for.")
    for name in sorted(fields - set(known)):
        raise BadInput(f"{name!r} is not among the pack's fields and records{nearest(name, known)}.")
    if not fields:
        raise BadInput("Mark the data that the request is about.", "If the request has no limits, mark all data.")
    return AskedFor(right, tuple(name for name in known if name in fields))
