"""Answers to rights requests: proposals, approvals and the notice that went out."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import DecisionState, Outcome
from models.roles import Role
from models.sealed import Typed
from models.table import Table


class Decision(Table, table=True):
    """One proposal. `answers` is the checklist as JSON, sealed under the ticket's key.

    Where the ground must not be known (`legal_review`), `answers` is sealed once more under the privacy office's
    key, and every other column is the same whichever ground it is.
    """

    __tablename__ = "decision"
    __table_args__ = (Index("decision_review", "state", "review_at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    ticket_version: int
    proposer_id: str = Field(foreign_key="agent.id")
    outcome: Outcome = Field(sa_type=String)
    legal_review: bool = False
    state: DecisionState = Field(default=DecisionState.PROPOSED, sa_type=String)
    answers: bytes = Field(sa_type=Typed)
    notice: bytes | None = Field(default=None, sa_type=Typed)
    needs: str
    proposed_at: datetime = Field(sa_type=UtcMoment)
    decided_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    review_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class Approval(Table, table=True):
    """One person's yes or return, in one role. `reason` is sealed under the ticket's key."""

    __tablename__ = "approval"

    id: str = Field(default_factory=new_id, primary_key=True)
    decision_id: str = Field(foreign_key="decision.id", index=True)
    agent_id: str = Field(foreign_key="agent.id")
    role: Role = Field(sa_type=String)
    approved: bool
    reason: bytes | None = Field(default=None, sa_type=Typed)
    at: datetime = Field(sa_type=UtcMoment)
