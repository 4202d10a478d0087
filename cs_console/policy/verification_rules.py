"""The part of a pack on verifying who asks (POLICY.md, Verifying identity)."""

from typing import Annotated

from pydantic import Field, model_validator

from cs_console.policy.parts import Count, Days, Letter, Minutes, Part, Said, Sentence
from models.contact_fields import Field as ContactField
from models.enums import AuthoritySort, VerificationMethod


class CodeRules(Part):
    """Codes to a contact on file (POLICY.md, Verifying identity)."""

    digits: Annotated[int, Field(ge=6, le=12)]
    minutes: Minutes
    tries: Count
    sends_per_hour: Count
    sends_per_day: Count
    agent_sends_per_hour: Count
    lock_hours: Count
    contact_recent_days: Days
    fields: tuple[ContactField, ...]
    """Which contact fields can carry a code."""
    text: Said
    """What is sent; `{{ code }}`, `{{ minutes }}`, `{{ ticket }}`."""
    told_text: Said
    """What another contact on file is told afterwards; `{{ ticket }}`."""


class MethodRules(Part):
    """One way to verify an identity."""

    title: Sentence
    clause: Sentence
    note_required: bool
    asks: Sentence
    """What the verifier has to write down."""


class AuthorityRules(Part):
    """Asking on behalf of another person."""

    title: Sentence
    clause: Sentence
    asks: Sentence
    """What the verifier has to write down of the authority that was seen."""
    code_to_principal: bool = False
    """Whether only a code to a contact of the requester's on file verifies then."""
    needs_age_band: bool = False
    """Whether the requester's age band has to be recorded first."""
    notice_words: Said
    """Who asked, as the notice says it; it names no one."""


class CallerRules(Part):
    """Holding what a caller says against what is on file, without showing that; it verifies nothing."""

    clause: Sentence
    explained: Sentence
    """What the verifier is told: that a match is not proof."""
    fields: Annotated[tuple[ContactField, ...], Field(min_length=1)]
    tries_per_day: Count
    """Over all of the requester's tickets, in any 24 hours."""
    agent_tries_per_hour: Count


class ClosureRules(Part):
    """Requests whose requester is never verified: reminded once, then closed."""

    clause: Sentence
    remind_after_days: Annotated[int, Field(ge=1, le=3650)]
    close_after_days: Annotated[int, Field(ge=1, le=3650)]
    """Both counted from when anything last happened."""
    reminder: Letter
    closed: Letter
    """Both may name `{{ ticket }}` and `{{ days }}`."""

    @model_validator(mode="after")
    def _fits(self) -> "ClosureRules":
        if self.remind_after_days >= self.close_after_days:
            raise ValueError("the reminder has to come before the closure")
        return self


class DocumentRules(Part):
    """How long a document that was sent for verification is kept: no copy beyond the decision (POLICY.md)."""

    delete_after_days: Days = 0
    """Counted from when the ticket was closed."""


class VerificationRules(Part):
    window_minutes: Minutes
    code: CodeRules
    methods: dict[VerificationMethod, MethodRules]
    authority: dict[AuthoritySort, AuthorityRules] = {}
    caller: CallerRules | None = None
    closure: ClosureRules | None = None
    documents: DocumentRules = DocumentRules()
