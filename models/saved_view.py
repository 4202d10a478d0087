"""Views of the queue that people keep: a filter with a name, for themselves or for the team."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.table import Table


class SavedView(Table, table=True):
    """`expression` narrows the view `within`; it holds words of the filter language alone, never free words."""

    __tablename__ = "saved_view"

    id: str = Field(default_factory=new_id, primary_key=True)
    owner_id: str = Field(foreign_key="agent.id", index=True)
    name: str
    within: str
    expression: str
    sort: str = ""
    shared: int = Field(default=0, index=True)
    saved_at: datetime = Field(sa_type=UtcMoment)
