"""Which addresses are our own, or a machine's: mail from them was written by someone else, or by no one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cs_console.policy.schema import Pack
from cs_console.settings import UNSET_MAIL_FROM, Settings

_NO_REPLY = re.compile(
    r"(?:do)?[-._]?no?t?[-._]?(?:reply|respond|answer|response)"
    r"|no[-._]?reply(?:[-._].*|\d+)|.*[-._]no[-._]?reply|donotreply.*"
    r"|nicht[-._]?(?:ant|be)?antworten|keine[-._]?antwort|bitte[-._]?nicht[-._]?antworten"
    r"|ne[-._]?pas[-._]?repondre|pas[-._]?de[-._]?reponse|sans[-._]?reponse"
    r"|no[-._]?(?:responder|contestar|responda|conteste)|nao[-._]?respond(?:a|er)|non[-._]?rispondere"
    r"|niet[-._]?(?:be)?antwoorden|geen[-._]?antwoord|nie[-._]?odpowiada[cj]|ingen[-._]?svar|svar[-._]?ej|auto[-._]?reply"
)
_SYSTEMS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mailerdaemon", "mail.daemon"})


@dataclass(frozen=True, slots=True)
class OurMail:
    """What is ours: `addresses` and `domains` of the settings, `mailboxes` (local parts) of the pack.

    `forms`: addresses, or domains, that send what people wrote into a form; whose it is stands in Reply-To.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()

    def is_ours(self, address: str, sent_to: Iterable[str] = ()) -> bool:
        """Whether this address is a mailbox of ours. Where no setting names our domain, it is that of a mailbox of the
        pack that the mail was sent to (`sent_to`)."""
        local, _, domain = address.casefold().rpartition("@")
        local = local.partition("+")[0]
        if f"{local}@{domain}" in self.addresses:
            return True
        if local not in self.mailboxes:
            return False
        return domain in self.domains if self.domains else domain in self._domains_of(sent_to)

    def is_form(self, address: str) -> bool:
        """Whether the settings say that a form sends from this address or domain."""
        folded = address.casefold()
        return folded in self.forms or folded.rpartition("@")[2] in self.forms

    def _domains_of(self, sent_to: Iterable[str]) -> set[str]:
        parts = (address.casefold().rpartition("@") for address in sent_to)
        return {domain for local, _, domain in parts if local.partition("+")[0] in self.mailboxes}


def our_mail(settings: Settings | None, pack: Pack) -> OurMail:
    """What is ours by these settings and this pack."""
    boxes = frozenset(box.casefold() for rules in pack.kinds.values() for box in rules.mailboxes)
    if settings is None or (settings.mail_from == UNSET_MAIL_FROM and not settings.mail_own):
        return OurMail(mailboxes=boxes, forms=_folded(settings.form_senders if settings else ()))
    addresses = _folded((settings.mail_from, *settings.mail_own))
    domains = frozenset(address.rpartition("@")[2] for address in addresses)
    return OurMail(addresses, domains, boxes, _folded(settings.form_senders))


def is_no_reply(address: str) -> bool:
    """Whether the address says that no one reads it."""
    return _NO_REPLY.fullmatch(address.casefold().rpartition("@")[0].partition("+")[0]) is not None


def is_mail_system(address: str) -> bool:
    """Whether a mail server writes from it, not a person."""
    return address.casefold().rpartition("@")[0] in _SYSTEMS


def _folded(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.strip().casefold().lstrip("@") for value in values if value.strip())
