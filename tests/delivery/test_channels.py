"""The ways out, each against a real peer on this machine (ASVS 1.2.10, 1.3.11, 16.2.5)."""

import errno
import json
import logging
import os
import smtplib
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_console import outbox
from cs_console.delivery import sms, smtp
from cs_console.delivery.channels import Outgoing, hand_over, mail_of
from cs_console.delivery.smtp import server_of
from cs_console.errors import BadSettings, DeliveryFailed, DeliveryUnknown
from cs_console.settings import Settings
from models.contact_fields import Field
from tests.support.peers import http_peer

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's import

AT = datetime(2026, 11, 20, 9, 0, 0, 5, tzinfo=UTC)
ADDRESS = "canary.alice@example.org"
NUMBER = "+8613812345678"
ANY_TEXT = st.text(st.characters(), max_size=300)
"""Lone halves of surrogate pairs too, which no channel can carry."""


def outgoing(
    kind: Field = Field.EMAIL,
    address: str = "",
    subject: str = "Customer service [#10482]",
    text: str = "Ihre Anfrage läuft.\nПривет, 你好.",
    message_id: str = "<abc@desk.invalid>",
) -> Outgoing:
    return Outgoing(kind, address or (ADDRESS if kind is Field.EMAIL else NUMBER), subject, text, message_id, AT)


@dataclass
class Mailbox:
    """What a real SMTP server was handed, and what it answers."""

    answer: str = "250 OK"
    answer_recipient: str = "250 OK"
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)

    async def handle_RCPT(
        self, _server: Server, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_recipient

    async def handle_DATA(self, _server: Server, _session: Session, envelope: Envelope) -> str:
        self.mails.append(envelope.content or b"" if isinstance(envelope.content, bytes) else b"")
        self.recipients += envelope.rcpt_tos
        return self.answer

    def authenticate(
        self, _server: Server, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        self.logins.append(login)
        return AuthResult(success=login.password == b"s@cret")


@contextmanager
def smtp_server(mailbox: Mailbox, **options: Any) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("taro..yama.@phone.example", '"taro..yama."@phone.example'),
        (".hana@phone.example", '".hana"@phone.example'),
        ("用户@mail.example", "用户@mail.example"),
        ("jörg@mail.example", "jörg@mail.example"),
    ],
)
def test_addresses_that_old_phones_and_other_scripts_have_are_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, told: str
) -> None:
    mailbox, said = Mailbox(), list[str]()
    real = smtplib.SMTP.rcpt

    def rcpt(self: smtplib.SMTP, recipient: str, options: Any = ()) -> Any:
        said.append(recipient)
        return real(self, recipient, options)

    monkeypatch.setattr(smtplib.SMTP, "rcpt", rcpt)
    with smtp_server(mailbox, enable_SMTPUTF8=True) as place:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing(address=address))
    assert said == [told]
    assert mailbox.recipients == [address]
    assert f"To: {address}".encode() in mailbox.mails[0]


def test_a_server_that_cannot_write_such_letters_says_so(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, enable_SMTPUTF8=False) as place:
        settings = Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure")
        with pytest.raises(DeliveryFailed, match="SMTPUTF8") as failed:
            hand_over(settings, outgoing(address="jörg@mail.example"))
    assert failed.value.permanent
    assert mailbox.mails == []


