"""What a policy pack holds. Everything a clause decides is a value here, never an `if` in code."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from cs_console.local_time import date_words
from cs_console.policy.citations import in_words
from cs_console.policy.clock_rules import ClockRules
from cs_console.policy.ground_rules import (
    ChecklistRules,
    ConsentException,
    FeeRules,
    Ground,
    LegalReviewRules,
    RightRules,
)
from cs_console.policy.keeping_rules import ErasureRules, RetentionRules
from cs_console.policy.languages import Layer, layer_problems
from cs_console.policy.minors_rules import MinorsRules
from cs_console.policy.notice_rules import NoticeRules
from cs_console.policy.parts import Count, Days, Key, Language, Part, Said, Sentence, nearest
from cs_console.policy.reply_rules import ReplyRules
from cs_console.policy.verification_rules import VerificationRules
from cs_console.policy.view_rules import MOST_VIEWS, ViewRules
from cs_console.policy.workflow_rules import SettlingRules, WorkflowRules, broken_workflows
from models.contact_fields import Field as ContactField
from models.enums import AuthoritySort, Outcome, TicketKind, VerificationMethod


def _real_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        words = f"{text!r} is not a calendar day like 2026-11-30"
        raise PydanticCustomError("no_day", "{words}", {"words": words}) from None
    return text


class Meta(Part):
    """Which policy this is. A ticket pins `id` and `version` as "id-version"."""

    id: Key
    version: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}(\.[0-9]+)?$")]
    title: Said
    effective: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_real_day)]
    contact: Said
    language: Language = "en"
    """What the pack's own texts are written in, and what requesters read whose language it does not have."""
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Default region for phone numbers (ISO 3166)."""
    more_regions: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """Further regions whose national phone formats are looked for in free text."""

    @property
    def name(self) -> str:
        return f"{self.id}-{self.version}"

    @property
    def called(self) -> str:
        """What people call it: its title and the day it took effect."""
        return f"{self.title} of {date_words(date.fromisoformat(self.effective))}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region whose phone formats are looked for in free text, the default one first."""
        return (self.region, *self.more_regions)


class KindRules(Part):
    """One kind of ticket: its name, how intake guesses it, its purposes and timers (policy I.(1)3)."""

    title: Said
    clause: Sentence
    mailboxes: tuple[str, ...] = ()
    """Local parts of our own addresses whose mail is of this kind."""
    words: tuple[str, ...] = ()
    """Words in subject or body that suggest this kind, casefolded, any language."""
    first_response_working_days: Days
    needs_decision: bool = False
    """Whether it ends with the checklist (rights requests)."""
    workflow: WorkflowRules | None = None
    """How a ticket of another kind is settled."""


class FieldRules(Part):
    """One contact field: what it is called and whether it is sensitive (policy I, intro)."""

    title: Said
    sensitive: bool


class PurposeRules(Part):
    """A reason to see a field."""

    title: Sentence
    clause: Sentence


class MatrixRow(Part):
    """These fields may be seen on tickets of these kinds for this purpose."""

    kinds: tuple[TicketKind, ...]
    purpose: Key
    fields: tuple[ContactField, ...]
    verified: bool = True
    """Whether a verification window must be open."""


class UndertakingRules(Part):
    """The confidentiality undertaking (policy IV.(1)2)."""

    version: Sentence
    valid_days: Annotated[int, Field(ge=1, le=3650)]
    text: Sentence
    clause: Sentence


class RevealRules(Part):
    seconds: Annotated[int, Field(ge=5, le=300)]
    look_ups_per_hour: Count


class Texts(Part):
    """Sentences the console itself says on the policy's behalf."""

    feedback_delayed: Sentence
    legal_review: Sentence


