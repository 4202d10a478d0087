"""What one entry of the access log says, and who it says it of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.enums import Action, Result


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. It names fields, never their values; `requester` is a pseudonym.

    `about` is what rules read: the ids and facts that the entry vouches for, by name. `reason` is for people.
    """

    action: Action
    outcome: Result = Result.DONE
    ticket: int | None = None
    requester: str | None = None
    fields: tuple[str, ...] = ()
    purpose: str = ""
    verification: str = ""
    seconds: int | None = None
    reason: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, from where: an account's name, its roles at that moment, a hash of its session, the host."""

    name: str
    roles: str
    session: str
    host: str
