"""What the access log says of a ticket's decisions: the last one, who approved it, and whether it is to be made again.

A row that was changed or removed takes no one's consent away: what two people refused, one does not give.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cs_console.access_log.vouched import CHANGING, Word, begins_review, digest, latest, words
from cs_console.desk import Desk
from models.columns import from_microseconds, microseconds
from models.decision import Decision
from models.enums import Action, Outcome
from models.roles import Role

_CHANGING = (
    *CHANGING,
    Action.TICKET_FOLLOW_UP,
    Action.TICKET_CLAIMED,
    Action.TICKET_ASSIGNED,
    Action.TICKET_RELEASED,
    Action.TICKET_LINKED,
    Action.TICKET_UNLINKED,
    Action.MATTER_NAMED,
)
"""What makes a proposal stale: each changes the ticket's version."""


MADE_OR_WITHDRAWN = (Action.DECISION_MADE, Action.DECISION_WITHDRAWN)
"""What tells which decisions hold: the answer of one person is taken back while its notice is still held."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The entry of a final decision, and the roles in which people approved it. An older desk's entry says neither
    which decision it was nor who approved; then the rows count.
    """

    said: Word
    roles: tuple[Role, ...]

    @property
    def outcome(self) -> Outcome | None:
        """How it was decided; None where the entry is an older desk's."""
        made = (self.said.about or {}).get("made")
        return None if made is None else Outcome(made)


def made_and_kept(said: Iterable[Word]) -> list[Word]:
    """Of entries of MADE_OR_WITHDRAWN and others: those of final decisions that no one took back, oldest first."""
    said = tuple(said)
    withdrawn = {decision_of(word) for word in said if word.action is Action.DECISION_WITHDRAWN} - {None}
    return [word for word in said if word.action is Action.DECISION_MADE and decision_of(word) not in withdrawn]


def decision_of(word: Word) -> str | None:
    """Which decision an entry is about; None in one of an older desk's."""
    return (word.about or {}).get("decision")


def last_decided(db: Session, desk: Desk, number: int) -> Decided | None:
    """The last final decision on a ticket that was not taken back; None where there is none. Raises LogBroken."""
    said = words(db, desk, [number], (*MADE_OR_WITHDRAWN, Action.DECISION_APPROVED))
    still = made_and_kept(said)
    if not still:
        return None
    made = still[-1]
    decision = (made.about or {}).get("decision")
    approved = (word.about for word in said if word.action is Action.DECISION_APPROVED and word.about is not None)
    return Decided(made, tuple(Role(about["role"]) for about in approved if about["decision"] == decision))


def review_has_begun(db: Session, desk: Desk, number: int, made: Word) -> bool:
    """Whether a decision is to be made again: its review date came after it, or an appeal set it aside."""
    changes = words(db, desk, [number], CHANGING)
    return any(word.seq > made.seq and begins_review(word) for word in changes)


def about_made(desk: Desk, decision: Decision, by: str, *, fee: bool) -> dict[str, str]:
    """What the entry of a final decision vouches for; with `fee` its ticket waits for one. When it is to be looked at
    again is a digest: the day could tell the ground.
    """
    outcome = Outcome(decision.outcome).value
    review = _review_digest(desk, decision)
    return {"decision": decision.id, "made": outcome, "by": by, "fee": "asked" if fee else "", "review": review}


def has_its_review_date(made: Word, desk: Desk, decision: Decision) -> bool:
    """Whether a decision's row names the day of its review that the log does. An older desk's entry names none."""
    said = (made.about or {}).get("review")
    return said is None or said == _review_digest(desk, decision)


def fee_asked(db: Session, desk: Desk, number: int) -> Word | None:
    """The decision for a fee that the ticket waits for; None where none was made, or the fee is paid. One that
    was closed unpaid can still be paid. An older desk's entry may be one.
    """
    said = words(db, desk, [number], (*MADE_OR_WITHDRAWN, Action.FEE_PAID))
    still, paid = made_and_kept(said), [word.seq for word in said if word.action is Action.FEE_PAID]
    if not still or (paid and paid[-1] > still[-1].seq):
        return None
    last = still[-1]
    return last if (last.about or {}).get("fee", "asked") == "asked" else None


@dataclass(frozen=True, slots=True)
class ProposalSaid:
    """When a ticket's newest proposal was made, and whether the ticket was changed since. None and False for an older
    desk's.
    """

    at: datetime | None = None
    changed: bool = False


def proposal_on_record(db: Session, desk: Desk, number: int) -> ProposalSaid:
    """What the log says of it: a row that was put back makes no stale proposal a fresh one. Raises LogBroken."""
    proposed = latest(db, desk, number, (Action.DECISION_PROPOSED,))
    if proposed is None or proposed.about is None:
        return ProposalSaid()
    since = (word for word in words(db, desk, [number], _CHANGING) if word.seq > proposed.seq)
    # a review that begins on an open ticket leaves its version as it is
    changed = any(not begins_review(word) for word in since)
    return ProposalSaid(from_microseconds(proposed.at), changed)


def _review_digest(desk: Desk, decision: Decision) -> str:
    at = decision.review_at
    return digest(desk, "review", decision.id, "" if at is None else microseconds(at))
