"""The notice: the letter that tells a requester what was decided, made from the pack alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cs_console.decisions.clock import long_date
from cs_console.decisions.proposal import Fee, Proposal, applying_grounds, under_legal_review
from cs_console.errors import NoticeIncomplete
from cs_console.policy.schema import Pack


@dataclass(frozen=True)
class NoticeFacts:
    """What a notice says of its ticket. Moments are aware; the letter gives UTC dates."""

    ticket: int
    received: datetime
    verified: datetime
    date: datetime
    on_behalf: str = ""
    """In whose place somebody else asked, in the pack's words; it names nobody."""


def make_notice(pack: Pack, facts: NoticeFacts, proposal: Proposal) -> str:
    """The letter as plain text.

    It is made of the pack's words, field titles, dates and the fee: no names of staff, no other tickets, nothing
    on how something was found. Under legal review the neutral sentence stands for every ground, and nothing says
    which field was held back. Raises NoticeIncomplete naming the first required part that the template leaves out.
    """
    parts = _parts(pack, facts, proposal)
    # filled with names in place of words: two parts may say the same, and one of them could be missing unnoticed
    named = render(pack.notice.template, {name: f"<<{name}>>" if words else "" for name, words in parts.items()})
    for name in pack.notice.required:
        if parts[name] and f"<<{name}>>" not in named:
            raise NoticeIncomplete(f"The notice does not hold {name}.", "Mend the policy pack's template.")
    return render(pack.notice.template, parts)


def notice_subject(pack: Pack, number: int) -> str:
    """The subject line of the letter."""
    return render(pack.notice.subject, {"ticket": str(number)})


def render(template: str, parts: dict[str, str]) -> str:
    """Fill a pack's template in a sandbox; plain text, blank lines never doubled.

    Raises NoticeIncomplete for a template that does not work or names a part that does not exist.
    """
    from jinja2 import StrictUndefined, TemplateError  # only when a letter is made
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        autoescape=False,  # the letter is plain text, never HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        filled = sandbox.from_string(template).render(parts)
    except (TemplateError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as problem:
        what = problem.message if isinstance(problem, TemplateError) else type(problem).__name__
        raise NoticeIncomplete(
            f"The template does not work: {what}.", "Run `cs-console policy check` on the pack."
        ) from None
    lines: list[str] = []
    for line in filled.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def field_titles(pack: Pack, keys: Iterable[str]) -> tuple[str, ...]:
    """The titles of contact fields and records, in the pack's order; a key it does not have stays as it is."""
    wanted = list(keys)
    titles = {field.value: rules.title for field, rules in pack.fields.items()}
    titles |= {key: rules.title for key, rules in pack.records.items()}
    known = [title for key, title in titles.items() if key in wanted]
    return tuple(known + [key for key in wanted if key not in titles])


def fee_words(fee: Fee) -> str:
    """The fee as one line: "CNY 20.00 (copying 12.00, postage 8.00)"."""
    items = ", ".join(f"{name} {cost}" for name, cost in fee.items)
    return f"{fee.currency} {fee.amount} ({items})"


def _parts(pack: Pack, facts: NoticeFacts, proposal: Proposal) -> dict[str, str]:
    rules = pack.notice
    refused = [field for finding in proposal.applying for field in finding.fields if field not in proposal.granted]
    right = pack.rights[proposal.request]
    parts = {
        "ticket": str(facts.ticket),
        "received": long_date(facts.received),
        "verified": long_date(facts.verified),
        "on_behalf": facts.on_behalf,
        "date": long_date(facts.date),
        "asked": f"{right.title}: {_listed(pack, (*proposal.granted, *refused))}",
        "outcome": rules.outcome_words[proposal.outcome.value],
        "granted": _listed(pack, proposal.granted),
        "refused": _listed(pack, refused),
        "fee": fee_words(proposal.fee) if proposal.fee else "",
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
    words = [_ground_line(_listed(pack, finding.fields), ground.plain_words) for finding, ground in by_ground]
    clauses, laws = (ground.clause for ground in grounds), (ground.law for ground in grounds)
    return parts | {"ground": "\n".join(words), "clause": _once(clauses), "law": _once(laws)}


def _ground_line(fields: str, words: str) -> str:
    return f"{fields}: {words}" if fields else words


def _listed(pack: Pack, keys: Iterable[str]) -> str:
    return ", ".join(field_titles(pack, keys))


def _once(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))
