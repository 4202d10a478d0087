"""What is wrong with a proposal: the pack's checklist applied to it, problem by problem, without any store."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from cs_console.decisions.proposal import Answer, AskedFor, Fee, Finding, Proposal, answered_day
from cs_console.errors import (
    AskedDiffers,
    AskedMissing,
    ChecklistIncomplete,
    ConsoleError,
    FeeUnreasonable,
    GroundKind,
    WrongList,
)
from cs_console.policy.ground_rules import Ground, Question
from cs_console.policy.parts import nearest
from cs_console.policy.schema import Pack
from models.enums import Outcome

EVIDENCE_MOST = 20
_EXCEPTION = re.compile(r"^\W*(?:exception|basis|e|i\W*\(3\))?\W*([0-9]{1,2})\W*$", re.IGNORECASE)
_AMOUNT = re.compile(r"^[0-9]{1,9}(\.[0-9]{1,2})?$")
_TICKET = re.compile(r"^#?[0-9]{1,9}$")
_AHEAD = timedelta(minutes=5)
"""How far two machines' clocks may differ before an answer counts as given in the future."""


@dataclass(frozen=True)
class Problem:
    """One thing that blocks the decision, and the refusal that it is."""

    refusal: type[ConsoleError]
    text: str


def problems(pack: Pack, proposal: Proposal, now: datetime) -> Iterator[Problem]:
    """Everything that blocks this proposal: wrong lists first, then what is empty, contradictory or stale."""
    yield from shape_problems(pack, proposal)
    yield from _outcome_problems(pack, proposal)
    for finding in proposal.applying:
        ground = pack.ground(finding.ground)
        if ground is not None:
            yield from _finding_problems(pack, proposal, finding, ground)
            yield from _answer_problems(pack, finding, ground, now)
    yield from _fee_problems(pack, proposal)


def asked_problems(pack: Pack, proposal: Proposal, asked: AskedFor | None) -> Iterator[Problem]:
    """Where the proposal does not answer what is on record as asked: each field of it granted, or under a ground."""
    if asked is None:
        yield Problem(AskedMissing, "What the requester asks is not on record yet.")
        return
    if proposal.request != asked.right:
        title = pack.rights[asked.right].title if asked.right in pack.rights else asked.right
        yield Problem(AskedDiffers, f"A different request is on record: {title}.")
    covered = {field for finding in proposal.applying for field in finding.fields if _refuses(pack, finding)}
    answered = covered | set(proposal.granted)
    for words, fields in (
        ("Asked for, but neither granted nor under a ground", set(asked.fields) - answered),
        ("Granted, but not asked for", set(proposal.granted) - set(asked.fields)),
        ("Under a ground, but not asked for", covered - set(proposal.granted) - set(asked.fields)),
    ):
        if fields:
            yield Problem(AskedDiffers, f"{words}: {', '.join(_title(pack, key) for key in sorted(fields))}.")


def _refuses(pack: Pack, finding: Finding) -> bool:
    ground = pack.ground(finding.ground)
    return ground is not None and ground.list != "fee"


def _title(pack: Pack, key: str) -> str:
    titles = {field.value: rules.title for field, rules in pack.fields.items()}
    return titles.get(key) or (pack.records[key].title if key in pack.records else key)


def refuse_first(found: Iterator[Problem]) -> None:
    """Raise the first problem as its refusal, if there is one."""
    first = next(found, None)
    if first is not None:
        raise first.refusal(first.text, "Go back to the checklist and correct it.")


def shape_problems(pack: Pack, proposal: Proposal) -> Iterator[Problem]:
    """Names that the pack does not have, or has on another list (policy V.4, I.(3))."""
    for finding in proposal.findings:
        yield from _list_problems(pack, finding)
        yield from _right_problems(pack, proposal.request, finding)
    if proposal.request not in pack.rights:
        yield _incomplete("Say what was asked for.")
    codes = [finding.ground for finding in proposal.findings]
    for code in dict.fromkeys(codes):
        if codes.count(code) > 1:
            yield _incomplete(f"{code} is answered twice.")
    known = {field.value for field in pack.fields} | set(pack.records)
    for name in (*proposal.granted, *(field for finding in proposal.findings for field in finding.fields)):
        if name not in known:
            yield _incomplete(f"{name!r} is not among the pack's fields and records{nearest(name, known)}.")


def _list_problems(pack: Pack, finding: Finding) -> Iterator[Problem]:
    ground = pack.ground(finding.ground)
    if ground is None:
        exception = _EXCEPTION.match(finding.ground)
        if exception and int(exception[1]) in {item.number for item in pack.consent_exceptions}:
            words = f"({exception[1]}) is a basis for collecting without consent, not a reason to refuse."
            yield Problem(WrongList, words)
        else:
            yield _incomplete(f"{finding.ground!r} is not a ground of {pack.meta.title}.")
        return
    if finding.used_as not in {"", ground.list}:
        yield Problem(GroundKind, f"{ground.title} is a {ground.list} ground and cannot be used as {finding.used_as}.")
    if finding.offers and not ground.offers:
        words = f"{ground.title} is a {ground.list} ground: it depends on no offer, as a discretionary one does."
        yield Problem(GroundKind, words)
    own = {question.id for question in ground.questions}
    elsewhere = {q.id for other in pack.grounds if other.list != ground.list for q in other.questions} - own
    for answer in finding.answers:
        if answer.question in elsewhere:
            words = f"{ground.title} is a {ground.list} ground; {answer.question!r} is asked for another kind."
            yield Problem(GroundKind, words)


