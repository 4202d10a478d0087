"""The identity of an account: a contact of its person that no other active account has (DECISIONS.md, 9)."""

import hashlib
import hmac

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.blind_index import normalise_email, normalise_phone
from cs_console.desk import Desk
from cs_console.errors import BadAccount
from models.agent import Agent
from models.enums import AccountState


def identity_token(desk: Desk, contact: str) -> bytes:
    """The keyed hash by which a person's contact is known again; the contact itself is kept nowhere.

    Raises BadAccount for what is neither an e-mail address nor a phone number with its country.
    """
    normalised = normalise_email(contact) or normalise_phone(contact, "")
    if normalised is None:
        raise BadAccount(
            "An identity is the person's own e-mail address or phone number (+44 ...).", "Write it in full."
        )
    # under its own key, and folded further than a requester's: here the same address twice is the danger
    key = desk.keyring.desk_key("staff-identity")
    return hmac.digest(key, normalised.casefold().encode("utf-8", "surrogatepass"), hashlib.sha256)


def require_own_identity(db: Session, identity: bytes | None, agent_id: str = "") -> None:
    """Refuse an identity that another active account has. Raises BadAccount."""
    if identity is None:
        return
    taken = select(col(Agent.id)).where(
        col(Agent.identity) == identity, col(Agent.state) == AccountState.ACTIVE, col(Agent.id) != agent_id
    )
    if db.connection().execute(taken.limit(1)).first() is not None:
        raise BadAccount(
            "Another active account has this identity. Each person has one account.", "Suspend the other account first."
        )
