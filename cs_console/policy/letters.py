"""A pack's letters tried out: a notice for every right, outcome and ground, and the short texts, in one language."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cs_console.decisions.notice import NoticeFacts, make_notice, written_date
from cs_console.decisions.proposal import Fee, Finding, Proposal
from cs_console.errors import NoticeIncomplete
from cs_console.policy.ground_rules import Ground
from cs_console.policy.languages import in_language
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render
from cs_console.policy.toml_lines import Place
from models.enums import Outcome

_RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
_FACTS = NoticeFacts(10_482, _RECEIVED, _RECEIVED + timedelta(days=1), _RECEIVED + timedelta(days=2), "somebody else")
_PARTS = {
    "code": "00000000",
    "minutes": "10",
    "days": "30",
    "ticket": "10482",
    "received": "1 January 2026",
    "due": "1 March 2026",
    "reason": "the reason",
    "contact": "the contact",
}


def letter_problems(pack: Pack, language: str) -> Iterator[tuple[Place, str]]:
    """What keeps this pack from answering in that language, each problem once, with its place in the pack."""
    layer: Place = () if language == pack.meta.language else ("languages", language)
    said: set[str] = set()
    for place, trial in _trials(pack, language):
        try:
            make_notice(pack, _FACTS, trial)
        except NoticeIncomplete as problem:
            if problem.sentence not in said:
                said.add(problem.sentence)
                yield _own_place(pack, layer, place), _words(problem)
    spoken = in_language(pack, language)
    texts: tuple[tuple[Place, str, str], ...] = (
        (("notice", "subject"), spoken.notice.subject, "ticket"),
        (("verification", "code", "text"), spoken.verification.code.text, "code"),
        (("verification", "code", "told_text"), spoken.verification.code.told_text, ""),
    )
    for place, template, needed in (*texts, *_clock_texts(spoken), *_closing_letters(spoken)):
        try:
            filled = render(template, _PARTS)
        except NoticeIncomplete as problem:
            yield (*layer, *place), _words(problem)
            continue
        if needed and _PARTS[needed] not in filled:
            yield (*layer, *place), f"does not hold {{{{ {needed} }}}}"
    yield from _date_problems(spoken, layer)
    for place, words in _settling_problems(spoken):
        yield (*layer, *place), words


def _clock_texts(spoken: Pack) -> Iterator[tuple[Place, str, str]]:
    """What the clock has requesters told: place, template, and what it has to hold."""
    if spoken.clock.identity_text:
        yield ("clock", "identity_text"), spoken.clock.identity_text, "ticket"
    if spoken.clock.extension is not None:
        for needed in ("reason", "due"):
            yield ("clock", "extension", "text"), spoken.clock.extension.text, needed


def _closing_letters(spoken: Pack) -> Iterator[tuple[Place, str, str]]:
    """What is written about a request whose requester is never verified."""
    rules = spoken.verification.closure
    for name, letter in (("reminder", rules.reminder), ("closed", rules.closed)) if rules else ():
        yield ("verification", "closure", name, "subject"), letter.subject, "ticket"
        yield ("verification", "closure", name, "text"), letter.text, "ticket"


def _trials(pack: Pack, language: str) -> Iterator[tuple[Place, Proposal]]:
    field = next(iter(pack.fields)).value
    other = next(iter(pack.records), field)
    for right in pack.rights:
        yield ("notice", "template"), Proposal(right, Outcome.GRANT, (field,), language=language)
    for at, ground in enumerate(pack.grounds):
        for right in ground.rights or pack.rights:
            for trial in _on_ground(pack, ground, right, (field, other), language):
                yield ("grounds", at), trial


def _on_ground(pack: Pack, ground: Ground, right: str, about: tuple[str, str], language: str) -> Iterator[Proposal]:
    """Every shape of answer that this ground can take."""
    field, other = about
    if ground.list == "fee":
        fee = Fee("1.00", pack.fee.currency, (("copying", "1.00"),), told_before=True)
        yield Proposal(right, Outcome.FEE, (other,), (Finding(ground.code, True),), fee, language=language)
        return
    found = (Finding(ground.code, True, (field,)),)
    if ground.partial != "no":
        yield Proposal(right, Outcome.PARTIAL, (other,), found, language=language)
    if ground.partial != "always":
        yield Proposal(right, Outcome.REFUSE, (), found, language=language)
    if ground.neutral == "may":
        yield Proposal(right, Outcome.REFUSE, (), found, neutral=True, language=language)


def _settling_problems(pack: Pack) -> Iterator[tuple[Place, str]]:
    """What only shows when the letters are made that say how a ticket was settled."""
    from cs_console.decisions.settling_letter import letter_subject, make_letter
    from cs_console.decisions.settling_rules import Settling

    for kind, rules in pack.kinds.items():
        for key, outcome in rules.workflow.outcomes.items() if rules.workflow else ():
            place = ("kinds", kind.value, "workflow", "outcomes", key, "told")
            settling = Settling(key, {}, next(iter(outcome.reasons), ""))
            try:
                make_letter(pack, kind, settling, 10_482, _RECEIVED, _RECEIVED)
            except NoticeIncomplete as problem:
                yield place, _words(problem)
    if pack.settling is not None:
        try:
            named = letter_subject(pack, next(iter(pack.kinds)), 10_482)
        except NoticeIncomplete as problem:
            yield ("settling", "subject"), _words(problem)
        else:
            if "10482" not in named:
                yield ("settling", "subject"), "does not hold {{ ticket }}"


def _date_problems(spoken: Pack, layer: Place) -> Iterator[tuple[Place, str]]:
    try:
        written = written_date(spoken, datetime(2027, 11, 23, tzinfo=UTC))
    except NoticeIncomplete as problem:
        yield (*layer, "notice", "date"), _words(problem)
        return
    for part, shown in (("day", ("23",)), ("month", ("11", "November")), ("year", ("2027",))):
        if not any(one in written for one in shown):
            yield (*layer, "notice", "date"), f"does not hold the {part}"


def _own_place(pack: Pack, layer: Place, place: Place) -> Place:
    """Where that stands in the language's layer, where grounds are named by their codes."""
    if layer and place[0] == "grounds":
        return (*layer, "grounds", pack.grounds[int(place[1])].code)
    return (*layer, *place)


def _words(problem: NoticeIncomplete) -> str:
    return problem.sentence[:1].lower() + problem.sentence[1:].rstrip(".")
