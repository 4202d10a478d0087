"""Handing mail to an SMTP server: encrypted, its certificate checked, unless the URL itself says `insecure`."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from cs_console.errors import BadSettings, DeliveryFailed, DeliveryUnknown

TIMEOUT_SECONDS = 20.0
PROBE_SECONDS = 5.0
INSECURE = frozenset({"insecure", "insecure=1", "insecure=yes", "insecure=true"})
"""What may follow the `?` of the URL: mail may leave this machine unencrypted."""
PORTS = {"smtp": 25, "smtps": 465}
OK = 250
_END = b"\r\n.\r\n"
"""Of a mail: what follows is the server's answer to it."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Server:
    """An SMTP server as CS_CONSOLE_SMTP_URL names it. `encrypted`: from the first byte on, else by STARTTLS.

    `insecure`: where the server offers no STARTTLS, mail is sent there anyway.
    """

    host: str
    port: int
    encrypted: bool
    insecure: bool = False
    user: str = ""
    password: str = field(default="", repr=False)


def server_of(url: str) -> Server:
    """Read `smtp://user:password@host:port`, `smtps://...`, or `smtp://host:port?insecure`.

    Raises BadSettings without repeating the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    insecure = parts.query.lower() in INSECURE
    cut = (
        parts.path.strip("/") or (parts.query and not insecure) or parts.fragment
    )  # by a sign of the password: "host" is not the host
    if parts.scheme not in PORTS or not host or cut:
        raise BadSettings(
            "CS_CONSOLE_SMTP_URL is not an SMTP URL.",
            "Use smtp://user:password@host:port or smtps://..., with ?insecure at the end to send without encryption; "
            "in a password write / as %2F, # as %23 and ? as %3F.",
        )
    return Server(
        host,
        port or PORTS[parts.scheme],
        parts.scheme == "smtps",
        insecure,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def send(url: str, sender: str, recipient: str, mail: EmailMessage) -> None:
    """Hand one mail over. Raises DeliveryFailed (never with the address or the server's words) or BadSettings;
    DeliveryUnknown where the server has the whole mail, and the connection broke before it said that it took it.
    """
    with _told():
        connection = _connect(server_of(url), TIMEOUT_SECONDS)
        try:
            connection.ehlo_or_helo_if_needed()
            if not recipient.isascii() and not connection.has_extn("smtputf8"):
                raise DeliveryFailed(
                    "The mail server cannot send to an address with such letters (it has no SMTPUTF8).",
                    "Use another contact.",
                    permanent=True,
                )
            connection.send_message(mail, sender, [recipient])
        except BaseException:
            connection.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # it has taken the mail, whatever it says to a goodbye
            connection.quit()


def probe(url: str) -> str:
    """Connect, sign in and leave again, within seconds, without a mail; returns what was found, never a secret.

    Raises DeliveryFailed or BadSettings.
    """
    server = server_of(url)
    with _told(), _connect(server, PROBE_SECONDS) as connection:
        encrypted = isinstance(connection.sock, ssl.SSLSocket)
        code, _ = connection.noop()
    if code != OK:
        raise _refused(code)
    way = "encrypted" if encrypted else "not encrypted, as its URL allows"
    return f"through {server.host}:{server.port}, {way}{', signed in' if server.user else ''}"


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with a server, as a sentence without the server's words."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as problem:
        code = next(iter(problem.recipients.values()), (0, b""))[0]
        raise _refused(code) from None
    except smtplib.SMTPResponseException as problem:
        raise _refused(problem.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryFailed("The mail server offers no sign-in.", "Remove user and password from its URL.") from None
    except ssl.SSLError:
        raise DeliveryFailed(
            "The mail server's certificate or encryption was not accepted.", "Check CS_CONSOLE_SMTP_URL."
        ) from None
    except (smtplib.SMTPException, OSError, UnicodeError):
        raise DeliveryFailed(
            "The mail server cannot be reached.", "The console will try again later.", unreached=True
        ) from None


class _Conversation(smtplib.SMTP):
    """A conversation that tells an answer that never came to a whole mail from everything before."""

    _mail_ended = False

    def send(self, s: Any) -> None:
        super().send(s)
        self._mail_ended = isinstance(s, bytes) and s.endswith(_END)

    def getreply(self) -> tuple[int, bytes]:
        try:
            return super().getreply()
        except (smtplib.SMTPServerDisconnected, OSError):
            if self._mail_ended:
                raise DeliveryUnknown from None
            raise


class _EncryptedConversation(_Conversation, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte on."""


def _connect(server: Server, seconds: float) -> smtplib.SMTP:
    if server.encrypted:
        context = ssl.create_default_context()
        connection: smtplib.SMTP = _EncryptedConversation(server.host, server.port, timeout=seconds, context=context)
    else:
        connection = _Conversation(server.host, server.port, timeout=seconds)
    try:
        connection.ehlo_or_helo_if_needed()
        secure = server.encrypted
        if not secure and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
            secure = True
        if not secure and not server.insecure:  # or an attacker on the way removed the offer
            raise DeliveryFailed(
                "The mail server offers no encryption, so nothing was sent.",
                "Use smtps:// or a server with STARTTLS; ?insecure in CS_CONSOLE_SMTP_URL allows mail without it.",
                unreached=True,
            )
        if server.user:
            if not secure and server.host not in LOCAL:
                raise DeliveryFailed(
                    "The mail server offers no encryption, so the password was not sent.", "Use smtps:// or STARTTLS."
                )
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _refused(code: int) -> DeliveryFailed:
    permanent = 500 <= code < 600 and code not in {530, 534, 535, 538}
    what = "did not accept the message" if permanent else "does not accept the message now"
    return DeliveryFailed(f"The mail server {what} (code {code}).", permanent=permanent)