def test_mail_goes_through_a_real_server_whole(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as place:
        hand_over(
            Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure", desk_name="HautHome, service"), outgoing()
        )
    assert mailbox.recipients == [ADDRESS]
    mail = BytesParser(policy=policy.default).parsebytes(mailbox.mails[0])
    assert mail["to"] == ADDRESS
    assert mail["from"].addresses[0].display_name == "HautHome, service"
    assert mail["subject"] == "Customer service [#10482]"
    assert mail["message-id"] == "<abc@desk.invalid>"
    body = mail.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["Ihre Anfrage läuft.", "Привет, 你好."]
    assert mailbox.mails[0].isascii()


def test_user_and_password_are_taken_from_the_url(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, authenticator=mailbox.authenticate, auth_require_tls=False) as place:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://desk%40x:s%40cret@{place}?insecure"), outgoing())
    assert mailbox.logins == [LoginPassword(b"desk@x", b"s@cret")]
    assert len(mailbox.mails) == 1


def test_a_server_without_sign_in_is_no_fault_of_the_message(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as place, pytest.raises(DeliveryFailed, match="offers no sign-in") as failed:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://desk:s%40cret@{place}?insecure"), outgoing())
    assert not failed.value.permanent
    assert mailbox.mails == []


def test_a_wrong_password_is_no_fault_of_the_message(tmp_path: Path) -> None:
    mailbox = Mailbox()
    options: dict[str, Any] = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    with smtp_server(mailbox, **options) as place, pytest.raises(DeliveryFailed) as failed:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://desk:wrong-secret@{place}?insecure"), outgoing())
    assert not failed.value.permanent
    assert "wrong-secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("recipient", "data", "permanent"),
    [
        (f"550 no such user {ADDRESS}", "250 OK", True),
        (f"450 mailbox of {ADDRESS} is busy", "250 OK", False),
        ("250 OK", f"554 refused for {ADDRESS}", True),
        ("250 OK", "451 later", False),
    ],
)
def test_a_refusal_says_its_code_and_never_the_address(
    tmp_path: Path, recipient: str, data: str, permanent: bool
) -> None:
    mailbox = Mailbox(data, recipient)
    with smtp_server(mailbox) as place, pytest.raises(DeliveryFailed) as failed:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())
    assert failed.value.permanent is permanent
    chain = repr(failed.value) + str(failed.value) + repr(failed.value.__cause__)
    assert "canary" not in chain
    assert failed.value.__suppress_context__


def test_an_unreachable_server_is_one_sentence(tmp_path: Path) -> None:
    with smtp_server(Mailbox()) as place:
        pass  # the port was real and is closed again
    with pytest.raises(DeliveryFailed, match="cannot be reached") as failed:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())
    assert not failed.value.permanent


def test_an_untrusted_certificate_stops_the_mail(tmp_path: Path) -> None:
    """ASVS 12.3.2: STARTTLS is used when it is offered, and its certificate is checked."""
    mailbox = Mailbox()
    context = _own_certificate(tmp_path)
    with smtp_server(mailbox, tls_context=context) as place, pytest.raises(DeliveryFailed, match="certificate"):
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())
    assert mailbox.mails == []


def test_starttls_is_used_when_it_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox()
    context = _own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with smtp_server(mailbox, tls_context=context, require_starttls=True) as place:
        port = place.rpartition(":")[2]
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://localhost:{port}"), outgoing())
    assert len(mailbox.mails) == 1


def test_a_server_without_encryption_gets_no_mail_unless_the_url_says_insecure(tmp_path: Path) -> None:
    """On this machine too: what listens on a port is not known by its number (ASVS 12.2.1)."""
    mailbox = Mailbox()
    with smtp_server(mailbox) as place:
        for url in (f"smtp://{place}", f"smtp://localhost:{place.rpartition(':')[2]}"):
            with pytest.raises(DeliveryFailed, match="no encryption, so nothing was sent") as failed:
                hand_over(Settings(home=tmp_path, smtp_url=url), outgoing())
            assert failed.value.unreached and not failed.value.permanent
            with pytest.raises(DeliveryFailed, match="no encryption"):
                smtp.probe(url)
        assert mailbox.mails == []
        for word in smtp.INSECURE:
            hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?{word}"), outgoing())
        assert len(mailbox.mails) == len(smtp.INSECURE)
        assert smtp.probe(f"smtp://{place}?insecure") == f"through {place}, not encrypted, as its URL allows"


def test_looking_at_a_server_signs_in_and_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox()
    context = _own_certificate(tmp_path)
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True, "authenticator": mailbox.authenticate}
    with smtp_server(mailbox, **options) as place:
        port = place.rpartition(":")[2]
        with pytest.raises(DeliveryFailed, match="certificate"):
            smtp.probe(f"smtp://desk:s%40cret@localhost:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        found = smtp.probe(f"smtp://desk:s%40cret@localhost:{port}")
        assert found == f"through localhost:{port}, encrypted, signed in"
        with pytest.raises(DeliveryFailed):
            smtp.probe(f"smtp://desk:wrong@localhost:{port}")
    assert mailbox.mails == []


def test_a_password_is_not_sent_in_the_clear_to_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "LOCAL", frozenset())
    mailbox = Mailbox()
    options: dict[str, Any] = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    with smtp_server(mailbox, **options) as place, pytest.raises(DeliveryFailed, match="no encryption"):
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://desk:s%40cret@{place}?insecure"), outgoing())
    assert mailbox.logins == []


