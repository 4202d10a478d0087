"""What a policy pack holds. Everything a clause decides is a value here, never an `if` in code."""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.enums import Field as ContactField
from models.enums import Outcome, Role, TicketKind, VerificationMethod

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

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region whose phone formats are looked for in free text, the default one first."""
        return (self.region, *self.more_regions)


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
    starts: Annotated[tuple[Literal["received", "verified"], ...], Field(min_length=1)]
    due_soon_days: Days
    clause: Sentence
    explained: Sentence
    working_days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (1, 2, 3, 4, 5)
    """The days of the week that count for a first response, Monday is 1 (policy IX, "promptly")."""
    first_response_clause: Sentence


class ChecklistRules(_Part):
    """What counts as an answer on the checklist."""

    empty_words: tuple[str, ...]
    """Fillers that are no answer, casefolded: "-", "n/a"."""
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    answer_limit: Annotated[int, Field(ge=100, le=20_000)]
    """Characters at most in one answer or one item of evidence."""


class LegalReviewRules(_Part):
    """What every decision that others may only know as "legal review" has in common, so that nothing tells which."""

    approvers: tuple[Role, ...]
    review_days: Days
    waits_days: Days
    """A proposal that waited longer for its approvals has to be made again, whichever ground it is."""


class FeeRules(_Part):
    """A fee for repeated or excessive requests (policy V.4)."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    clause: Sentence
    keeps_open: bool
    """Whether the ticket waits for the payment instead of being closed."""


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
    kind: Literal["text", "tickets"] = "text"
    """`tickets`: each item is the number of an earlier ticket of the same requester."""


class Ground(_Part):
    """A reason to refuse. `list` keeps the policy's lists apart; the fee stands beside them."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]?$")]
    list: Literal["statutory", "discretionary", "fee"]
    title: Sentence
    clause: Sentence
    law: Sentence
    questions: tuple[Question, ...]
    evidence: EvidenceRules
    approvers: tuple[Role, ...]
    """Each role has to approve once, by different people, none the proposer."""
    partial: Literal["always", "yes", "rarely", "no"]
    """Whether it can cover a part only; `always`: never the whole request, `no`: never a part of it."""
    partial_words: str = ""
    """Which part it covers, for the person at the checklist."""
    neutral: Literal["always", "may", "never"] = "never"
    """Whether the notice uses the neutral sentence and others read "legal review" (no tipping off)."""
    review_days: Days = 0
    """A statutory ground's review date, in days from the decision; 0 for none."""
    offers: tuple[str, ...] = ()
    """Keys of `offers`; one of them must have been made before this ground is used."""
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
    erases: bool = False
    """Whether granting it, whole, is a reason to erase everything of the requester's."""


class ErasureRules(_Part):
    """Who confirms that a requester's data is erased (policy I.(4)2)."""

    clause: Sentence
    approvers: Annotated[tuple[Role, ...], Field(min_length=1)]
    """One of these roles says yes, and never the person who proposed it."""


class HoldReason(_Part):
    """One of the listed reasons to keep data past its time (policy IV.(2)3)."""

    title: Sentence
    longest_days: Annotated[int, Field(ge=1, le=3650)]


class RetentionRules(_Part):
    """How long data is kept, and what may extend that (policy IV.(2)3)."""

    clause: Sentence
    days: dict[TicketKind, Annotated[int, Field(ge=1, le=36500)]]
    """Days after a ticket of this kind was closed."""
    held_by: Role
    """Who may place and lift a hold."""
    holds: Annotated[dict[Key, HoldReason], Field(min_length=1)]


NoticePart = Literal[
    "ticket",
    "received",
    "verified",
    "asked",
    "outcome",
    "granted",
    "refused",
    "ground",
    "clause",
    "law",
    "fee",
    "warning",
    "complain_inside",
    "complain_regulator",
    "complain_court",
    "date",
    "contact",
    "policy",
    "policy_version",
]
"""The variables of a notice's template."""


