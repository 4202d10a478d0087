"""The part of a pack on verifying who asks (POLICY.md, Verifying identity)."""

from typing import Annotated

from pydantic import Field

from cs_console.policy.parts import Count, Days, Minutes, Part, Said, Sentence
from models.enums import Field as ContactField
from models.enums import VerificationMethod


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


class VerificationRules(Part):
    window_minutes: Minutes
    code: CodeRules
    methods: dict[VerificationMethod, MethodRules]