def _own_certificate(folder: Path) -> Any:
    import ssl
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context


@pytest.mark.parametrize(
    "url",
    [
        "",
        "smtp://",
        "http://mail.example.org",
        "smtp://host:port",
        "mail.example.org:25",
        "smtp://[::1",
        "smtp://host?x",
        "smtp://a:b?insecure@host",
    ],
)
def test_an_unusable_smtp_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_SMTP_URL"):
        server_of(url)


def test_smtp_urls_are_read_whole() -> None:
    server = server_of("smtps://desk%40x:p%3Aw@mail.example.org")
    assert (server.host, server.port, server.encrypted) == ("mail.example.org", 465, True)
    assert (server.user, server.password) == ("desk@x", "p:w")
    assert "p:w" not in repr(server)
    assert server_of("smtp://[::1]:2525").host == "::1"
    assert not server_of("smtp://[::1]:2525").insecure
    assert server_of("smtp://[::1]:2525?insecure").insecure


class Scripted:
    """A server that takes one mail and answers each step as it is told; "" hangs up."""

    def __init__(self, **answers: str) -> None:
        self.answers = {"greeting": "220 x", "data": "354 go on", "end": "250 taken", "quit": "221 bye", **answers}
        self.got = b""

    def __enter__(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_about: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as lines:
            step, in_data = "greeting", False
            while answer := self.answers.get(step, "250 ok"):
                lines.write(answer.encode() + b"\r\n")
                lines.flush()
                in_data = step == "data"
                line = lines.readline()
                while in_data and line not in (b".\r\n", b""):
                    self.got += line
                    line = lines.readline()
                if not line:
                    return
                step = "end" if in_data else line.split()[0].decode().lower()


@pytest.mark.parametrize("said", ["421 too busy", ""])
def test_a_mail_that_was_taken_is_sent_whatever_the_server_says_to_a_goodbye(tmp_path: Path, said: str) -> None:
    """Sent again, it would arrive twice."""
    server = Scripted(quit=said)
    with server as place:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())
    assert b"Customer service" in server.got


def test_an_answer_that_never_comes_to_a_whole_mail_leaves_unknown_whether_it_was_sent(tmp_path: Path) -> None:
    with Scripted(end="") as place, pytest.raises(DeliveryUnknown):
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_hangs_up_before_can_be_asked_again(tmp_path: Path, step: str) -> None:
    with Scripted(**{step: ""}) as place, pytest.raises(DeliveryFailed) as failed:
        hand_over(Settings(home=tmp_path, smtp_url=f"smtp://{place}?insecure"), outgoing())
    assert not failed.value.permanent


# --- headers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["subject", "address", "message_id"])
@pytest.mark.parametrize("injected", ["\r\nBcc: eve@example.net", "\nBcc: eve@example.net", "\x00", "\u2028x"])
def test_line_breaks_in_headers_are_refused(tmp_path: Path, part: str, injected: str) -> None:
    """ASVS 1.2.10, 1.3.11: no one can add a header."""
    clean = {"subject": "s", "message_id": "<a@b>", "address": ADDRESS}
    clean[part] += injected
    made = outgoing(Field.EMAIL, clean["address"], clean["subject"], "t", clean["message_id"])
    with pytest.raises(DeliveryFailed, match="line break") as failed:
        hand_over(Settings(home=tmp_path, outbox=tmp_path / "out"), made)
    assert failed.value.permanent
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at-sign",
        "two@ats@example.org",
        "a b@example.org",
        "<x@y>",
        "x@y, z@y",
        "\ud800@x.y",
    ],
)
def test_what_is_no_single_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(DeliveryFailed, match="address on file") as failed:
        mail_of(Settings(home=tmp_path), Outgoing(Field.EMAIL, address, "s", "t", "<a@b>", AT))
    assert failed.value.permanent