def _right_problems(pack: Pack, request: str, finding: Finding) -> Iterator[Problem]:
    ground = pack.ground(finding.ground)
    if ground is None or not finding.applies or not ground.rights or request in ground.rights:
        return
    titles = " or ".join(pack.rights[right].title for right in ground.rights)
    yield Problem(GroundKind, f"{ground.title} can only be used against: {titles}.")


def _outcome_problems(pack: Pack, proposal: Proposal) -> Iterator[Problem]:
    grounds = [pack.ground(finding.ground) for finding in proposal.applying]
    refusing = any(ground is not None and ground.list != "fee" for ground in grounds)
    outcome, granted = proposal.outcome, bool(proposal.granted)
    if outcome is Outcome.REFUSE and granted:
        yield _incomplete("A refusal cannot grant fields; choose partial.")
    if outcome is not Outcome.REFUSE and not granted:
        yield _incomplete(f"Name the fields that are granted, or choose another outcome than {outcome.value}.")
    if outcome in {Outcome.REFUSE, Outcome.PARTIAL} and not refusing:
        yield _incomplete(f"No ground applies, but the outcome is {outcome.value}.")
    if outcome in {Outcome.GRANT, Outcome.FEE} and refusing:
        yield _incomplete(f"A ground applies, but the outcome is {outcome.value}.")
    if outcome in {Outcome.GRANT, Outcome.REFUSE} and proposal.fee is not None:
        yield _incomplete(f"There is a fee, but the outcome is {outcome.value}.")
    if proposal.neutral and not any(ground is not None and ground.neutral != "never" for ground in grounds):
        yield _incomplete("The neutral sentence is for legal review only; no ground here allows it.")
    if len(set(proposal.granted)) < len(proposal.granted):
        yield _incomplete("A field is granted twice.")
    for finding in proposal.findings:
        if finding.fields and not finding.applies:
            yield _incomplete(f"{finding.ground} does not apply, but fields are named for it.")


def _finding_problems(pack: Pack, proposal: Proposal, finding: Finding, ground: Ground) -> Iterator[Problem]:
    both = set(finding.fields) & set(proposal.granted)
    if ground.list == "fee":
        if set(finding.fields) - both:
            yield Problem(GroundKind, f"{ground.title} is for fees; it is not a reason to refuse a field.")
    elif both:
        titles = ", ".join(_title(pack, key) for key in sorted(both))
        yield _incomplete(f"{ground.title} covers fields that are also granted: {titles}.")
    elif not finding.fields:
        yield _incomplete(f"{ground.title} applies: say to which fields.")
    if ground.partial == "always" and not proposal.granted:
        yield _incomplete(f"{ground.title} never covers the whole request. {ground.partial_words}".rstrip())
    if ground.partial == "no" and proposal.granted:
        yield _incomplete(f"{ground.title} covers either the whole request or none of it.")
    if ground.offers and not finding.offers:
        offers = " or ".join(pack.offers[key][:1].lower() + pack.offers[key][1:] for key in ground.offers)
        yield _incomplete(f"{ground.title} needs an offer first: {offers}.")
    for key in finding.offers:
        if ground.offers and key not in ground.offers:
            yield _incomplete(f"{key!r} is not an offer for {ground.title}.")
    yield from _evidence_problems(pack, finding, ground)


def _evidence_problems(pack: Pack, finding: Finding, ground: Ground) -> Iterator[Problem]:
    rules = ground.evidence
    items = {" ".join(item.casefold().split()) for item in finding.evidence if not _is_empty(pack, item)}
    if len(items) < rules.items:
        count = "" if rules.items == 1 else f" ({rules.items} different items)"
        yield _incomplete(f"{ground.title}: evidence is missing: {rules.text[:1].lower()}{rules.text[1:]}{count}.")
    if len(finding.evidence) > EVIDENCE_MOST or any(len(i) > pack.checklist.answer_limit for i in finding.evidence):
        yield _incomplete(f"{ground.title}: the evidence is too long. Name it here and keep it elsewhere.")
    if rules.kind == "tickets" and any(not _TICKET.match(item.strip()) for item in finding.evidence):
        yield _incomplete(f"{ground.title}: evidence must be ticket numbers, one per item.")


