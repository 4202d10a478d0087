"""A pack's letters tried out: a notice for every right, outcome and ground, and the short texts, in one language."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

from cs_console.decisions.notice import NoticeFacts, make_notice
from cs_console.decisions.proposal import Fee, Finding, Proposal
from cs_console.errors import NoticeIncomplete
from cs_console.policy.ground_rules import Ground
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.notice_rules import NoticePart
from cs_console.policy.parts import nearest
from cs_console.policy.schema import Pack
from cs_console.policy.templates import names_in, render
from cs_console.policy.toml_lines import Place
from cs_console.policy.workflow_rules import LetterPart
from cs_console.settlements.settling_letter import make_letter
from cs_console.settlements.settling_rules import Settling
from models.enums import Outcome, TicketKind

_RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
_FACTS = NoticeFacts(10_482, _RECEIVED, _RECEIVED + timedelta(days=1), _RECEIVED + timedelta(days=2), "another person")
_PARTS = {
    "code": "00000000",
    "minutes": "10",
    "days": "30",
    "ticket": "10482",
    "received": "1 January 2026",
    "due": "1 March 2026",
    "date": "2 January 2026",
    "reason": "the reason",
    "contact": "the contact",
    "complain_inside": "ask us",
    "complain_regulator": "ask the regulator",
    "complain_court": "ask a court",
}
_COMPLAIN = ("complain_inside", "complain_regulator", "complain_court")
_TOLD_PARTS = ("ticket", "received", "date", "kind", "outcome")


@dataclass(frozen=True)
class _ShortText:
    """A short text with blanks: its place, the parts it may name, and those it must contain."""

    place: Place
    template: str
    may: tuple[str, ...]
    holds: tuple[str, ...] = ()


def letter_problems(pack: Pack, language: str) -> Iterator[tuple[Place, str]]:
    """What keeps this pack from answering in that language, each problem once, with its place in the pack."""
    layer: Place = () if language == pack.meta.language else ("languages", language)
    spoken = in_language(pack, language)
    own = tuple(_whole_text(("notice", "template"), spoken.notice.template, get_args(NoticePart), pack.notice.required))
    yield from (((*layer, *place), words) for place, words in own)
    if not own:  # else every letter would say the same again of a line that is not at fault
        yield from _notice_problems(pack, language, layer)
    short = (_notice_texts, _code_texts, _clock_texts, _closing_letters, _reply_texts)
    for text in (text for texts in short for text in texts(spoken)):
        yield from (((*layer, *text.place), words) for words in _short_problems(text))
    yield from _date_problems(spoken, layer)
    for place, words in _settling_problems(spoken):
        yield (*layer, *place), words


def _whole_text(
    place: Place, template: str, known: Iterable[str], required: Iterable[str] = ()
) -> Iterator[tuple[Place, str]]:
    """What is wrong with a letter's template by itself, whatever it is filled with."""
    known = tuple(known)
    try:
        named, held = names_in(template)
        unknown = sorted(named - set(known))
        if not unknown:
            render(template, dict.fromkeys(known, "something"))
    except NoticeIncomplete as problem:
        yield place, _words(problem)
        return
    for name in unknown:
        yield place, f"names {name!r}, which is not a part of this text{nearest(name, known)}"
    for name in required:
        if not unknown and name not in held:  # else it is there, misspelt
            yield place, f"does not contain {{{{ {name} }}}}"


def _short_problems(text: _ShortText) -> Iterator[str]:
    try:
        unknown = sorted(names_in(text.template)[0] - set(text.may))
        filled = "" if unknown else render(text.template, {name: _PARTS[name] for name in text.may})
    except NoticeIncomplete as problem:
        yield _words(problem)
        return
    for name in unknown:
        yield f"names {name!r}, which is not a part of this text{nearest(name, text.may)}"
    for name in text.holds:
        if not unknown and _PARTS[name] not in filled:
            yield f"does not contain {{{{ {name} }}}}"


def _notice_problems(pack: Pack, language: str, layer: Place) -> Iterator[tuple[Place, str]]:
    """What only shows in the letter of some right, outcome or ground."""
    said: set[str] = set()
    for place, trial in _trials(pack, language):
        try:
            make_notice(pack, _FACTS, trial)
        except NoticeIncomplete as problem:
            if problem.sentence not in said:
                said.add(problem.sentence)
                yield _own_place(pack, layer, place), _words(problem)


