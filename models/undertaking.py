"""Confidentiality undertakings that agents have accepted (policy IV.(1)2)."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id


class Undertaking(SQLModel, table=True):
    """One acceptance of one version of the text; a new version asks for a new one."""

    __tablename__ = "undertaking"

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    version: str
    text_sha256: str
    accepted_at: datetime = Field(sa_type=UtcMoment)
    expires_at: datetime = Field(sa_type=UtcMoment)
