"""The part of a pack on verifying who asks (POLICY.md, Verifying identity)."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import Field, model_validator

from cs_console.policy.parts import Count, Days, Minutes, Part, Sentence
from models.enums import AuthoritySort, VerificationMethod
from models.enums import Field as ContactField

T = TypeVar("T")

FIRST_LANGUAGE = "en"
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


def in_language(words: Mapping[str, T], language: str) -> T:
    """What is said in the requester's language, else in English."""
    return words.get(language) or words[FIRST_LANGUAGE]


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
    text: Sentence
    """What is sent; `{{ code }}`, `{{ minutes }}`, `{{ ticket }}`."""
    told_text: Sentence
    """What another contact on file is told afterwards; `{{ ticket }}`."""


class MethodRules(Part):
    """One way to verify an identity."""

    title: Sentence
    clause: Sentence
    note_required: bool
    asks: Sentence
    """What the verifier has to write down."""


class AuthorityRules(Part):
    """Asking in somebody else's name."""

    title: Sentence
    clause: Sentence
    asks: Sentence
    """What the verifier has to write down of the authority that was seen."""
    code_to_principal: bool = False
    """Whether only a code to a contact of the requester's on file verifies then."""
    needs_age_band: bool = False
    """Whether the requester's age band has to be recorded first."""
    notice_words: dict[Language, Sentence]
    """Who asked, as the notice says it, by language; it names nobody."""

    @model_validator(mode="after")
    def _has_english(self) -> "AuthorityRules":
        require_english(self.notice_words)
        return self


class CallerRules(Part):
    """Holding what a caller says against what is on file, without showing that; it verifies nothing."""

    clause: Sentence
    explained: Sentence
    """What the verifier is told: that a match is no proof."""
    fields: Annotated[tuple[ContactField, ...], Field(min_length=1)]
    tries_per_day: Count
    """Over all of the requester's tickets, in any 24 hours."""
    agent_tries_per_hour: Count


class Letter(Part):
    """What the console writes by itself, in one language; `{{ ticket }}`, `{{ days }}`."""

    subject: Sentence
    text: Sentence


class ClosureRules(Part):
    """Requests whose requester is never verified: reminded once, then closed."""

    clause: Sentence
    remind_after_days: Annotated[int, Field(ge=1, le=3650)]
    close_after_days: Annotated[int, Field(ge=1, le=3650)]
    """Both counted from when anything last happened."""
    reminder: dict[Language, Letter]
    closed: dict[Language, Letter]

    @model_validator(mode="after")
    def _fits(self) -> "ClosureRules":
        if self.remind_after_days >= self.close_after_days:
            raise ValueError("the reminder has to come before the closure")
        require_english(self.reminder)
        require_english(self.closed)
        return self


class VerificationRules(Part):
    window_minutes: Minutes
    code: CodeRules
    methods: dict[VerificationMethod, MethodRules]
    authority: dict[AuthoritySort, AuthorityRules] = {}
    caller: CallerRules | None = None
    closure: ClosureRules | None = None


def require_english(words: Mapping[str, object]) -> None:
    """Every requester is written to in some language. Raises ValueError."""
    if FIRST_LANGUAGE not in words:
        raise ValueError(f"{FIRST_LANGUAGE!r} is missing")
