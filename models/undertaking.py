"""Confidentiality undertakings that agents have accepted (policy IV.(1)2)."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.table import Table


class Undertaking(Table, table=True):
    """One acceptance of one version of the text; a new version asks for a new one."""

    __tablename__ = "undertaking"

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    version: str
    text_sha256: str
    accepted_at: datetime = Field(sa_type=UtcMoment)
    expires_at: datetime = Field(sa_type=UtcMoment)
