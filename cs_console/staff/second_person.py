"""A person who confirms what an operator's command does, with the password of an account of their own."""

from dataclasses import dataclass, field

from cs_console.desk import AgentCard, Desk
from cs_console.errors import MustChangePassword, NotAllowed, SignInRefused
from cs_console.staff.accounts import card_of, check_password, find_agent, owes_password
from models.roles import Role


@dataclass(frozen=True)
class Confirming:
    """An account's name and the password that was typed for it."""

    name: str
    password: str = field(repr=False)


def require_password_of(desk: Desk, confirming: Confirming, *any_of: Role) -> AgentCard:
    """Who that is, once their password is right and the account holds one of these roles.

    Counted and recorded like a sign-in. Raises SignInRefused, SignInMustWait, MustChangePassword, NotAllowed.
    """
    with desk.database.reading() as db:
        agent = find_agent(db, confirming.name)
    if agent is None or not check_password(desk, agent.id, confirming.password):
        raise SignInRefused
    with desk.database.reading() as db:
        if owes_password(db, desk, agent):
            raise MustChangePassword  # the person who set it knows it too
        card = card_of(db, desk, agent)
    if not any(card.has(role) for role in any_of):
        wanted = " or ".join(role.value for role in any_of)
        raise NotAllowed(f"{card.name} is not {wanted}.", "Name an account with that role.")
    return card