class Pack(Part):
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
    minors: MinorsRules | None = None
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
    settling: SettlingRules | None = None
    replies: ReplyRules = ReplyRules()
    undertaking: UndertakingRules
    texts: Texts
    sections: dict[Annotated[str, Field(pattern=r"^[IVXLC]+$")], Sentence] = {}
    """What the parts of the policy are called, by their numbers: `V = "Your rights"`."""
    views: Annotated[tuple[ViewRules, ...], Field(max_length=MOST_VIEWS)] = ()
    """Views of the queue, in the order of their number keys."""
    languages: dict[Language, Layer] = {}
    """What requesters read, in further languages: a layer of words over each text that is theirs to read."""

    @model_validator(mode="after")
    def _references_hold(self) -> "Pack":
        problems = tuple(_broken_references(self)) or tuple(_broken_languages(self))
        if problems:
            raise BrokenReferences(problems)
        return self

    def ground(self, code: str) -> Ground | None:
        """The ground of that code, if the pack has it."""
        return next((ground for ground in self.grounds if ground.code == code), None)

    def cited(self, clause: str) -> str:
        """A clause as people speak of it: "V.4" is "Your rights, section 4". What has no title stays as it is cited."""
        return in_words(self.sections, clause)

    def title_of(self, field: ContactField) -> str:
        """What people call this field."""
        return self.fields[field].title if field in self.fields else field.value

    def rows_for(self, kind: TicketKind) -> tuple[MatrixRow, ...]:
        """The matrix rows that speak of this kind of ticket."""
        return tuple(row for row in self.matrix if kind in row.kinds)


def pack_from(values: dict[str, Any]) -> Pack:
    """The pack of a TOML file's values. Types are strict: "2" is not a number, "yes" is not a boolean.

    Raises pydantic's ValidationError.
    """
    # pydantic's strict mode for JSON is that of TOML too: tables, lists, texts, numbers and truths, and whole numbers
    # where broken ones may stand; its strict mode for Python's values wants tuples and enums
    return Pack.model_validate_json(json.dumps(values, default=_moment), strict=True)


def _moment(value: object) -> dict[str, str]:
    """TOML's own dates and times, which no key of a pack takes: written so that none takes it for a text."""
    if isinstance(value, date | datetime | time):
        return {"a date or time of TOML": value.isoformat()}
    raise TypeError(type(value).__name__)


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
    if pack.minors and AuthoritySort.GUARDIAN not in pack.verification.authority:
        for at, band in enumerate(pack.minors.bands):
            if band.guardian_required:
                yield ("minors", "bands", at, "guardian_required"), "needs verification.authority.guardian"
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
    workflows = {kind: rules.workflow for kind, rules in pack.kinds.items() if rules.workflow is not None}
    yield from broken_workflows(
        workflows, frozenset(kind for kind, rules in pack.kinds.items() if rules.needs_decision)
    )
    if pack.settling is None and any(one.told for rules in workflows.values() for one in rules.outcomes.values()):
        yield ("settling",), "is missing, but workflows send letters about the outcome"
    names = [view.name.casefold() for view in pack.views]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield ("views", at, "name"), f"{pack.views[at].name!r} occurs twice"
    seen: set[str] = set()
    for at, ground in enumerate(pack.grounds):
        if ground.code in seen:
            yield ("grounds", at, "code"), f"{ground.code!r} occurs twice"
        seen.add(ground.code)
        yield from _broken_ground(pack, at, ground)


def _broken_languages(pack: Pack) -> Iterator[Located]:
    for language, layer in pack.languages.items():
        if language == pack.meta.language:
            yield ("languages", language), "is the pack's own language"
        for path, what in layer_problems(pack, layer):
            yield ("languages", language, *path), what


def _broken_ground(pack: Pack, at: int, ground: Ground) -> Iterator[Located]:
    ids = [question.id for question in ground.questions]
    for place, question in enumerate(ids):
        if question in ids[:place]:
            yield ("grounds", at, "questions", place, "id"), f"{question!r} occurs twice"
    for place, offer in enumerate(ground.offers):
        if offer not in pack.offers:
            yield ("grounds", at, "offers", place), f"{offer!r} is not among the offers{nearest(offer, pack.offers)}"
    for place, right in enumerate(ground.rights):
        if right not in pack.rights:
            yield ("grounds", at, "rights", place), f"{right!r} is not among the rights{nearest(right, pack.rights)}"
    if not ground.approvers:
        yield ("grounds", at, "approvers"), "no role has to approve it"
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
