"""Whether two accounts are two people (DECISIONS.md, 9): by a contact of each person that no other account has."""

import hashlib
import hmac

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.blind_index import normalise_email, normalise_phone
from cs_console.desk import Office
from cs_console.errors import BadAccount
from models.agent import Agent
from models.enums import AccountState


def is_another(session: Session, one: str | None, other: str) -> bool:
    """Whether the account `one` is another person's than `other`, both by id; the account None is no one's.

    Two accounts without an identity may be one person's: neither counts as the second person beside the other.
    """
    if one is None or one == other:
        return one is None
    rows = session.connection().execute(
        select(col(Agent.id), col(Agent.identity)).where(col(Agent.id).in_((one, other)))
    )
    found = {row.id: row.identity for row in rows}
    return len(found) == 2 and found[one] != found[other]


def identity_token(office: Office, contact: str) -> bytes:
    """The keyed hash by which a person's contact is known again; the contact itself is kept nowhere.

    Raises BadAccount for what is neither an e-mail address nor a phone number with its country.
    """
    normalised = normalise_email(contact) or normalise_phone(contact, "")
    if normalised is None:
        raise BadAccount(
            "An identity is the person's own e-mail address or phone number (+44 ...).", "Write it in full."
        )
    # under its own key, and folded further than a requester's: here the same address twice is the danger
    key = office.keyring.desk_key("staff-identity")
    return hmac.digest(key, normalised.casefold().encode("utf-8", "surrogatepass"), hashlib.sha256)


def require_own_identity(session: Session, identity: bytes | None, agent_id: str = "") -> None:
    """Refuse an identity that another active account has. Raises BadAccount."""
    if identity is None:
        return
    taken = select(col(Agent.id)).where(
        col(Agent.identity) == identity, col(Agent.state) == AccountState.ACTIVE, col(Agent.id) != agent_id
    )
    if session.connection().execute(taken.limit(1)).first() is not None:
        raise BadAccount(
            "Another active account has this identity: one person works with one account.", "Suspend that one first."
        )
