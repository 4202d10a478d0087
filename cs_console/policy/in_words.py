"""A pack in plain lines, for people who want to know what it says."""

from collections.abc import Iterator
from textwrap import wrap

from cs_console.policy.ground_rules import Ground
from cs_console.policy.schema import Pack

WIDTH = 100
_ORDERS = {"due": "due date", "received": "receipt", "updated": "last message", "priority": "priority"}
_LISTS = (
    ("statutory", "Statutory grounds: the policy or the law takes the right away"),
    ("discretionary", "Discretionary grounds: we may refuse, once something else was offered"),
    ("fee", "Fee"),
)


def pack_lines(pack: Pack) -> tuple[str, ...]:
    """The pack as text: what it is, who may see what, how requesters are verified, when an answer is due, on which
    grounds it can be refused and who says so, what the letter holds, how long data is kept.
    """
    return tuple(
        line.rstrip()
        for part in (_about, _seeing, _asking, _ending, _grounds, _letter, _keeping)
        for line in part(pack)
    )


def _about(pack: Pack) -> Iterator[str]:
    meta = pack.meta
    yield f"{meta.title}, effective {meta.effective} ({meta.name})"
    yield from _said(f"Contact: {meta.contact}", "")
    yield f"Letters in: {', '.join((meta.language, *pack.languages))}"
    yield from _head("Kinds of ticket")
    for kind, rules in pack.kinds.items():
        ends = "; ends with a decision" if rules.needs_decision else ""
        days = rules.first_response_working_days
        yield f"  {kind.value}: {rules.title} ({rules.clause}), first response within {days} working days{ends}"
    if pack.views:
        yield from _head("Views of the queue")
    for view in pack.views:
        yield from _said(f"{view.name}: {view.filter}, sorted by {_ORDERS[view.sort]}", "  ")


def _ending(pack: Pack) -> Iterator[str]:
    for kind in pack.kinds.values():
        rules = kind.workflow
        if rules is None:
            continue
        yield from _head(f"How it ends: {kind.title}")
        yield f"  Settled by: {' or '.join(rules.owners)} ({rules.clause})"
        if rules.independent != "no":
            how = "decided on" if rules.independent == "decided" else "took part in"
            yield f"  Not by a person who {how} what it is about"
        for question in rules.questions:
            yield from _said(question.text, "     ")
            for answer, roles in question.needs.items():
                yield f"       {answer}: by a {' or '.join(roles)}"
        for outcome in rules.outcomes.values():
            becomes = f", becomes {pack.kinds[outcome.becomes].title}" if outcome.becomes is not None else ""
            yield f"  {outcome.title}{becomes}"


def _seeing(pack: Pack) -> Iterator[str]:
    yield from _head("Who may see what, and why")
    for key, purpose in pack.purposes.items():
        yield f"  {key}: {purpose.title} ({purpose.clause})"
        for row in pack.matrix:
            if row.purpose == key:
                when = "once verified" if row.verified else "also unverified"
                fields = ", ".join(field.value for field in row.fields)
                yield from _said(f"{', '.join(kind.value for kind in row.kinds)}, {when}: {fields}", "    ")
    yield f"  A value is shown for {pack.reveal.seconds} seconds."
    code = pack.verification.code
    yield from _head("Verifying who asks")
    yield from _said(
        f"A code of {code.digits} digits is good for {code.minutes} minutes and {code.tries} tries; "
        f"{code.sends_per_hour} an hour and {code.sends_per_day} a day are sent to one requester. Then a lock of "
        f"{code.lock_hours} hours. A contact that changed in the last {code.contact_recent_days} days is not used.",
        "  ",
    )
    for method in pack.verification.methods.values():
        yield from _said(f"{method.title} ({method.clause}): {method.asks}", "  ")
    days = pack.verification.documents.delete_after_days
    when = "once" if not days else "1 day after" if days == 1 else f"{days} days after"
    yield from _said(f"A document that was sent for it is deleted {when} the ticket is closed.", "  ")


def _asking(pack: Pack) -> Iterator[str]:
    yield from _head(f"When an answer is due ({pack.clock.clause})")
    yield from _said(pack.clock.explained, "  ")
    yield from _head("What can be asked for")
    for key, right in pack.rights.items():
        yield f"  {key}: {right.title} ({right.clause}){'; erases' if right.erases else ''}"
    yield "  of: " + ", ".join([*(field.value for field in pack.fields), *pack.records])


def _grounds(pack: Pack) -> Iterator[str]:
    for name, title in _LISTS:
        yield from _head(title)
        for ground in pack.grounds:
            if ground.list == name:
                yield from _ground_lines(pack, ground)
    yield from _head("Bases for collecting without consent (no reason to refuse anything)")
    for item in pack.consent_exceptions:
        yield from _said(f"({item.number}) {item.title}{'; names the law' if item.needs_citation else ''}", "  ")


def _ground_lines(pack: Pack, ground: Ground) -> Iterator[str]:
    yield f"  {ground.code} {ground.title} ({ground.clause})"
    if ground.rights:
        yield f"     Only against: {', '.join(pack.rights[right].title for right in ground.rights)}"
    yield from _said(f"The letter says: {ground.plain_words}", "     ")
    for question in ground.questions:
        yield from _said(f"? {question.text}", "     ")
    items = f" ({ground.evidence.items} items)" if ground.evidence.items > 1 else ""
    yield from _said(f"Evidence: {ground.evidence.text}{items}", "     ")
    yield f"     Approved by: {' + '.join(role.value for role in ground.approvers)}"
    if ground.offers:
        yield f"     Offered before: {' or '.join(ground.offers)}"
    if ground.partial_words:
        yield from _said(f"In part: {ground.partial_words}", "     ")
    if ground.list == "fee" and pack.fee.keeps_open:
        yield f"     Can be paid for {pack.fee.wait_days} days; unpaid, the request may be closed then"
    if ground.review_days:
        yield f"     Looked at again after {ground.review_days} days"
    if ground.neutral != "never":
        yield f"     Under legal review: {'always' if ground.neutral == 'always' else 'where it is chosen'}"


def _letter(pack: Pack) -> Iterator[str]:
    notice = pack.notice
    yield from _head("The letter")
    yield from _said(f"Has to hold: {', '.join(notice.required)}", "  ")
    for words in (notice.complain_inside, notice.complain_regulator, notice.complain_court):
        yield from _said(words, "  ")
    yield from _said(f"Under legal review: {notice.neutral_sentence}", "  ")


def _keeping(pack: Pack) -> Iterator[str]:
    yield from _head(f"Keeping and erasing ({pack.retention.clause}, {pack.erasure.clause})")
    for kind, days in pack.retention.days.items():
        yield f"  {kind.value}: kept {days} days after it was closed"
    yield f"  An erasure is confirmed by: {' or '.join(role.value for role in pack.erasure.approvers)}"
    yield f"  A hold is placed and lifted by: {pack.retention.held_by.value}"
    for key, hold in pack.retention.holds.items():
        yield f"  {key}: {hold.title}, {hold.longest_days} days at most"


def _head(title: str) -> Iterator[str]:
    yield ""
    yield title


def _said(text: str, indent: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
