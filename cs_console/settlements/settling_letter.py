"""The letter that tells a requester how their appeal, report, complaint or inquiry ended: the pack's words alone."""

from datetime import datetime

from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render, render_whole
from cs_console.settlements.settling_rules import Settling
from models.enums import TicketKind


def make_letter(
    pack: Pack, kind: TicketKind, settling: Settling, number: int, received: datetime, date: datetime
) -> str:
    """The letter as plain text, in the language that `pack` speaks; empty where the requester is told nothing.

    It contains no typed text, no name and no other ticket: what was found out about another person
    cannot reach the requester this way (policy I.(3)). Raises NoticeIncomplete naming a required part that is missing.
    """
    workflow, rules = pack.kinds[kind].workflow, pack.settling
    assert workflow is not None  # the caller has checked
    outcome = workflow.outcomes[settling.outcome]
    if not outcome.told:
        return ""
    assert rules is not None  # the pack's check asks for it where something is told
    parts = {
        "ticket": str(number),
        "received": written_date(pack, received),
        "date": written_date(pack, date),
        "kind": _kind(pack, kind),
        "outcome": outcome.title,
    }
    parts["told"] = render(outcome.told, parts).strip()
    parts |= {
        "reason": outcome.reasons.get(settling.reason, ""),
        "complain_inside": pack.notice.complain_inside,
        "complain_regulator": pack.notice.complain_regulator,
        "complain_court": pack.notice.complain_court,
        "contact": pack.meta.contact,
        "policy": pack.meta.title,
        "policy_version": pack.meta.version,
    }
    return render_whole(rules.template, parts, rules.required)


def letter_subject(pack: Pack, kind: TicketKind, number: int) -> str:
    """The subject line of the letter, in the language that `pack` speaks."""
    assert pack.settling is not None  # there is a letter
    return render(pack.settling.subject, {"ticket": str(number), "kind": _kind(pack, kind)}).strip()


def _kind(pack: Pack, kind: TicketKind) -> str:
    """The kind's title as used inside a sentence."""
    title = pack.kinds[kind].title
    return title[:1].lower() + title[1:]
