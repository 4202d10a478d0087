"""Requesters whose data is to be erased, and what keeps it from being erased."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import ErasureCause, ErasureState
from models.sealed import Typed
from models.table import Table


class Erasure(Table, table=True):
    """One requester's erasure, from the proposal on. It names no one and outlasts the data.

    An erasure applied again after a restore has no proposer: the desk that decided it was not restored with it.
    """

    __tablename__ = "erasure"

    id: str = Field(default_factory=new_id, primary_key=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    ticket_number: int | None = Field(default=None, foreign_key="ticket.number")
    cause: ErasureCause = Field(sa_type=String)
    state: ErasureState = Field(default=ErasureState.PROPOSED, sa_type=String, index=True)
    proposer_id: str | None = Field(default=None, foreign_key="agent.id")
    approver_id: str | None = Field(default=None, foreign_key="agent.id")
    proposed_at: datetime = Field(sa_type=UtcMoment)
    approved_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class Hold(Table, table=True):
    """Why a requester's data has to be kept for now.

    `note` (JSON: a key of the pack's holds, and which law or order) is sealed under the ticket's key: the reason
    alone can tell of an investigation.
    """

    __tablename__ = "hold"

    id: str = Field(default_factory=new_id, primary_key=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    ticket_number: int = Field(foreign_key="ticket.number")
    note: bytes = Field(sa_type=Typed)
    agent_id: str = Field(foreign_key="agent.id")
    placed_at: datetime = Field(sa_type=UtcMoment)
    until: datetime = Field(sa_type=UtcMoment)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    lifted_by: str | None = Field(default=None, foreign_key="agent.id")