@pytest.mark.parametrize(
    "ours",
    [
        {"desk_name": "A\r\nBcc: eve@example.net"},
        {"desk_name": "A\x1b]52;"},
        {"mail_from": "x@y\nz"},
        {"mail_from": ""},
    ],
)
def test_an_unusable_name_or_address_of_ours_is_a_setting_to_mend(tmp_path: Path, ours: dict[str, str]) -> None:
    """The requester's address is not blamed, and the message is sent once the setting is fixed."""
    with pytest.raises(BadSettings, match="desk_name or mail_from"):
        mail_of(Settings.model_validate({"home": tmp_path, **ours}), outgoing())


@settings(max_examples=150, deadline=None)
@given(subject=ANY_TEXT, text=ANY_TEXT)
def test_any_words_go_out_with_exactly_our_headers_or_are_refused(subject: str, text: str) -> None:
    try:
        mail = mail_of(Settings(home=Path("/nowhere")), outgoing(subject=subject, text=text))
    except DeliveryFailed:
        return
    raw = mail.as_bytes()
    assert raw.isascii()
    parsed = BytesParser(policy=policy.default).parsebytes(raw)
    wanted = {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
    assert {name.lower() for name in parsed.keys()} == wanted  # noqa: SIM118 - a message's keys repeat
    assert len(parsed.keys()) == len(wanted)


def test_nothing_personal_stands_in_a_repr() -> None:
    shown = repr(outgoing())
    assert "canary" not in shown
    assert "Anfrage" not in shown


# --- the outbox ----------------------------------------------------------------------------------------------


def test_the_outbox_wins_and_holds_real_mails_and_texts(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    one = Settings(home=tmp_path, outbox=folder, smtp_url="smtp://127.0.0.1:1", sms_url="json://127.0.0.1:1")
    hand_over(one, outgoing())
    hand_over(one, outgoing(Field.MOBILE, "+86 138-1234 5678"))
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".eml", ".txt"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert BytesParser(policy=policy.default).parsebytes(files[0].read_bytes())["to"] == ADDRESS
    head, _, body = files[1].read_text("utf-8").partition("\n\n")
    assert head.splitlines()[0] == f"To: {NUMBER}"
    assert body.strip() == "Ihre Anfrage läuft.\nПривет, 你好."


def test_outbox_names_sort_by_time_and_then_by_order(tmp_path: Path) -> None:
    later = AT.replace(minute=1)
    paths = [outbox.put(tmp_path, at, "0123456789abcdef", ".txt", b"x") for at in (AT, AT, AT, later)]
    assert sorted(paths) == paths


def test_an_outbox_that_cannot_be_written_fails_clean(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file, not a folder")
    with pytest.raises(DeliveryFailed, match="outbox"):
        hand_over(Settings(home=tmp_path, outbox=tmp_path / "outbox"), outgoing())


def test_a_full_disk_leaves_no_half_of_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryFailed, match="No space left") as failed:
        hand_over(Settings(home=tmp_path, outbox=tmp_path / "outbox"), outgoing())
    assert not failed.value.permanent
    assert list((tmp_path / "outbox").iterdir()) == []


# --- text messages -------------------------------------------------------------------------------------------


def test_text_messages_go_through_apprise_to_the_number(tmp_path: Path) -> None:
    with http_peer() as (place, seen):
        hand_over(Settings(home=tmp_path, sms_url=f"json://{place}/sms/?cto=2"), outgoing(Field.MOBILE))
    ((path, body),) = seen
    assert path.replace("%2B", "+") == f"/sms/{NUMBER}"
    assert json.loads(body)["message"].splitlines() == ["Ihre Anfrage läuft.", "Привет, 你好."]


@pytest.mark.parametrize("status", [400, 500])
def test_a_provider_that_refuses_leaves_no_number_anywhere(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """ASVS 16.2.5: Apprise's own loggers name the target; nothing of it may be seen."""
    caplog.set_level(logging.DEBUG)
    with http_peer(status) as (place, seen), pytest.raises(DeliveryFailed, match="did not accept") as failed:
        hand_over(Settings(home=tmp_path, sms_url=f"json://{place}/sms"), outgoing(Field.MOBILE))
    assert seen
    shown = "".join(capfd.readouterr()) + caplog.text + str(failed.value)
    assert "12345678" not in shown


def test_a_provider_that_takes_a_text_and_says_nothing_leaves_unknown_whether_it_was_sent(tmp_path: Path) -> None:
    """And it is asked once, also where the URL asks for another try."""
    with http_peer(stalls=True) as (place, seen), pytest.raises(DeliveryUnknown):
        url = f"json://{place}/sms/?cto=2&rto=0.3&retry=2&wait=0"
        hand_over(Settings(home=tmp_path, sms_url=url), outgoing(Field.MOBILE))
    assert len(seen) == 1


def test_a_provider_that_hangs_up_on_a_text_leaves_it_unknown_too(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)

    caller = threading.Thread(target=hang_up)
    caller.start()
    with listener, pytest.raises(DeliveryUnknown):
        url = f"json://127.0.0.1:{listener.getsockname()[1]}/sms"
        hand_over(Settings(home=tmp_path, sms_url=url), outgoing(Field.MOBILE))
    caller.join(10)


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_heard_nothing_from_the_provider_leaves_it_unknown(tmp_path: Path, status: int) -> None:
    with http_peer(status) as (place, _), pytest.raises(DeliveryUnknown):
        hand_over(Settings(home=tmp_path, sms_url=f"json://{place}/sms"), outgoing(Field.MOBILE))


@pytest.mark.parametrize("place", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_provider_that_was_not_reached_can_be_asked_again(tmp_path: Path, place: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        hand_over(Settings(home=tmp_path, sms_url=f"json://{place}"), outgoing(Field.MOBILE))
    assert (failed.value.unreached, failed.value.permanent) == (True, False)


def test_a_provider_whose_certificate_is_not_trusted_was_told_nothing(tmp_path: Path) -> None:
    context, listener = _own_certificate(tmp_path), socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            context.wrap_socket(connection, server_side=True)

    caller = threading.Thread(target=greet)
    caller.start()
    with listener, pytest.raises(DeliveryFailed, match="did not accept"):
        url = f"jsons://127.0.0.1:{listener.getsockname()[1]}/sms"
        hand_over(Settings(home=tmp_path, sms_url=url), outgoing(Field.MOBILE))
    caller.join(10)


def test_a_url_that_apprise_does_not_know_is_a_setting_to_mend(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_SMS_URL"):
        hand_over(Settings(home=tmp_path, sms_url="nosuch://token"), outgoing(Field.MOBILE))
    assert "".join(capfd.readouterr()) == ""


def test_the_number_becomes_the_last_target_before_any_query() -> None:
    assert sms.target_url("twilio://SID:TOKEN@15551234567", NUMBER) == (
        "twilio://SID:TOKEN@15551234567/%2B8613812345678"
    )
    assert sms.target_url("form://host/a/?method=post", NUMBER) == "form://host/a/%2B8613812345678?method=post"


@pytest.mark.parametrize("number", ["", "abc", "+", "12", "+86138/../x", "+8613812345678;ext=5", "+86 138\n123"])
def test_what_is_no_number_is_refused_for_good(tmp_path: Path, number: str) -> None:
    with pytest.raises(DeliveryFailed, match="not a phone number") as failed:
        hand_over(
            Settings(home=tmp_path, outbox=tmp_path / "out"), Outgoing(Field.MOBILE, number, "s", "t", "<a@b>", AT)
        )
    assert failed.value.permanent


@pytest.mark.parametrize("kind", [Field.EMAIL, Field.MOBILE, Field.ADDRESS])
def test_without_a_way_out_the_message_is_refused(tmp_path: Path, kind: Field) -> None:
    with pytest.raises(DeliveryFailed):
        hand_over(
            Settings(home=tmp_path), Outgoing(kind, ADDRESS if kind is Field.EMAIL else NUMBER, "s", "t", "<a@b>", AT)
        )
