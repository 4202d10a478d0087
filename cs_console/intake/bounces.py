"""Mail servers about our own mail: not delivered, delayed, or taken for spam, and which message that was.

The standard reports (RFC 3464, RFC 5965) and the plain letters that servers without them write.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from html import unescape

from cs_console.custody.blind_index import normalise_email
from cs_console.intake.addresses import Mailbox
from cs_console.intake.charsets import read_text
from cs_console.intake.incoming import Returned
from cs_console.intake.our_mail import is_mail_system
from cs_console.intake.senders import Values
from models.enums import MailClass

_READ = 16 * 1024
_MOST = 10
_ID = re.compile(r"<[^<>\s]{1,990}>")
_OUR_ID = re.compile(r"^(?:Message-ID|Original-Message-ID|X-Original-Message-ID)\s*:\s*(<[^<>\s]{1,990}>)", re.I | re.M)
_RECIPIENT = re.compile(r"^(?:Final|Original)-Recipient\s*:\s*(?:[\w-]+\s*;)?\s*<?([^\s<>]+@[^\s<>]+)>?", re.I | re.M)
_ACTION = re.compile(r"^Action\s*:\s*(\w+)", re.I | re.M)
_STATUS = re.compile(r"^Status\s*:\s*([245])\.\d", re.I | re.M)
_ARF_RECIPIENT = re.compile(r"^Original-Rcpt-To\s*:\s*<?([^\s<>]+@[^\s<>]+)>?", re.I | re.M)
_ADDRESS = re.compile(r"<?([^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"']{1,255})>?")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
"""Tried first: in scripts without spaces words come right before and behind it."""
_EITHER = (
    r"не вдалося доставити|не удалось доставить|ei voitu toimittaa|αδυναμία παράδοσης|δεν ήταν δυνατή η παράδοση"
    r"|تعذر (?:ال)?تسليم|לא ניתן (?:היה )?למסור|無法(?:傳遞|送達)|无法(?:传递|送达)"
    r"|kunde inte levereras|k[au]n(?:ne)? ikke leveres"
)
"""What stands in titles and texts alike."""
_TITLED = re.compile(
    _EITHER
    + r"|undeliver(?:ed|able)|delivery (?:status notification|failure|has failed|failed|report|incomplete|delayed)"
    r"|mail delivery (?:failed|failure|system|problem)|failure notice"
    r"|returned mail|returned to sender|mail not delivered"
    r"|message (?:not delivered|undeliverable|delivery)"
    r"|could not be delivered|non[- ]?remis|[ée]chec de (?:la )?remise"
    r"|unzustellbar|nicht zustellbar|nicht zugestellt|zustellung"
    r"|zur[uü]ckgesendet|no se ha podido entregar|no entregado"
    r"|devuelto|mancata consegna|non recapitat|não entregue|nao entregue|devolvid|não foi possível entregar"
    r"|onbestelbaar|niet bezorgd|niedostarczon|nie dostarczono|nedoru[cč]|teslim edil(?:e)?me|kézbesíthetetlen"
    r"|olevererb|ikke leveres|не доставлен|недоставлен|не доставлено|возвращ|退信|未送达|無法投遞|无法投递|投递失败"
    r"|配信(?:不能|失敗|エラー|できません)|送信できません|발송 ?실패|전송 ?실패|반송"
    r"|warning: (?:message|could not send)|delay(?:ed)? (?:mail|delivery)|verzögert",
    re.I,
)
_SAYS = re.compile(
    _EITHER + r"|this is the qmail-send program|message that you sent could not be delivered"
    r"|created automatically by mail delivery"
    r"|this is the mail system at host|could not be delivered to|address(?:es)? had permanent fatal errors"
    r"|did not reach (?:some or all of )?the (?:intended|following) recipient|delivery to the following recipient"
    r"|wasn.t delivered|has not (?:yet )?been delivered|was not delivered|undeliverable|unzustellbar|nicht zugestellt"
    r"|konnten? (?:leider )?nicht .{0,60}zugestellt|n.a pas pu [eê]tre|no se (?:pudo|ha podido) entregar|退信"
    r"|non è stato (?:consegnato|recapitato)|não (?:pôde|pode) ser entregue|não foi possível entregar"
    r"|kon niet worden (?:bezorgd|afgeleverd)|nie został[ao]? dostarczon|nie udało się dostarczyć"
    r"|nepoda[rř]ilo .{0,20}doru[cč]it|nem kézbesíthető|teslim edilemedi"
    r"|无法(?:送达|投递)|未能送达|配信できません|送信できません|не (?:была|было|был) доставлен"
    r"|не может быть (?:доставлен|отправлен)|не доставлен|전송되지 못|존재하지 않|전송 ?실패"
    r"|user unknown|mailbox (?:unavailable|full)|no such user"
    r"|over quota|recipient (?:address )?rejected|55[0-9][ -]5\.\d",
    re.I,
)
_TAG = re.compile(r"<[^<>]*>")
_BY_SYSTEM = re.compile(r"\b(?:mailer-daemon|mail delivery (?:sub)?system)\b", re.I)
"""In a From whose address is no one's to answer, such as `MAILER-DAEMON@localhost`."""
_NAMED_SYSTEM = re.compile(r"邮箱管理员|邮箱系统|邮件系统|系统管理员|메일 시스템", re.I)
"""A name that a person could have as well: here subject and text both have to say it."""
_COMPLAINS = re.compile(r"complaint about message from\b", re.I)
_RETURNED = ("message/rfc822", "message/global", "message/global-headers", "message/rfc822-headers")
"""Types of what a report returns (RFC 3464, RFC 6533), and one that some servers write for text/rfc822-headers."""
_ITS_RECIPIENT = "X-HmXmrOriginalRecipient"
"""In Outlook.com's complaints, which come without a report."""
_DELAY = re.compile(
    r"delayed|has not yet been delivered|will (?:keep|continue) (?:trying|to try)"
    r"|not yet been delivered|do not need to resend"
    r"|no action is required|still trying|verzögert|weitere Zustellversuche|retard|延迟|仍在尝试|задерж",
    re.I,
)
_COPY = re.compile(
    r"^-{2,}.*(?:copy of (?:the|your) message|original message|returned message|below this line)"
    r".*$|^-{10,}\s*$|^Received:\s",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a standard report says."""

    mail_class: MailClass
    reason: str
    returned: Returned


def report_of(root: Message, values: Values) -> Report | None:
    """What a multipart/report or a lone report part says; None for any other mail."""
    parts = list(_leaves(root))
    kinds = {part.get_content_type() for part in parts if part is root or not _is_passed_on(part, root)}
    if "message/feedback-report" in kinds:
        text = _text_of(parts, "message/feedback-report")
        return Report(
            MailClass.FEEDBACK,
            "a provider reports that its user took a mail of ours for spam",
            Returned(_ids(parts, values), _found(_ARF_RECIPIENT, text), final=True),
        )
    if kinds & {"message/delivery-status", "message/global-delivery-status"}:
        text = _text_of(parts, "message/delivery-status") or _text_of(parts, "message/global-delivery-status")
        actions = {action.casefold() for action in _ACTION.findall(text)}
        failed = "failed" in actions or (not actions and "5" in _STATUS.findall(text))
        if not failed and actions and actions <= {"delivered", "relayed", "expanded"}:
            return Report(MailClass.AUTOMATIC, "a mail server confirms that it delivered a mail of ours", Returned())
        why = "a mail server could not deliver a mail of ours" if failed else "a mail of ours is delayed on its way"
        return Report(MailClass.BOUNCE, why, Returned(_ids(parts, values), _found(_RECIPIENT, text), final=failed))
    if kinds & {"message/disposition-notification", "message/global-disposition-notification"}:
        return Report(MailClass.AUTOMATIC, "a receipt says that a mail of ours was displayed or deleted", Returned())
    if any(_COMPLAINS.match(value.strip()) for value in values("Subject")):
        return _complaint(parts, values)
    return None


def _is_passed_on(part: Message, root: Message) -> bool:
    """Whether a person attached the report that came to them: programs forward its parts as files."""
    return root.get_content_subtype() != "report" and part.get_content_disposition() == "attachment"


def _complaint(parts: list[Message], values: Values) -> Report | None:
    """A complaint that is nothing but the mail that it is about."""
    copies = [copy for part in parts if (copy := _copy_in(part)) is not None and copy[_ITS_RECIPIENT]]
    if not copies:
        return None
    recipients = _found(_ADDRESS, " ".join(str(copy[_ITS_RECIPIENT])[:_READ] for copy in copies[:_MOST]))
    why = "a provider reports that its user took a mail of ours for spam"
    return Report(MailClass.FEEDBACK, why, Returned(_ids(parts, values), recipients, final=True))


def plain_bounce(root: Message, values: Values, subject: str, by: Mailbox | None) -> Returned | None:
    """What a bounce says that is written as a letter; None for any other mail.

    One of its sender (a mail system), its headers (X-Failed-Recipients) or its empty Return-Path has to say that a
    server wrote it, and its subject or text that it is about delivery: people write about returned mail as well.
    """
    failed = values("X-Failed-Recipients")
    by_system = (by is not None and is_mail_system(by.address)) or any(map(_BY_SYSTEM.search, values("From")))
    empty = any("".join(value.split()) == "<>" for value in values("Return-Path"))
    named = by is not None and _NAMED_SYSTEM.search(by.name) is not None
    if not (failed or by_system or empty or named):
        return None
    text = first_text(root)
    if not failed and not ((by_system and _TITLED.search(subject)) or _SAYS.search(text)):
        return None
    if not failed and not by_system and not _TITLED.search(subject):
        return None
    above = _COPY.split(text, maxsplit=1)[0]
    written = tuple(", ".join(failed).split(",")) if failed else _addresses(_OUR_ID.sub("", above))
    recipients = tuple(dict.fromkeys(address for one in written if (address := normalise_email(one.strip(" <>.")))))
    parts = list(_leaves(root))
    return Returned(_ids(parts, values, text), recipients[:_MOST], final=not _DELAY.search(f"{subject}\n{above}"))


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(_PLAIN_ADDRESS.findall(text) or _ADDRESS.findall(text))


def _leaves(root: Message) -> Iterator[Message]:
    """The parts that a report is made of, not those of the mail that it returns."""
    waiting, most = [root], 50
    while waiting and most:
        part, most = waiting.pop(0), most - 1
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += [child for child in part.get_payload() if isinstance(child, Message)]


def _text_of(parts: list[Message], content_type: str) -> str:
    """The text of the first part of that type, whose blocks the parser takes for messages."""
    part = next((part for part in parts if part.get_content_type() == content_type), None)
    if part is None:
        return ""
    if part.is_multipart():
        blocks = [block for block in part.get_payload() if isinstance(block, Message)]
        if _is_base64(part) and blocks and not blocks[0].keys():
            return _from_base64(blocks[0])
        return "\n".join(f"{name}: {value}" for block in blocks[:_MOST] for name, value in block.raw_items())[:_READ]
    return _decoded(part)


def _ids(parts: list[Message], values: Values, text: str = "") -> tuple[str, ...]:
    """Message-IDs of the returned mail: of its copy, of the report's own header lines, then of what it answers."""
    found: list[str] = []
    for part in parts:
        copy = _copy_in(part)
        if copy is not None:
            found += _ID.findall(str(copy["Message-ID"] or ""))
            found += _OUR_ID.findall(_from_base64(copy)) if _is_base64(part) and not copy.keys() else []
        elif part.get_content_type() in ("text/rfc822-headers", *_RETURNED):
            found += _OUR_ID.findall(_decoded(part))
    found += _OUR_ID.findall(text)
    for name in ("X-Original-Message-ID", "Original-Message-ID", "In-Reply-To", "References"):
        found += [one for value in values(name) for one in reversed(_ID.findall(value[:_READ]))]
    return tuple(dict.fromkeys(found))[:_MOST]


def _found(wanted: re.Pattern[str], text: str) -> tuple[str, ...]:
    addresses = (normalise_email(address) for address in wanted.findall(text))
    return tuple(dict.fromkeys(address for address in addresses if address))[:_MOST]


def _copy_in(part: Message) -> Message | None:
    """The mail, or its headers alone, that a part returns and the parser takes for a message; None where none does."""
    if part.get_content_type() not in _RETURNED or not part.is_multipart():
        return None
    return next((copy for copy in part.get_payload() if isinstance(copy, Message)), None)


def _is_base64(part: Message) -> bool:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"


def _from_base64(block: Message) -> str:
    """What was encoded although the standard forbids it; the parser takes it for the body of a mail."""
    encoded = Message()
    encoded["Content-Transfer-Encoding"] = "base64"
    encoded.set_payload(block.get_payload())
    return _decoded(encoded)


def first_text(root: Message) -> str:
    """The beginning of the first text of a mail, of HTML its words; read quickly, for what can be told from it."""
    part = next((part for part in _leaves(root) if part.get_content_maintype() == "text"), None)
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset("") if part.get_param("charset") else ""
    text = read_text(content[:_READ], charset).text.replace("\r\n", "\n")
    return unescape(_TAG.sub(" ", text)) if part.get_content_subtype() == "html" else text


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content[:_READ].decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(content, bytes) else ""
