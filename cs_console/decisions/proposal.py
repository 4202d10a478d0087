"""What is proposed for a rights request, and how it is kept: sealed; twice, and padded, where it must be hidden."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cs_console.custody.desk_keys import PRIVACY_OFFICE
from cs_console.custody.keyring import Keyring
from cs_console.custody.safe_views import open_typed
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys
from cs_console.policy.ground_rules import Ground
from cs_console.policy.schema import Pack
from models.enums import Outcome
from models.roles import Role

ANSWERS_BUCKET = 65_536
REASON_BUCKET = 8_192
"""What is hidden is filled up to a multiple of this many bytes, so that its size does not tell what it says."""


@dataclass(frozen=True)
class Answer:
    """What was answered to one question of the checklist, and when."""

    question: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Finding:
    """What was found on one ground: whether it applies, to which fields, on which answers and evidence.

    `offers` are the pack's offer keys that were made to the requester before. `used_as` names the list that the
    person took the ground from; it must be the ground's own.
    """

    ground: str
    applies: bool
    fields: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    evidence: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    used_as: str = ""


@dataclass(frozen=True)
class Fee:
    """A fee and the recorded cost it rests on. Amounts are decimals as text, like "12.50"."""

    amount: str
    currency: str
    items: tuple[tuple[str, str], ...]
    told_before: bool


@dataclass(frozen=True)
class AskedFor:
    """What a rights request asks for as an agent read it: a right of the pack, and of which fields and records."""

    right: str
    fields: tuple[str, ...]
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Proposal:
    """One answer to a rights request, assessed per field. `request` is a key of the pack's rights."""

    request: str
    outcome: Outcome
    granted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fee: Fee | None = None
    neutral: bool = False
    language: str = "en"

    @property
    def applying(self) -> tuple[Finding, ...]:
        """The findings whose ground applies."""
        return tuple(finding for finding in self.findings if finding.applies)


def applying_grounds(pack: Pack, proposal: Proposal) -> tuple[Ground, ...]:
    """The pack's grounds that the proposal applies; codes the pack does not have are left out."""
    found = (pack.ground(finding.ground) for finding in proposal.applying)
    return tuple(ground for ground in found if ground is not None)


def under_legal_review(pack: Pack, proposal: Proposal) -> bool:
    """Whether the grounds may be known to privacy officers only (POLICY.md, No tipping off)."""
    grounds = applying_grounds(pack, proposal)
    if any(ground.neutral == "always" for ground in grounds):
        return True
    return proposal.neutral and any(ground.neutral == "may" for ground in grounds)


def needed_roles(pack: Pack, proposal: Proposal) -> tuple[Role, ...]:
    """Who has to approve, each place by another person: the most that any one applying ground asks of a role.

    Under legal review at least the pack's common approvers, so that the roles do not tell which ground it is.
    """
    asked = [ground.approvers for ground in applying_grounds(pack, proposal)]
    if under_legal_review(pack, proposal):
        asked.insert(0, pack.legal_review.approvers)
    needed: Counter[Role] = Counter()
    for roles in asked:
        needed |= Counter(roles)
    return tuple(needed.elements())


def review_at(pack: Pack, proposal: Proposal, decided: datetime) -> datetime | None:
    """When a decision of that moment has to be looked at again, the soonest of its grounds; None for never.

    A ground with a review date that was answered to hold until some day is looked at again when that day begins, in the
    pack's time zone. Under legal review the days are the pack's own alone: no answer may tell which ground it is.
    """
    if under_legal_review(pack, proposal):
        days = pack.legal_review.review_days
        return decided + timedelta(days=days) if days else None
    moments: list[datetime] = []
    for finding in proposal.applying:
        ground = pack.ground(finding.ground)
        if ground is not None and ground.review_days:
            moments.append(decided + timedelta(days=ground.review_days))
            moments += _days_ahead(pack, ground, finding)
    return min(moments, default=None)


