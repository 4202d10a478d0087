"""The part of a pack on how long data is kept and who erases it (policy I.(4)2, IV.(2)3)."""

from typing import Annotated

from pydantic import Field

from cs_console.policy.parts import Key, Part, Sentence
from models.enums import TicketKind
from models.roles import Role


class ErasureRules(Part):
    """Who confirms that a requester's data is erased (policy I.(4)2)."""

    clause: Sentence
    approvers: Annotated[tuple[Role, ...], Field(min_length=1)]
    """One of these roles says yes, and never the person who proposed it."""


class HoldReason(Part):
    """One of the listed reasons to keep data past its time (policy IV.(2)3)."""

    title: Sentence
    longest_days: Annotated[int, Field(ge=1, le=3650)]


class RetentionRules(Part):
    """How long data is kept, and what may extend that (policy IV.(2)3)."""

    clause: Sentence
    days: dict[TicketKind, Annotated[int, Field(ge=1, le=36500)]]
    """Days after a ticket of this kind was closed."""
    held_by: Role
    """Who may place and lift a hold."""
    holds: Annotated[dict[Key, HoldReason], Field(min_length=1)]
