"""The notice: the letter that tells a requester what was decided, made from the pack alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cs_console.decisions.proposal import Fee, Proposal, applying_grounds, under_legal_review
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render, render_whole


@dataclass(frozen=True)
class NoticeFacts:
    """What a notice says of its ticket. Moments are aware; the letter gives dates in the pack's time zone."""

    ticket: int
    received: datetime
    verified: datetime
    date: datetime
    on_behalf: str = ""
    """The role of the person who asked for the requester, in the pack's words; it names no one."""


def make_notice(pack: Pack, facts: NoticeFacts, proposal: Proposal) -> str:
    """The letter as plain text.

    It is made of the pack's words, field titles, dates and the fee, all in the language of the proposal or else the
    pack's own: no names of staff, no other tickets, nothing on how something was found. Under legal review the neutral
    sentence replaces every ground, and nothing says which field was withheld. Raises NoticeIncomplete naming the
    first required part that the template leaves out.
    """
    pack = in_language(pack, proposal.language)
    parts = _parts(pack, facts, proposal)
    return render_whole(pack.notice.template, parts, pack.notice.required)


def field_titles(pack: Pack, keys: Iterable[str]) -> tuple[str, ...]:
    """The titles of contact fields and records, in the pack's order; a key it does not have stays as it is."""
    wanted = list(keys)
    titles = {field.value: rules.title for field, rules in pack.fields.items()}
    titles |= {key: rules.title for key, rules in pack.records.items()}
    known = [title for key, title in titles.items() if key in wanted]
    return tuple(known + [key for key in wanted if key not in titles])


def fee_words(pack: Pack, fee: Fee) -> str:
    """The fee as one line: "CNY 20.00 (copying 12.00, postage 8.00)"."""
    items = pack.notice.comma.join(f"{name} {cost}" for name, cost in fee.items)
    return render(pack.notice.fee, {"currency": fee.currency, "amount": fee.amount, "items": items}).strip()


def pay_by(pack: Pack, asked: datetime) -> datetime:
    """A moment on the last day, in the pack's time zone, on which a fee that was asked for then can be paid."""
    local = asked.astimezone(pack.clock.zone)
    return local + timedelta(days=pack.fee.wait_days)  # days of that zone's calendar, not of 24 hours


def _parts(pack: Pack, facts: NoticeFacts, proposal: Proposal) -> dict[str, str]:
    rules = pack.notice
    refused = [field for finding in proposal.applying for field in finding.fields if field not in proposal.granted]
    right = pack.rights[proposal.request]
    parts = {
        "ticket": str(facts.ticket),
        "received": written_date(pack, facts.received),
        "verified": written_date(pack, facts.verified),
        "on_behalf": facts.on_behalf,
        "date": written_date(pack, facts.date),
        "asked": f"{right.title}{rules.colon}{_listed(pack, (*proposal.granted, *refused))}",
        "outcome": rules.outcome_words[proposal.outcome.value],
        "granted": _listed(pack, proposal.granted),
        "refused": _listed(pack, refused),
        "fee": fee_words(pack, proposal.fee) if proposal.fee else "",
        "pay_by": written_date(pack, pay_by(pack, facts.date)) if proposal.fee and pack.fee.keeps_open else "",
        "warning": right.warning if proposal.granted else "",
        "complain_inside": rules.complain_inside,
        "complain_regulator": rules.complain_regulator,
        "complain_court": rules.complain_court,
        "contact": pack.meta.contact,
        "policy": pack.meta.title,
        "policy_version": pack.meta.version,
    }
    if under_legal_review(pack, proposal):
        neutral = {
            "asked": right.title,  # beside what is granted, a list of fields would tell which were held back
            "outcome": rules.neutral_outcome,
            "refused": "",
            "ground": rules.neutral_sentence,
            "clause": rules.neutral_clause,
            "law": rules.neutral_law,
        }
        return parts | neutral
    grounds = applying_grounds(pack, proposal)
    by_ground = zip(proposal.applying, grounds, strict=True)
    words = [_ground_line(pack, _listed(pack, finding.fields), ground.plain_words) for finding, ground in by_ground]
    clauses, laws = (ground.clause for ground in grounds), (ground.law for ground in grounds)
    return parts | {"ground": "\n".join(words), "clause": _once(pack, clauses), "law": _once(pack, laws)}


def _ground_line(pack: Pack, fields: str, words: str) -> str:
    return f"{fields}{pack.notice.colon}{words}" if fields else words


def _listed(pack: Pack, keys: Iterable[str]) -> str:
    return pack.notice.comma.join(field_titles(pack, keys))


def _once(pack: Pack, words: Iterable[str]) -> str:
    """The references of several grounds, each of which may name some of the same: every one once."""
    between = pack.notice.semicolon
    return between.join(dict.fromkeys(one for word in words if word for one in word.split(between)))
