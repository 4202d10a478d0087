"""The ways out: an SMTP server, a text-message provider, or the outbox folder. Nothing here keeps or logs anything."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

from cs_console import outbox
from cs_console.custody.blind_index import normalise_email
from cs_console.custody.sending import OutgoingFile
from cs_console.delivery import sms, smtp
from cs_console.delivery.flowed import flowed
from cs_console.errors import BadSettings, DeliveryFailed
from cs_console.settings import Settings
from models.contact_fields import Field


class _MessageIds(UnstructuredHeader, BaseHeader):
    """Message-IDs, each whole: long ones, as Exchange makes them, would be folded as encoded words and name nothing."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {(policy.linesep + ' ').join(str(self).split())}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("in-reply-to", _MessageIds)
_HEADERS.map_to_type("references", _MessageIds)
MAIL_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)
_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_ODD_DOTS = re.compile(r"^\.|\.\.|\.$")
_NUMBER = re.compile(r"\+?[0-9]{3,15}")


@dataclass(frozen=True)
class Outgoing:
    """One message on its way. Neither address nor words show in a repr."""

    kind: Field
    address: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str
    at: datetime
    pseudonym: str = ""
    """Whose it is, as the log says it: the name under which the outbox finds it again."""
    in_reply_to: str = field(default="", repr=False)
    references: tuple[str, ...] = field(default=(), repr=False)
    """Message-IDs of the thread, oldest first."""
    automatic: str = ""
    """What its Auto-Submitted says (RFC 3834); "" where a person wrote or decided it."""
    token: str = ""
    """By which it is known again in the outbox folder, should this console die before that is on record."""
    bounces_to: str = ""
    """The envelope sender; "" is our own address."""
    attachments: tuple[OutgoingFile, ...] = field(default=(), repr=False)


def hand_over(settings: Settings, outgoing: Outgoing) -> None:
    """Give the message to the way that the settings name; the outbox folder wins over the others.

    Returns once it was accepted. Raises DeliveryFailed, which never holds the address, BadSettings, or DeliveryUnknown
    where the other side may have it and did not say so.
    """
    if outgoing.kind == Field.EMAIL:
        mail = mail_of(settings, outgoing)
        if settings.outbox is not None:
            outbox.put(settings.outbox, outgoing.at, outgoing.pseudonym, ".eml", mail.as_bytes(), outgoing.token)
        elif settings.smtp_url:
            smtp.send(
                settings.smtp_url, outgoing.bounces_to or settings.mail_from, _for_the_server(outgoing.address), mail
            )
        else:
            raise DeliveryFailed("Sending mail is not set up.", "Set CS_CONSOLE_SMTP_URL or CS_CONSOLE_OUTBOX.")
    elif outgoing.kind == Field.MOBILE:
        number = re.sub(r"[ ().-]", "", outgoing.address)
        if _NUMBER.fullmatch(number) is None:
            raise DeliveryFailed("The number on file is not a phone number.", "Use another contact.", permanent=True)
        if settings.outbox is not None:
            content = text_file(number, outgoing)
            outbox.put(settings.outbox, outgoing.at, outgoing.pseudonym, ".txt", content, outgoing.token)
        elif settings.sms_url:
            sms.send(settings.sms_url, number, outgoing.text)
        else:
            raise DeliveryFailed("Sending text messages is not set up.", "Set CS_CONSOLE_SMS_URL or CS_CONSOLE_OUTBOX.")
    else:
        raise DeliveryFailed(f"Nothing can be sent to a {outgoing.kind.value}.", "Use another contact.", permanent=True)


def mail_of(settings: Settings, outgoing: Outgoing) -> EmailMessage:
    """The mail to be sent. A line break in a header is refused, not corrected.

    Raises DeliveryFailed, or BadSettings when it is our own name or address that cannot be used.
    """
    thread = (outgoing.in_reply_to, *outgoing.references)
    for header in (outgoing.address, outgoing.subject, outgoing.message_id, outgoing.automatic, *thread):
        if _LINE_BREAK.search(header):
            raise DeliveryFailed(
                "A mail header contains a line break or a control character.", "Nothing was sent.", permanent=True
            )
    mail = EmailMessage(policy=MAIL_POLICY if outgoing.address.isascii() else MAIL_POLICY.clone(utf8=True))
    sender = _address(settings.mail_from, settings.desk_name)
    if sender is None:
        raise BadSettings("desk_name or mail_from cannot be used in a mail's From.", "Fix them in console.toml.")
    recipient = _address(outgoing.address)
    if recipient is None:
        raise DeliveryFailed("Mail cannot be sent to the address on file.", "Use another contact.", permanent=True)
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"] = encodable(outgoing.subject)
    mail["Date"] = outgoing.at
    mail["Message-ID"] = outgoing.message_id
    if outgoing.in_reply_to:
        mail["In-Reply-To"] = outgoing.in_reply_to
    if outgoing.references:
        mail["References"] = " ".join(outgoing.references)
    if outgoing.automatic:
        mail["Auto-Submitted"] = outgoing.automatic
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(flowed(encodable(outgoing.text)), params={"format": "flowed"})
    for file in outgoing.attachments:
        general, _, special = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=general, subtype=special, filename=encodable(file.name))
    return mail


def _address(address: str, name: str = "") -> Address | None:
    """A single mail address as it can stand in a header, or None."""
    if _LINE_BREAK.search(address + name):
        return None
    local, _, domain = address.rpartition("@")
    try:
        if not address.isascii() or _ODD_DOTS.search(local):  # only what is one address in every other way
            return Address(encodable(name), local, domain) if normalise_email(address) == address else None
        return Address(encodable(name), addr_spec=address)
    except (MessageError, ValueError, IndexError):
        return None


def _for_the_server(address: str) -> str:
    """The address as a server is told it: a local part with odd dots, which old phones have, in quotes (RFC 5321)."""
    local, _, domain = address.rpartition("@")
    return f'"{local}"@{domain}' if _ODD_DOTS.search(local) else address


def text_file(number: str, outgoing: Outgoing) -> bytes:
    """A text message as a file: two headers, an empty line, the text."""
    head = f"To: {number}\nDate: {format_datetime(outgoing.at)}\n"
    return f"{head}\n{encodable(outgoing.text)}\n".encode()


def encodable(text: str) -> str:
    """The text without lone surrogates, which no channel can carry."""
    return text.encode("utf-8", "replace").decode()