def answered_day(text: str) -> date | None:
    """The day that an answer names, as ISO 8601 writes it; None where it names none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _days_ahead(pack: Pack, ground: Ground, finding: Finding) -> Iterator[datetime]:
    """When the days begin until which the ground holds."""
    ahead = {question.id for question in ground.questions if question.ahead}
    for answer in finding.answers:
        day = answered_day(answer.text) if answer.question in ahead else None
        if day is not None:
            yield datetime.combine(day, time(), pack.clock.zone).astimezone(UTC)


def proposal_to_json(proposal: Proposal) -> str:
    """The proposal as one JSON object."""
    return json.dumps(asdict(proposal), ensure_ascii=False, default=_moment)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def proposal_from_json(text: str) -> Proposal:
    """The proposal again. Raises ValueError for anything that `proposal_to_json` did not write."""
    try:
        raw = json.loads(text)
        fee = raw["fee"]
        return Proposal(
            request=raw["request"],
            outcome=Outcome(raw["outcome"]),
            granted=tuple(raw["granted"]),
            findings=tuple(_finding(item) for item in raw["findings"]),
            fee=None if fee is None else replace(Fee(**fee), items=tuple((name, cost) for name, cost in fee["items"])),
            neutral=raw["neutral"],
            language=raw["language"],
        )
    except (KeyError, TypeError) as problem:
        raise ValueError("not a proposal") from problem


def _finding(raw: dict[str, Any]) -> Finding:
    answers = (Answer(a["question"], a["text"], datetime.fromisoformat(a["at"])) for a in raw["answers"])
    return Finding(
        ground=raw["ground"],
        applies=raw["applies"],
        fields=tuple(raw["fields"]),
        answers=tuple(answers),
        evidence=tuple(raw["evidence"]),
        offers=tuple(raw["offers"]),
        used_as=raw["used_as"],
    )


def seal_answers(keyring: Keyring, keys: TicketKeys, decision_id: str, proposal: Proposal, hidden: bool) -> bytes:
    """Seal a proposal for its decision. `hidden`: sealed again under the privacy office's key."""
    place = keys.place("decision", "answers", decision_id)
    return _seal_twice(keyring, keys.key, place, proposal_to_json(proposal), ANSWERS_BUCKET if hidden else 0)


def open_answers(keyring: Keyring, keys: TicketKeys, decision_id: str, sealed: bytes, hidden: bool) -> Proposal:
    """The proposal that was sealed, by the ticket's key; what is `hidden` may reach privacy officers only.

    Its text was redacted then; a person reads it through `with_typed` and `typed_words`. Raises SealBroken for a
    changed or moved value.
    """
    place = keys.place("decision", "answers", decision_id)
    return proposal_from_json(_open_twice(keyring, keys.key, place, sealed, hidden))


def seal_reason(keyring: Keyring, keys: TicketKeys, approval_id: str, reason: str, hidden: bool) -> bytes:
    """Seal why a proposal was returned, like its answers."""
    place = keys.place("approval", "reason", approval_id)
    return _seal_twice(keyring, keys.key, place, reason, REASON_BUCKET if hidden else 0)


def open_reason(keyring: Keyring, keys: TicketKeys, approval_id: str, sealed: bytes, hidden: bool) -> str:
    """Why a proposal was returned, as it was stored: a person reads it through `typed_words`. Raises SealBroken."""
    place = keys.place("approval", "reason", approval_id)
    return _open_twice(keyring, keys.key, place, sealed, hidden)


def _seal_twice(keyring: Keyring, key: bytes, place: Place, text: str, bucket: int) -> bytes:
    """Seal under the ticket's key; with a bucket pad first, and seal again under the privacy office's key."""
    data = text.encode("utf-8", "surrogatepass")
    if not bucket:
        return seal(key, place, data)
    inner = seal(key, place, data + b" " * (-len(data) % bucket))
    outer = replace(place, owner=f"desk:{PRIVACY_OFFICE}")
    return seal(keyring.desk_key(PRIVACY_OFFICE), outer, base64.b64encode(inner))


def _open_twice(keyring: Keyring, key: bytes, place: Place, sealed: bytes, hidden: bool) -> str:
    if hidden:
        outer = replace(place, owner=f"desk:{PRIVACY_OFFICE}")
        sealed = base64.b64decode(open_typed(keyring.desk_key(PRIVACY_OFFICE), outer, sealed))
    return open_typed(key, place, sealed).rstrip(" ")