class NoticeRules(_Part):
    """The letter that goes out. `template` and `neutral_sentence` are Jinja2, rendered in a sandbox, plain text."""

    subject: Sentence
    template: Sentence
    required: tuple[NoticePart, ...]
    """Parts that the rendered notice must hold wherever they have something to say."""
    neutral_sentence: Sentence
    """Stands for outcome reasons and ground where they must not be known: the same words whatever the ground."""
    neutral_outcome: Sentence
    neutral_clause: Sentence
    neutral_law: Sentence
    complain_inside: Sentence
    complain_regulator: Sentence
    complain_court: Sentence
    outcome_words: dict[Literal["grant", "partial", "refuse", "fee"], Sentence]


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
    records: dict[Key, FieldRules]
    """What else a rights request can be about, beside the contact fields."""
    purposes: dict[Key, PurposeRules]
    matrix: tuple[MatrixRow, ...]
    reveal: RevealRules
    verification: VerificationRules
    clock: ClockRules
    rights: dict[Key, RightRules]
    checklist: ChecklistRules
    offers: dict[Key, Sentence]
    legal_review: LegalReviewRules
    fee: FeeRules
    erasure: ErasureRules
    retention: RetentionRules
    grounds: tuple[Ground, ...]
    consent_exceptions: tuple[ConsentException, ...]
    notice: NoticeRules
    undertaking: UndertakingRules
    texts: Texts

    @model_validator(mode="after")
    def _references_hold(self) -> "Pack":
        problems = tuple(_broken_references(self))
        if problems:
            raise BrokenReferences(problems)
        return self

    def ground(self, code: str) -> Ground | None:
        """The ground of that code, if the pack has it."""
        return next((ground for ground in self.grounds if ground.code == code), None)

    def rows_for(self, kind: TicketKind) -> tuple[MatrixRow, ...]:
        """The matrix rows that speak of this kind of ticket."""
        return tuple(row for row in self.matrix if kind in row.kinds)


Located = tuple[tuple[str | int, ...], str]
"""Where in the pack (keys and places in lists), and what is wrong there."""


class BrokenReferences(ValueError):
    """Parts of a pack that do not fit together, each with its place."""

    def __init__(self, problems: tuple[Located, ...]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, place))}: {what}" for place, what in problems))
        self.problems = problems


def _broken_references(pack: Pack) -> Iterator[Located]:
    for kind in TicketKind:
        if kind not in pack.kinds:
            yield ("kinds",), f"{kind.value!r} is missing"
        if kind not in pack.retention.days:
            yield ("retention", "days"), f"{kind.value!r} is missing"
    for method in VerificationMethod:
        if method not in pack.verification.methods:
            yield ("verification", "methods"), f"{method.value!r} is missing"
    for outcome in Outcome:
        if outcome.value not in pack.notice.outcome_words:
            yield ("notice", "outcome_words"), f"{outcome.value!r} is missing"
    for at, row in enumerate(pack.matrix):
        if row.purpose not in pack.purposes:
            yield (
                ("matrix", at, "purpose"),
                f"{row.purpose!r} is not among the purposes{nearest(row.purpose, pack.purposes)}",
            )
        for place, field in enumerate(row.fields):
            if field not in pack.fields:
                yield ("matrix", at, "fields", place), f"{field.value!r} has no entry in fields"
    for key in pack.records:
        if key in pack.fields:
            yield ("records", key), "is among the fields already"
    seen: set[str] = set()
    for at, ground in enumerate(pack.grounds):
        if ground.code in seen:
            yield ("grounds", at, "code"), f"{ground.code!r} stands twice"
        seen.add(ground.code)
        yield from _broken_ground(pack, at, ground)


def _broken_ground(pack: Pack, at: int, ground: Ground) -> Iterator[Located]:
    ids = [question.id for question in ground.questions]
    for place, question in enumerate(ids):
        if question in ids[:place]:
            yield ("grounds", at, "questions", place, "id"), f"{question!r} stands twice"
    for place, offer in enumerate(ground.offers):
        if offer not in pack.offers:
            yield ("grounds", at, "offers", place), f"{offer!r} is not among the offers{nearest(offer, pack.offers)}"
    if not ground.approvers:
        yield ("grounds", at, "approvers"), "nobody has to approve it"
    if ground.list == "discretionary" and not ground.offers:
        yield ("grounds", at, "offers"), "a discretionary ground needs something to offer first"
    if ground.list == "statutory" and not ground.review_days:
        yield ("grounds", at, "review_days"), "a statutory ground needs a review date"
    if ground.neutral == "always" and ground.review_days != pack.legal_review.review_days:
        yield ("grounds", at, "review_days"), "differs from legal_review.review_days and would tell which ground it is"
    if ground.neutral == "always" and sorted(ground.approvers) != sorted(pack.legal_review.approvers):
        yield ("grounds", at, "approvers"), "differ from legal_review.approvers and would tell which ground it is"
    if ground.neutral == "may" and not Counter(ground.approvers) <= Counter(pack.legal_review.approvers):
        yield ("grounds", at, "approvers"), "are more than legal_review.approvers and would tell which ground it is"


def nearest(typed: str, known: Iterable[str]) -> str:
    """ " (did you mean ...?)" when something known is close to what was typed, else nothing."""
    close = get_close_matches(typed, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
