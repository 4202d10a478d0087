"""The index of the words in tickets: keyed hashes alone, from which no word can be read without the desk's key."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from models.sealed import Digest
from models.table import Table


class SearchToken(Table, table=True):
    """That a ticket has a word: the 64-bit keyed hash of the word first, since that is what is looked for."""

    __tablename__ = "search_token"
    __table_args__ = {"sqlite_with_rowid": False}

    token: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    ticket_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class SearchEntry(Table, table=True):
    """What the index holds of a ticket: its `tokens`, eight bytes each, so that they can be taken out again without
    the ticket's texts; `generation` is that of the key that made them."""

    __tablename__ = "search_entry"
    __table_args__ = (Index("search_entry_generation", "generation", "ticket_number"),)

    ticket_number: int = Field(primary_key=True, foreign_key="ticket.number", sa_column_kwargs={"autoincrement": False})
    tokens: bytes = Field(sa_type=Digest)
    generation: int


class SearchDue(Table, table=True):
    """A ticket whose words are to be indexed again. Each change adds a random `mark` of its own, so that none waits for
    another, and who indexes takes away only the marks that they saw."""

    __tablename__ = "search_due"
    __table_args__ = {"sqlite_with_rowid": False}

    ticket_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    mark: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
