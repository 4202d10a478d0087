"""Numbers handed out one by one, the same way on every engine."""

from sqlmodel import Field

from models.table import Table


class Counter(Table, table=True):
    """`UPDATE ... SET value = value + 1 RETURNING value` under the transaction's own lock."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int
