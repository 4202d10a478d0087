"""What a policy pack holds. Everything a clause decides is a value here, never an `if` in code."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.enums import Field as ContactField
from models.enums import Role, TicketKind, VerificationMethod

Days = Annotated[int, Field(ge=0, le=3650)]
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 31)]
Count = Annotated[int, Field(ge=1, le=1000)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Sentence = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meta(_Part):
    """Which policy this is. A ticket pins `id` and `version` as "id-version"."""

    id: Key
    version: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}(\.[0-9]+)?$")]
    title: Sentence
    effective: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    contact: Sentence
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Default region for phone numbers (ISO 3166)."""
    more_regions: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """Further regions whose national phone formats are looked for in free text."""

    @property
    def name(self) -> str:
        return f"{self.id}-{self.version}"


class KindRules(_Part):
    """One kind of ticket: its name, how intake guesses it, its purposes and timers (policy I.(1)3)."""

    title: Sentence
    clause: Sentence
    mailboxes: tuple[str, ...] = ()
    """Local parts of our own addresses whose mail is of this kind."""
    words: tuple[str, ...] = ()
    """Words in subject or body that suggest this kind, casefolded, any language."""
    first_response_working_days: Days
    needs_decision: bool = False
    """Whether it ends with the checklist (rights requests)."""


class FieldRules(_Part):
    """One contact field: what it is called and whether it is sensitive (policy I, intro)."""

    title: Sentence
    sensitive: bool


class PurposeRules(_Part):
    """A reason to see a field."""

    title: Sentence
    clause: Sentence


class MatrixRow(_Part):
    """These fields may be seen on tickets of these kinds for this purpose."""

    kinds: tuple[TicketKind, ...]
    purpose: Key
    fields: tuple[ContactField, ...]
    verified: bool = True
    """Whether a verification window must be open."""


class CodeRules(_Part):
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


class MethodRules(_Part):
    """One way to verify an identity."""

    title: Sentence
    clause: Sentence
    note_required: bool
    asks: Sentence
    """What the verifier has to write down."""


class VerificationRules(_Part):
    window_minutes: Minutes
    code: CodeRules
    methods: dict[VerificationMethod, MethodRules]


class ClockRules(_Part):
    """When an answer is due (policy V.4): `respond_days` after the later of `starts`."""

    respond_days: Days
    starts: tuple[Literal["received", "verified"], ...]
    due_soon_days: Days
    clause: Sentence
    explained: Sentence


class Question(_Part):
    id: Key
    text: Sentence
    stale_days: Days = 0
    """An answer older than this has to be given again; 0 never."""
    contradicts: tuple[str, ...] = ()
    """`"no"` when a plain no to this question contradicts finding the ground applies."""
    kind: Literal["text", "yes_no", "date"] = "text"


class EvidenceRules(_Part):
    text: Sentence
    items: Annotated[int, Field(ge=0, le=10)] = 1
    """How many separate items are needed."""


class Ground(_Part):
    """A reason to refuse. `list` keeps the policy's lists apart; the fee stands beside them."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]?$")]
    list: Literal["statutory", "discretionary", "fee"]
    title: Sentence
    clause: Sentence
    law: str = ""
    questions: tuple[Question, ...]
    evidence: EvidenceRules
    approvers: tuple[Role, ...]
    """Each role has to approve once, by different people, none the proposer."""
    partial: Literal["yes", "rarely", "no"]
    neutral: Literal["always", "may", "never"] = "never"
    """Whether the notice uses the neutral sentence and others read "legal review" (no tipping off)."""
    review_days: Days = 0
    """A statutory ground's review date, in days from the decision; 0 for none."""
    offers: tuple[str, ...] = ()
    """What must have been offered before (fee, clarification, narrower request)."""
    plain_words: Sentence
    """The ground as the notice says it."""


class ConsentException(_Part):
    """One of the nine bases for collecting without consent (policy I.(3)): no reason to refuse anything."""

    number: Annotated[int, Field(ge=1, le=99)]
    title: Sentence
    needs_citation: bool = False


class RightRules(_Part):
    """What can be asked for (policy V)."""

    title: Sentence
    clause: Sentence
    warning: str = ""


class NoticeRules(_Part):
    """The letter that goes out. `template` and `neutral_sentence` are Jinja2, rendered in a sandbox, plain text."""

    subject: Sentence
    template: Sentence
    required: tuple[str, ...]
    """Parts that the rendered notice must hold; each is the name of a template variable."""
    neutral_sentence: Sentence
    complain_inside: Sentence
    complain_regulator: Sentence
    complain_court: Sentence
    outcome_words: dict[Literal["grant", "partial", "refuse", "fee"], str]


class UndertakingRules(_Part):
    """The confidentiality undertaking (policy IV.(1)2)."""

    version: Sentence
    valid_days: Annotated[int, Field(ge=1, le=3650)]
    text: Sentence
    clause: Sentence


class RevealRules(_Part):
    seconds: Annotated[int, Field(ge=5, le=300)]
    look_ups_per_hour: Count


class Texts(_Part):
    """Sentences the console itself says on the policy's behalf."""

    feedback_delayed: Sentence
    legal_review: Sentence
    third_parties: Sentence


class Pack(_Part):
    """One policy, whole."""

    meta: Meta
    kinds: dict[TicketKind, KindRules]
    fields: dict[ContactField, FieldRules]
    purposes: dict[Key, PurposeRules]
    matrix: tuple[MatrixRow, ...]
    reveal: RevealRules
    verification: VerificationRules
    clock: ClockRules
    rights: dict[Key, RightRules]
    grounds: tuple[Ground, ...]
    consent_exceptions: tuple[ConsentException, ...]
    notice: NoticeRules
    undertaking: UndertakingRules
    texts: Texts

    @model_validator(mode="after")
    def _references_hold(self) -> "Pack":
        problems = []
        for at, row in enumerate(self.matrix):
            if row.purpose not in self.purposes:
                problems.append(f"matrix.{at}.purpose: {row.purpose!r} is not among the purposes")
            problems += [
                f"matrix.{at}.fields: {f.value!r} has no entry in fields" for f in row.fields if f not in self.fields
            ]
        codes = [ground.code for ground in self.grounds]
        problems += [f"grounds: code {code} stands twice" for code in sorted(set(codes)) if codes.count(code) > 1]
        problems += [f"kinds: {kind.value} is missing" for kind in TicketKind if kind not in self.kinds]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def ground(self, code: str) -> Ground | None:
        """The ground of that code, if the pack has it."""
        return next((ground for ground in self.grounds if ground.code == code), None)

    def rows_for(self, kind: TicketKind) -> tuple[MatrixRow, ...]:
        """The matrix rows that speak of this kind of ticket."""
        return tuple(row for row in self.matrix if kind in row.kinds)
