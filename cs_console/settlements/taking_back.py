"""Taking a settlement back while its letter is still held: the ticket is as it was, what was typed a draft again."""

from sqlmodel import Session

from cs_console.access_log.vouched import Word, words
from cs_console.custody.safe_views import open_typed
from cs_console.custody.taken_back import renew_draft
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import recompute
from cs_console.desk import Desk, DeskSession
from cs_console.errors import AnswerStays, NothingToTakeBack
from cs_console.settlements.settling import settle_place
from cs_console.tickets.ticket_record import TicketFacts, change, record_about, reopened_values, require_own
from models.enums import Action, TicketState
from models.settlement import Settlement


def settled_by(db: Session, desk: Desk, number: int, message_id: str) -> Word | None:
    """The entry of the settlement whose letter this is, if it is the ticket's last one that was not taken back.

    Raises LogBroken.
    """
    said = words(db, desk, [number], (Action.TICKET_SETTLED, Action.SETTLEMENT_WITHDRAWN))
    withdrawn = {_settlement_of(word) for word in said if word.action is Action.SETTLEMENT_WITHDRAWN}
    kept = [word for word in said if _settlement_of(word) not in withdrawn]
    return kept[-1] if kept and kept[-1].names(message=message_id) else None


def _settlement_of(word: Word) -> str:
    return (word.about or {}).get("settlement", "")


def why_it_stays(said: Word) -> AnswerStays | None:
    """Why one person cannot undo a settlement any more although its letter is held; None where they can.

    From its commit on others may decide again what it set aside, and a request that it turned a ticket into becomes
    something else by two people alone.
    """
    about = said.about or {}
    if about.get("reopened"):
        return AnswerStays(
            f"This settlement reopened #{about['reopened']}, and others may be deciding it already.",
            "It stays settled, and the letter goes out.",
        )
    if about.get("turned"):
        return AnswerStays(
            f"This settlement made #{said.ticket} a request of another kind, and its dates run.",
            "The letter goes out. Its kind is corrected with t.",
        )
    return None


def withdraw_settlement(db: Session, session: DeskSession, ticket: TicketFacts, said: Word) -> None:
    """Take back the settlement of this entry, whose letter the caller's transaction keeps from going out.

    The ticket is in the state that it had, its clock goes on, and the form is a draft for a new act. A requester who
    wrote meanwhile has opened the ticket already: then its state stays. Raises NotAssigned, AnswerStays,
    NothingToTakeBack, ChangedElsewhere.
    """
    desk, number, about = session.desk, ticket.number, said.about or {}
    require_own(ticket, session)
    stays = why_it_stays(said)
    if stays is not None:
        raise stays
    settlement = db.get(Settlement, about["settlement"])
    if settlement is None:
        raise NothingToTakeBack(number)
    keys = ticket_keys(db, desk, number)
    answers = open_typed(keys.key, keys.place("settlement", "answers", settlement.id), settlement.answers)
    values = reopened_values(ticket, TicketState(about["from"]), settlement.at)
    db.delete(settlement)
    db.flush()
    change(db, ticket, ticket.version, **values)
    recompute(db, desk.packs.get(ticket.pack), number)
    renew_draft(db, session, settle_place(number), keys, answers)
    state = str(values.get("state", ticket.state.value))
    named = {"settlement": settlement.id, "by": session.agent.id, "state": state}
    record_about(db, session, ticket, Action.SETTLEMENT_WITHDRAWN, about["outcome"], about=named)
