"""How many tickets the queue's views hold, kept while tickets change: counting them would take the longer the more."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from models.table import Table

SPAN = 6 * 60 * 60 * 1_000_000
"""Due dates are counted in spans of so many microseconds since 1970."""
OPEN, CLOSED, UNASSIGNED, DUE = "open", "closed", "unassigned", "due"
ASSIGNED, ANSWERED, SNOOZED, IN_STATE = "assigned ", "answered ", "snoozed ", "in state "
"""What stands before an agent's id or a state in a name."""


class TicketCount(Table, table=True):
    """Rows of one `name` and `span` add up to how many tickets are so now. The store's own triggers write them in the
    transaction that changes a ticket, so that no change is missed and a transaction sees a state of both.

    `span`: of open tickets with a due date in which one it is (`DUE`), else 0. `mark`: on a server the transaction that
    wrote the row. No two transactions write the same row there, so none waits for another; the upkeep adds them up.
    """

    __tablename__ = "ticket_count"
    __table_args__ = {"sqlite_with_rowid": False}

    name: str = Field(primary_key=True)
    span: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    mark: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    tickets: int