def _answer_problems(pack: Pack, finding: Finding, ground: Ground, now: datetime) -> Iterator[Problem]:
    given: dict[str, Answer] = {}
    own = {question.id for question in ground.questions}
    for answer in finding.answers:
        if answer.question not in own:
            yield _incomplete(f"{ground.title} does not ask {answer.question!r}{nearest(answer.question, own)}.")
        if answer.question in given:
            yield _incomplete(f"{ground.title}: {answer.question!r} is answered twice.")
        given[answer.question] = answer
    for question in ground.questions:
        found = given.get(question.id)
        words = f'{ground.title}, "{question.text}"'
        if found is None or _is_empty(pack, found.text):
            yield _incomplete(f"{words} has no answer.")
            continue
        if len(found.text) > pack.checklist.answer_limit:
            yield _incomplete(f"The answer to {words} is too long.")
        wrong = _wrong_answer(pack, question, found.text, now)
        if wrong:
            yield _incomplete(f"{words} {wrong}.")
        stale = stale_answer(question, found, now)
        if stale:
            yield _incomplete(f"{words} {stale}.")


def _wrong_answer(pack: Pack, question: Question, text: str, now: datetime) -> str:
    said = _plain_word(pack, text)
    if said in question.contradicts:
        return f"is answered {said!r}, which contradicts that the ground applies"
    if question.kind == "yes_no" and said not in {"yes", "no"}:
        return "needs yes or no"
    if question.kind == "date":
        if answered_day(text) is None:
            return "needs a date like 2026-11-30"
        if _has_come(pack, question, text, now):
            return "needs a day in the future"
    return ""


def _has_come(pack: Pack, question: Question, text: str, now: datetime) -> bool:
    """Whether an answer names a day that had to be still to come, and is not any more."""
    day = answered_day(text) if question.ahead else None
    return day is not None and day <= now.astimezone(pack.clock.zone).date()


def stale_answer(question: Question, answer: Answer, now: datetime) -> str:
    """Why an answer cannot be used any more (or yet), empty when it can."""
    if answer.at.tzinfo is None or answer.at > now + _AHEAD:
        return "is answered in the future"
    if question.stale_days and now - answer.at > timedelta(days=question.stale_days):
        return f"was answered more than {question.stale_days} days ago"
    return ""


def stale_problems(pack: Pack, proposal: Proposal, now: datetime) -> Iterator[Problem]:
    """Answers that have gone stale since the proposal was made."""
    for finding in proposal.applying:
        ground = pack.ground(finding.ground)
        if ground is None:
            continue
        questions = {question.id: question for question in ground.questions}
        for answer in finding.answers:
            question = questions.get(answer.question)
            if question is None:
                continue
            stale = stale_answer(question, answer, now)
            if not stale and _has_come(pack, question, answer.text, now):
                stale = "names a day that has passed since"
            if stale:
                yield _incomplete(f'{ground.title}, "{question.text}" {stale}.')


def _fee_problems(pack: Pack, proposal: Proposal) -> Iterator[Problem]:
    fee = proposal.fee
    asked = any(ground.list == "fee" for f in proposal.applying if (ground := pack.ground(f.ground)) is not None)
    if fee is None:
        if asked or proposal.outcome is Outcome.FEE:
            yield _incomplete(f"Record the fee and its cost{_where_the_fee_stands(pack)}.")
        return
    if not asked:
        yield _incomplete(f"A fee needs its own ground{_where_the_fee_stands(pack)}.")
    if fee.currency != pack.fee.currency:
        yield _incomplete(f"The fee has to be in {pack.fee.currency}.")
    if not fee.told_before:
        yield _incomplete("The requester must be informed of the fee before it is decided.")
    yield from _amount_problems(pack, fee)


def _where_the_fee_stands(pack: Pack) -> str:
    """Where on the checklist a fee is recorded."""
    titles = " or ".join(f'"{ground.title}"' for ground in pack.grounds if ground.list == "fee")
    return f": under Grounds, {titles} must apply" if titles else "; this policy has no ground for one"


def _amount_problems(pack: Pack, fee: Fee) -> Iterator[Problem]:
    amount = _decimal(fee.amount)
    costs = [_decimal(cost) for _, cost in fee.items]
    if amount is None or amount == 0:
        yield _incomplete("The fee needs an amount like 12.50.")
    if not fee.items or len(fee.items) > EVIDENCE_MOST or any(_is_empty(pack, name) for name, _ in fee.items):
        yield _incomplete('List the cost item by item: write "item: cost", one per line.')
    if any(len(name) > pack.checklist.answer_limit for name, _ in fee.items):
        yield _incomplete("The name of a cost item is too long.")
    if None in costs:
        yield _incomplete('A cost item has no amount like 12.50: write "item: cost", one per line.')
    elif amount is not None and amount > sum(cost for cost in costs if cost is not None):
        yield Problem(
            FeeUnreasonable,
            f"The fee of {fee.amount} is higher than the recorded cost ({pack.cited(pack.fee.clause)}).",
        )


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if _AMOUNT.match(text) else None
    except InvalidOperation:
        return None


def _is_empty(pack: Pack, text: str) -> bool:
    return pack.checklist.says_nothing(text)


def _plain_word(pack: Pack, text: str) -> str:
    return pack.checklist.plain_word(text)


def _incomplete(text: str) -> Problem:
    return Problem(ChecklistIncomplete, text)