def _notice_texts(spoken: Pack) -> Iterator[_ShortText]:
    yield _ShortText(("notice", "subject"), spoken.notice.subject, ("ticket",), ("ticket",))


def _reply_texts(pack: Pack) -> Iterator[_ShortText]:
    if pack.replies.quoted:
        yield _ShortText(("replies", "quoted"), pack.replies.quoted, ("date",))


def _code_texts(spoken: Pack) -> Iterator[_ShortText]:
    code = ("verification", "code")
    yield _ShortText((*code, "text"), spoken.verification.code.text, ("code", "minutes", "ticket"), ("code",))
    yield _ShortText((*code, "told_text"), spoken.verification.code.told_text, ("ticket",))


def _clock_texts(spoken: Pack) -> Iterator[_ShortText]:
    """What goes with a step of the clock."""
    may = ("ticket", "received", "contact")
    if spoken.clock.identity_text:
        yield _ShortText(("clock", "identity_text"), spoken.clock.identity_text, may, ("ticket",))
    if spoken.clock.extension is not None:
        place, text = ("clock", "extension", "text"), spoken.clock.extension.text
        yield _ShortText(place, text, (*may, "reason", "due"), ("reason", "due"))
    if spoken.fee.unpaid is not None:
        more = (*may, "days", *_COMPLAIN)
        yield _ShortText(("fee", "unpaid", "subject"), spoken.fee.unpaid.subject, more, ("ticket",))
        yield _ShortText(("fee", "unpaid", "text"), spoken.fee.unpaid.text, more, ("ticket", *_COMPLAIN))


def _closing_letters(spoken: Pack) -> Iterator[_ShortText]:
    """What is written about a request whose requester is never verified."""
    rules = spoken.verification.closure
    for name, letter in (("reminder", rules.reminder), ("closed", rules.closed)) if rules else ():
        place, may = ("verification", "closure", name), ("ticket", "days")
        yield _ShortText((*place, "subject"), letter.subject, may, ("ticket",))
        yield _ShortText((*place, "text"), letter.text, may, ("ticket",))


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
    if pack.settling is None:
        return
    template = ("settling", "template")
    own = tuple(_whole_text(template, pack.settling.template, get_args(LetterPart), pack.settling.required))
    yield from own
    subject = tuple(_whole_text(("settling", "subject"), pack.settling.subject, ("ticket", "kind"), ("ticket",)))
    yield from subject
    for kind, rules in pack.kinds.items():
        for key, outcome in rules.workflow.outcomes.items() if rules.workflow else ():
            place = ("kinds", kind.value, "workflow", "outcomes", key, "told")
            told = tuple(_whole_text(place, outcome.told, _TOLD_PARTS))
            yield from told
            if not own and not told:
                yield from _settled_so(pack, kind, place, Settling(key, {}, next(iter(outcome.reasons), "")))


def _settled_so(pack: Pack, kind: TicketKind, place: Place, settling: Settling) -> Iterator[tuple[Place, str]]:
    try:
        make_letter(pack, kind, settling, 10_482, _RECEIVED, _RECEIVED)
    except NoticeIncomplete as problem:
        yield place, _words(problem)


def _date_problems(spoken: Pack, layer: Place) -> Iterator[tuple[Place, str]]:
    try:
        written = written_date(spoken, datetime(2027, 11, 23, tzinfo=UTC))
    except NoticeIncomplete as problem:
        yield (*layer, "notice", "date"), _words(problem)
        return
    for part, shown in (("day", ("23",)), ("month", ("11", "November")), ("year", ("2027",))):
        if not any(one in written for one in shown):
            yield (*layer, "notice", "date"), f"does not contain the {part}"


def _own_place(pack: Pack, layer: Place, place: Place) -> Place:
    """The place of that in the language's layer, where grounds are named by their codes."""
    if layer and place[0] == "grounds":
        return (*layer, "grounds", pack.grounds[int(place[1])].code)
    return (*layer, *place)


def _words(problem: NoticeIncomplete) -> str:
    return problem.sentence[:1].lower() + problem.sentence[1:].rstrip(".")
