"""Whose words a mail is: its From, or who a form, a group or a machine of ours wrote for. A claim, never a proof."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cs_console.intake.addresses import Mailbox, mailbox
from cs_console.intake.our_mail import OurMail, is_mail_system, is_no_reply

_INSTEAD = ("Sender", "Reply-To", "X-Original-From", "Return-Path")
"""Where to look, in order, when no From can be read."""
_BEHIND = ("Reply-To", "X-Original-From", "X-Original-Sender")
"""Who wrote, where our own mailbox, a form or a machine passed it on."""

Values = Callable[[str], tuple[str, ...]]
"""Gives the raw values of the headers under a name."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`of` is who wrote, None where no one can be read. `header` names where that was read.

    `by` is the mailbox in From, which may be a machine's or our own. `sure`: From alone names them; what another
    header says is anyone's claim, so it confirms nothing and joins no one on file.
    """

    of: Mailbox | None
    by: Mailbox | None
    header: str
    reply_to: str
    sure: bool


def sender_of(values: Values, ours: OurMail, sent_to: tuple[str, ...]) -> Sender:
    """Who wrote a mail that was `sent_to` these addresses."""
    froms = values("From")
    named = [box for value in froms if (box := mailbox(value)) is not None]
    replies = _first(values, ("Reply-To",))
    reply_to = replies[0].address if replies else ""

    def writes(box: Mailbox) -> bool:
        return not (ours.is_ours(box.address, sent_to) or ours.is_form(box.address) or is_no_reply(box.address))

    by = named[0] if named else None
    if by is not None and not writes(by):
        behind = _first(values, _BEHIND, lambda box: writes(box) and not is_mail_system(box.address))
        return Sender(behind[0] if behind else None, by, behind[1] if behind else "", reply_to, sure=False)
    written = {box.address for box in named}
    if len(named) == len(froms) and len(written) == 1:
        return Sender(by, by, "From", reply_to, sure=not any(box.encoded for box in named))
    if named:  # several From headers: who sent it says so, if anything does
        sending = _first(values, ("Sender",), lambda box: box.address in written)
        return Sender(sending[0] if sending else by, by, "From", reply_to, sure=False)
    instead = _first(values, _INSTEAD, writes) if not any(map(_several, froms)) else None
    return Sender(instead[0] if instead else None, None, instead[1] if instead else "", reply_to, sure=False)


def _several(value: str) -> bool:
    """Whether a From that names no one mailbox names more than one: then none of them is taken for its author."""
    return value.count("@") > 1


def _first(
    values: Values, names: tuple[str, ...], wanted: Callable[[Mailbox], bool] = lambda box: True
) -> tuple[Mailbox, str] | None:
    return next(_mailboxes(values, names, wanted), None)


def _mailboxes(
    values: Values, names: tuple[str, ...], wanted: Callable[[Mailbox], bool]
) -> Iterator[tuple[Mailbox, str]]:
    for name in names:
        for value in values(name)[:1]:
            box = mailbox(value)
            if box is not None and wanted(box):
                yield box, name
