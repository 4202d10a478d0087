"""Whether an account has a second factor, and whether the settings ask for one."""

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.settings import Settings
from models.second_factor import SecondFactor


def has_factor(session: Session, agent_id: str) -> bool:
    """Whether the account has a second factor in force."""
    found = select(col(SecondFactor.agent_id)).where(
        col(SecondFactor.agent_id) == agent_id, col(SecondFactor.secret).is_not(None)
    )
    return session.connection().execute(found).first() is not None


def is_demanded(settings: Settings, roles: str) -> bool:
    """Whether the settings ask an account with these roles (joined by commas) for a second factor."""
    held = roles.split(",")
    return any(role.value in held for role in settings.second_factor)
