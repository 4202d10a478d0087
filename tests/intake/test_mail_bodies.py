"""Which part of a mail is its text, what is kept as an attachment, and what is unwrapped to be read."""

import base64
import struct
import time
from binascii import b2a_uu
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from cs_console.intake.incoming import LIMITS, IncomingMessage
from cs_console.intake.mail import read_mail

HEAD = b"From: Ola Berg <ola@mail.example.org>\nSubject: My question\nMessage-ID: <mb@x.example>\nMIME-Version: 1.0\n"


def part(kind: str, body: str | bytes, *more: str) -> bytes:
    """A part with its headers; bytes are encoded as base64."""
    coded = isinstance(body, bytes)
    lines = [f"Content-Type: {kind}", *more, *(["Content-Transfer-Encoding: base64"] if coded else [])]
    content = base64.encodebytes(body) if isinstance(body, bytes) else body.encode()
    return "\n".join(lines).encode() + b"\n\n" + content


def multipart(kind: str, *parts: bytes, more: str = "") -> bytes:
    edge = f"edge{len(b''.join(parts))}{kind}"
    head = f'Content-Type: multipart/{kind}; boundary="{edge}"{more}\n\n'.encode()
    inside = b"".join(b"--" + edge.encode() + b"\n" + one + b"\n" for one in parts)
    return head + inside + b"--" + edge.encode() + b"--\n"


def read(body: bytes) -> IncomingMessage:
    return read_mail(HEAD + body)


def attached(mail: IncomingMessage) -> list[str]:
    return [file.name for file in mail.attachments]


HTML = "<p>Dear team, please send me a copy of everything that you hold about me. Kind regards, Ola Berg</p>"
HTML_WORDS = "please send me a copy of everything"


@pytest.mark.parametrize(
    "stub",
    [
        "This message needs a mail program that shows HTML.",
        "Your email client does not support HTML messages. Click here to view it in your browser.",
        "Diese Nachricht wird nur in HTML angezeigt. Bitte im Browser öffnen: https://news.example.net/1",
        "Si ce message ne s'affiche pas correctement, ouvrez-le dans votre navigateur.",
        "Si no puede ver este mensaje, ábralo en su navegador.",
        "Se não consegue ver esta mensagem, abra-a no navegador.",
        "Per visualizzare questo messaggio serve un programma che legge HTML.",
        "Om du inte kan läsa detta, öppna det i din webbläsare.",
        "Если письмо не отображается, откройте его в браузере.",
        "このメールはHTML形式です。ブラウザでご覧ください。",
        "如果您无法查看此邮件，请在浏览器中打开。",
        "https://news.example.net/read/8812",
        "[logo.png] <https://shop.example.net>",
        "Sent from my iPhone",
        "Von meinem iPad gesendet",
        "   \n\u00a0\n",
        "--\n",
    ],
)
def test_html_is_read_where_the_plain_version_only_stands_in_for_it(stub: str) -> None:
    mail = read(multipart("alternative", part("text/plain; charset=utf-8", stub), part("text/html", HTML)))
    assert HTML_WORDS in mail.text
    assert attached(mail) == []


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("Please delete my account.", "<p>Please delete my account.</p><p>Sent from my phone</p>"),
        ("Ok", "<p>Ok</p>"),
        ("Yes, thank you.", "<p>Yes, thank you.</p><blockquote>You wrote: do you want this? Kind regards</blockquote>"),
        ("Your HTML pages do not work in my browser.", "<p>Your <b>HTML</b> pages do not work in my browser.</p>"),
        ("My browser shows nothing\n\n-- \nOla", "<p>My browser shows nothing</p><p>Ola</p>"),
        ("删除我的账户", "<p>删除我的账户</p>"),
        ("Sent from my iPhone", "<p>Sent from my iPhone</p>"),
        ("A letter of its own. " * 40, "<p>Something else</p>" * 400),
    ],
)
def test_a_plain_version_that_says_the_same_is_read(plain: str, html: str) -> None:
    mail = read(
        multipart("alternative", part("text/plain; charset=utf-8", plain), part("text/html; charset=utf-8", html))
    )
    assert mail.text.strip() == plain.strip()
    assert attached(mail) == []


def test_a_preview_that_is_cut_off_gives_way_to_the_whole() -> None:
    html = "<p>Hello, I moved in May and my old address is still on file. Please correct it, and tell me when.</p>"
    mail = read(
        multipart("alternative", part("text/plain", "Hello, I moved in May and my old..."), part("text/html", html))
    )
    assert "Please correct it" in mail.text


def test_html_that_is_too_deep_costs_nothing_where_a_plain_version_says_it() -> None:
    deep = "<blockquote>" * 400 + "x" + "</blockquote>" * 400
    mail = read(multipart("alternative", part("text/plain", "Please delete my data."), part("text/html", deep)))
    assert mail.text == "Please delete my data."


@pytest.mark.parametrize(
    ("kind", "more", "attachments"),
    [
        ('text/plain; charset=utf-8; name="letter.txt"', "Content-Disposition: inline", []),
        ("text/plain; charset=utf-8", 'Content-Disposition: attachment; filename="request.txt"', ["request.txt"]),
        ("text/plain; charset=utf-8", "Content-Disposition: attachment", ["message.txt"]),
        ('text/markdown; charset=utf-8; name="note.md"', "Content-Disposition: inline", []),
    ],
)
def test_the_only_text_is_read_though_it_is_named_or_marked_as_a_file(
    kind: str, more: str, attachments: list[str]
) -> None:
    alone = read(part(kind, "Bitte löschen Sie mein Konto.", more))
    beside = read(multipart("mixed", part(kind, "Bitte löschen Sie mein Konto.", more), part("image/png", b"\x89PNG")))
    assert alone.text == beside.text == "Bitte löschen Sie mein Konto."
    assert attached(alone) == attachments
    assert attached(beside) == [*attachments, "message.bin"]


def test_a_named_text_beside_another_stays_a_file() -> None:
    named = part('text/plain; name="log.txt"', "line 1", "Content-Disposition: attachment; filename=log.txt")
    mail = read(multipart("mixed", part("text/plain", "See the log."), named))
    assert (mail.text, attached(mail)) == ("See the log.", ["log.txt"])
    two = read(multipart("mixed", named, named.replace(b"log.txt", b"b.txt").replace(b"line 1", b"line 2")))
    assert (two.text, attached(two)) == ("", ["log.txt", "b.txt"])


def test_several_texts_and_what_belongs_to_a_page_are_told_apart() -> None:
    page = multipart(
        "related",
        part("image/png; name=logo.png", b"\x89PNG", "Content-ID: <logo>"),
        part("text/html", "<p>The page itself</p><img src='cid:logo'>", "Content-ID: <page>"),
        more='; start="<page>"',
    )
    mail = read(multipart("mixed", page, part("text/plain", "and a line below", "Content-Disposition: inline")))
    assert mail.text == "The page itself\n\nand a line below"
    assert attached(mail) == ["logo.png"]


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        (
            "text/enriched",
            "<bold>Please</bold> delete\nit.\n\n<color><param>red</param>Now</color> 1 << 2",
            "Please delete it.\nNow 1 < 2",
        ),
        ("text/richtext", "Please<nl>delete <comment>no</comment>it <lt>b>", "Please\ndelete it <b>"),
        ("text/markdown", "# Please\n\n* delete it", "# Please\n\n* delete it"),
    ],
)
def test_other_kinds_of_text_are_text(kind: str, written: str, words: str) -> None:
    assert read(part(kind, written)).text == words


FORWARDED = (
    "From: =?utf-8?Q?K=C3=A4te?= <kaete@mail.example.net>\nTo: ola@mail.example.org\nSubject: Lost parcel\n"
    "Date: Fri, 20 Nov 2026 08:00:00 +0100\n\nMy parcel is lost.\n"
)


def test_a_mail_passed_on_with_words_is_an_attachment() -> None:
    mail = read(
        multipart(
            "mixed", part("text/plain", "For you."), part("message/rfc822", FORWARDED, "Content-Disposition: inline")
        )
    )
    assert (mail.text, attached(mail)) == ("For you.", ["message.eml"])


@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_a_mail_that_is_only_passed_on_is_read(empty: str | None) -> None:
    inside = part("message/rfc822", FORWARDED)
    mail = read(inside if empty is None else multipart("mixed", part("text/plain", empty), inside))
    assert mail.text == (
        "Forwarded message\nFrom: Käte <kaete@mail.example.net>\nTo: ola@mail.example.org\n"
        "Date: Fri, 20 Nov 2026 08:00:00 +0100\nSubject: Lost parcel\n\nMy parcel is lost."
    )
    assert attached(mail) == ["message.eml"]


def test_a_mail_inside_that_was_encoded_against_the_rules_is_read() -> None:
    mail = read(part("message/rfc822", FORWARDED.encode()))
    assert "My parcel is lost." in mail.text
    assert mail.attachments[0].content == FORWARDED.encode()


def test_what_a_report_says_is_text_and_what_is_for_machines_is_no_attachment() -> None:
    mail = read(
        multipart(
            "report",
            part("text/plain", "Your message was read."),
            part("message/disposition-notification", "Reporting-UA: x\nDisposition: manual-action; displayed\n"),
            more="; report-type=disposition-notification",
        )
    )
    assert (mail.text, attached(mail)) == ("Your message was read.", [])
    assert len(mail.files) == 1


EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:7
DTSTART;TZID=Europe/Berlin:20261203T140000
DTEND;TZID=Europe/Berlin:20261203T143000
SUMMARY:Talk about my refund\\, please
LOCATION:Room 4\\; first floor
DESCRIPTION:I would like to talk
 about it.\\nPlease bring the file.
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize("kind", ["text/calendar; method=REQUEST; charset=utf-8", "application/ics; name=invite.ics"])
def test_an_invitation_is_shown_as_words(kind: str) -> None:
    mail = read(part(kind, EVENT))
    assert mail.text == (
        "Invitation: Talk about my refund, please\nWhen: 2026-12-03 14:00 to 14:30 Europe/Berlin\n"
        "Where: Room 4; first floor\n\nI would like to talkabout it.\nPlease bring the file."
    )


def test_an_invitation_beside_a_text_adds_what_that_does_not_say() -> None:
    said = "I would like to talkabout it.\nPlease bring the file."
    versions = multipart("alternative", part("text/plain", said), part("text/calendar; method=REQUEST", EVENT))
    assert read(versions).text.startswith(f"{said}\n\nInvitation: Talk about my refund, please\nWhen: 2026-12-03")
    assert read(versions).text.count("Please bring the file.") == 1


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        ("DTSTART:20261203T130000Z", "When: 2026-12-03 13:00 UTC"),
        ("DTSTART;VALUE=DATE:20261203", "When: 2026-12-03"),
        ("DTSTART:20261203T130000", "When: 2026-12-03 13:00"),
        ('DTSTART;TZID="(UTC+01:00) Berlin":20261203T130000', "When: 2026-12-03 13:00 (UTC+01:00) Berlin"),
    ],
)
def test_the_times_of_an_invitation_name_their_zone(lines: str, when: str) -> None:
    event = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Call\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    assert read(part("text/calendar", event)).text == f"Invitation: Call\n{when}"


def test_an_invitation_that_cannot_be_read_is_shown_as_it_is_written() -> None:
    assert read(part("text/calendar", "BEGIN:VCALENDAR\nSUMMARY:cut off\n")).text == "BEGIN:VCALENDAR\nSUMMARY:cut off"


def certificate() -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ola")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=900))
    return builder.sign(key, hashes.SHA256()), key


def test_a_mail_inside_its_signature_is_read() -> None:
    signer, key = certificate()
    inside = multipart(
        "mixed", part("text/plain; charset=utf-8", "Grüße, signed."), part("image/png; name=a.png", b"\x89")
    )
    der = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(inside)
        .add_signer(signer, key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    mail = read(part('application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', der))
    assert (mail.text, attached(mail), mail.remarks) == ("Grüße, signed.", ["a.png"], ())
    assert [file.content for file in mail.files if file.name == "smime.p7m"] == [der]


def test_a_signed_mail_in_pieces_without_their_length_is_read() -> None:
    """BER, as OpenSSL writes it for a stream."""
    inside = part("text/plain", "In two pieces.")

    def wrapped(tag: int, *content: bytes) -> bytes:
        return bytes((tag, 0x80)) + b"".join(content) + b"\0\0"

    def octets(data: bytes) -> bytes:
        return b"\x04" + bytes((len(data),)) + data

    data_oid = bytes.fromhex("06092a864886f70d010701")
    signed_oid = bytes.fromhex("06092a864886f70d010702")
    content = wrapped(0x30, data_oid, wrapped(0xA0, wrapped(0x24, octets(inside[:20]), octets(inside[20:]))))
    signed = wrapped(0x30, b"\x02\x01\x01", b"\x31\x00", content, b"\x31\x00")
    mail = read(
        part("application/x-pkcs7-mime; smime-type=signed-data", wrapped(0x30, signed_oid, wrapped(0xA0, signed)))
    )
    assert mail.text == "In two pieces."


def test_encrypted_mail_says_so_and_is_no_reason_for_quarantine() -> None:
    recipient, _ = certificate()
    der = (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(b"secret")
        .add_recipient(recipient)
        .encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    smime = read(part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", der))
    assert smime.text == ""
    assert smime.remarks == (
        "This message is encrypted (S/MIME), so it cannot be read here. Ask its sender to write without encryption.",
    )
    assert attached(smime) == ["smime.p7m"]
    pgp = read(
        multipart(
            "encrypted",
            part("application/pgp-encrypted", "Version: 1\n"),
            part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----\n\nhQEM\n"),
            more='; protocol="application/pgp-encrypted"',
        )
    )
    assert pgp.remarks[0].startswith("This message is encrypted (PGP)")
    inline = read(part("text/plain", "Hello,\n\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"))
    assert inline.remarks == ("A part of this message is encrypted (PGP), so it cannot be read here.",)
    assert inline.text.startswith("Hello,")


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    packed = struct.pack("<I", len(found))
    for kind, tag, data in found:
        packed += struct.pack("<HHII", kind, tag, 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return packed


def tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


PDF = b"%PDF-1.7 of our own"
FILE = (
    attribute(2, 0x9002, b"\0" * 14)
    + attribute(2, 0x8010, b"INVOIC~1.PDF\0")
    + attribute(2, 0x800F, PDF)
    + attribute(2, 0x9005, properties((0x1F, 0x3707, "Rechnung März.pdf\0".encode("utf-16-le"))))
)
RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe,\par bitte \b l\'f6schen\b0  \u8364? 5}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (attribute(1, 0x800C, b"Words of the body\0"), "Words of the body"),
        (
            attribute(1, 0x9003, properties((0x1F, 0x1000, "Löschen Sie bitte mein Konto\0".encode("utf-16-le")))),
            "Löschen Sie bitte mein Konto",
        ),
        (
            attribute(1, 0x9003, properties((0x102, 0x1013, b"<p>Words of the <b>page</b></p>"))),
            "Words of the page",
        ),
        (
            attribute(
                1, 0x9003, properties((0x102, 0x1009, struct.pack("<II4sI", len(RTF) + 12, len(RTF), b"MELA", 0) + RTF))
            ),
            "Grüße,\nbitte löschen € 5",
        ),
    ],
)
def test_what_outlook_packs_is_read(body: bytes, words: str) -> None:
    data = tnef(attribute(1, 0x9007, struct.pack("<II", 1252, 0)), body, FILE)
    alone = read(part("application/ms-tnef; name=winmail.dat", data))
    assert (alone.text, attached(alone)) == (words, ["Rechnung März.pdf"])
    assert alone.attachments[0].content == PDF
    beside = read(multipart("mixed", part("text/plain", "The plain words."), part("application/ms-tnef", data)))
    assert (beside.text, attached(beside)) == ("The plain words.", ["Rechnung März.pdf"])


def test_packed_rich_text_is_unpacked() -> None:
    """Literal runs and a reference to what came before: "{\\rtf1\\ansi" stands in every dictionary's beginning."""
    packed = b"\x01\x00\x09" + b" abc{}d" + b"\x00" + b"e fghi} "
    mail = read(
        part(
            "application/ms-tnef",
            tnef(
                attribute(
                    1,
                    0x9003,
                    properties((0x102, 0x1009, struct.pack("<II4sI", len(packed) + 12, 4000, b"LZFu", 0) + packed)),
                )
            ),
        )
    )
    assert mail.text == "abcde fghi"


@pytest.mark.parametrize("cut", [7, 20, 40, 80, 150])
def test_a_container_that_is_cut_off_is_kept_and_costs_no_mail(cut: int) -> None:
    data = tnef(attribute(1, 0x800C, b"Words of the body\0"), FILE)[:cut]
    mail = read(multipart("mixed", part("text/plain", "See the file."), part("application/ms-tnef; name=w.dat", data)))
    assert mail.text == "See the file."
    assert any(file.content == data for file in mail.files)


def test_of_more_packed_files_than_a_mail_may_have_the_first_are_files_and_the_whole_is_kept() -> None:
    data = tnef(FILE * 250)
    mail = read(multipart("mixed", part("text/plain", "See the files."), part("application/ms-tnef; name=w.dat", data)))
    assert (mail.text, mail.attachments[0].name, mail.attachments[0].content) == ("See the files.", "w.dat", data)
    assert 150 < len(mail.attachments) <= LIMITS.mime_parts
    assert mail.remarks == ("a part of this message could not be read: the message has more than 200 parts",)


@pytest.mark.parametrize("media_type", ["application/xhtml+xml", "application/vnd.wap.xhtml+xml; charset=utf-8"])
def test_xhtml_is_read_as_html(media_type: str) -> None:
    html = (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="x"/></head><body><p>Please <b>delete</b> my däta.<br/>Now.</p></body></html>'
    )
    assert read(part(media_type, html)).text == "Please delete my däta.\nNow."
    both = multipart("alternative", part("text/plain", "Please delete my data."), part(media_type, html))
    assert (read(both).text, read(both).attachments) == ("Please delete my data.", ())


def test_the_charset_that_xhtml_itself_names_is_read() -> None:
    html = '<?xml version="1.0" encoding="windows-1250"?>\n<html><body><p>Łączę wyrazy</p></body></html>'
    assert read(part("application/xhtml+xml", html.encode("cp1250"))).text == "Łączę wyrazy"


@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_line_ends_the_wrong_way_round_are_read(encoding: str) -> None:
    text = "One.\nTwo.\n\nThree.\n"
    mail = f"From: a@mail.example\nSubject: Ends\nContent-Transfer-Encoding: {encoding}\n\n"
    if encoding == "base64":
        coded = base64.encodebytes(text.replace("\n", "\n\r").encode()).decode()
        read_one = read_mail(f"{mail}{coded}".encode())
    else:
        read_one = read_mail(f"{mail}{text}".replace("\n", "\n\r").encode())
        assert read_one.content == read_mail(f"{mail}{text}".encode()).content
    assert (read_one.subject, read_one.text) == ("Ends", "One.\nTwo.\n\nThree.")


@pytest.mark.parametrize(
    ("declared", "meta", "codec"),
    [
        ("", '<meta charset="iso-8859-2">', "iso8859-2"),
        ("", "<META http-equiv=Content-Type content='text/html; charset=windows-1250'>", "cp1250"),
        ("; charset=us-ascii", '<meta charset="windows-1250">', "cp1250"),
        ("; charset=utf-8", '<meta charset="iso-8859-1">', "utf-8"),
        ("", '<meta charset="utf-8">', "cp1250"),
    ],
)
def test_html_says_its_charset_itself(declared: str, meta: str, codec: str) -> None:
    page = f"<html><head>{meta}</head><body><p>Zażółć gęślą jaźń, proszę</p></body></html>"
    assert read(part(f"text/html{declared}", page.encode(codec))).text == "Zażółć gęślą jaźń, proszę"


def test_a_guess_is_said_above_the_text_and_is_none_of_it() -> None:
    mail = read(part("text/plain", "Верните деньги за заказ".encode("koi8-r")))
    assert mail.text == "Верните деньги за заказ"
    assert mail.remarks == ("The character set is a guess: KOI8-R.",)
    assert mail.shown_text == "[The character set is a guess: KOI8-R.]\n\nВерните деньги за заказ"


def test_lines_that_end_in_a_carriage_return_alone_are_lines() -> None:
    assert read(part("text/plain", b"one\rtwo\rthree")).text == "one\ntwo\nthree"


def test_a_mail_that_another_program_made_reads_the_same() -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = "ola@mail.example.org", "Größe"
    made.set_content("Plain words, ä.")
    made.add_alternative("<p>Plain words, ä.</p>", subtype="html")
    made.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="Größe.csv")
    mail = read_mail(made.as_bytes())
    assert (mail.subject, mail.text.strip(), attached(mail)) == ("Größe", "Plain words, ä.", ["Größe.csv"])


def uuencoded(name: str, content: bytes) -> str:
    lines = "".join(b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45))
    return f"begin 644 {name}\n{lines}`\nend\n"


def test_a_file_in_the_text_itself_is_an_attachment() -> None:
    picture = bytes(range(256)) * 3
    mail = read(part("text/plain", f"See the picture.\n\n{uuencoded('lamp broken.gif', picture)}\nBye\n"))
    assert mail.text.strip() == "See the picture.\n\n[file: lamp broken.gif]\n\nBye"
    assert [(file.name, file.content) for file in mail.attachments] == [("lamp broken.gif", picture)]


@pytest.mark.parametrize(
    "text",
    ["begin 644 a.txt\nnot that kind\nend\n", "begin 644 a.txt\n#0V%T\n", "to begin 644 times\nend", "begin\n644\nend"],
)
def test_what_only_begins_like_such_a_file_stays_text(text: str) -> None:
    mail = read(part("text/plain", text))
    assert (mail.text.strip(), mail.files) == (text.strip(), ())


def test_many_beginnings_of_files_cost_linear_time() -> None:
    began = time.thread_time()
    read(part("text/plain", "begin 644 a\n" * 60_000))
    read(part("text/plain", "begin 644 a\n#0V%T\n" * 40_000))
    assert time.thread_time() - began < 5


def test_a_signed_mail_whose_type_is_not_named_is_read_by_its_name() -> None:
    signer, key = certificate()
    der = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(part("text/plain", "Signed all the same."))
        .add_signer(signer, key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    assert read(part('application/octet-stream; name="smime.p7m"', der)).text == "Signed all the same."


def test_a_damaged_mail_inside_is_kept_byte_for_byte() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=none\nSubject: x\n\n\xe4 without its boundary \xff\n"
    mail = read(multipart("mixed", part("text/plain", "See below."), b"Content-Type: message/rfc822\n\n" + inner))
    assert mail.attachments[0].content.strip() == inner.strip()


@pytest.mark.parametrize(
    "attributes",
    ['type="cite"', 'class="gmail_quote" style="border-left:1px solid"', "style='border-left: 2px'", "cite=mid:1"],
)
def test_a_letter_that_html_quotes_is_marked_as_quoted(attributes: str) -> None:
    html = (
        f"<div>8834.</div><div>On 3 May 2026, HautHome wrote:</div><blockquote {attributes}><p>Which number?</p>"
        f"Before it: <blockquote {attributes}>Hello<br>again</blockquote></blockquote><p>And Monday.</p>"
    )
    lines = [line for line in read(part("text/html", html)).text.split("\n") if line.strip("> ")]
    assert lines == [
        *("8834.", "On 3 May 2026, HautHome wrote:", "> Which number?", "> Before it:", ">> Hello", ">> again"),
        "And Monday.",
    ]


def test_a_paragraph_that_is_set_in_is_not_a_quotation() -> None:
    assert read(part("text/html", "<p>One</p><blockquote>set in</blockquote>")).text.split() == ["One", "set", "in"]


WORDS = "Bitte löschen Sie mein Konto, vielen Dank für alles."


@pytest.mark.parametrize(
    "kind",
    [
        *("text/", "text/*", "text/txt", "plain/text", "text/x-unknown", "text / plain", '"text/plain"', "text"),
        *(
            "text/plain (my words); charset=utf-8",
            "text/plain charset=utf-8",
            "application/octet-stream",
            "charset=utf-8",
        ),
    ],
)
def test_a_letter_is_read_however_its_kind_is_written(kind: str) -> None:
    mail = read(part(kind, WORDS))
    assert mail.text == WORDS
    assert attached(mail) == []


def test_html_is_read_as_html_however_its_kind_is_written() -> None:
    for kind in ("text/htm", "html/text", "text/x-html"):
        assert read(part(f"{kind}; charset=utf-8", f"<p>{WORDS}</p>")).text == WORDS


def test_a_file_that_is_no_text_is_not_read_as_the_letter() -> None:
    mail = read(part("application/octet-stream", bytes(range(256))))
    assert mail.text == ""
    assert len(mail.attachments) == 1


CODED = base64.encodebytes(WORDS.encode()).decode()


@pytest.mark.parametrize("encoding", ['"base64"', "base64;", "base64 (RFC 2045)", "Base64 "])
def test_an_encoding_is_known_however_it_is_written(encoding: str) -> None:
    mail = read(part("text/plain; charset=utf-8", CODED, f"Content-Transfer-Encoding: {encoding}"))
    assert mail.text.strip() == WORDS


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (CODED + "\n-- \nThe list's own lines, umlauts: äöü\n", f"{WORDS}\n-- \nThe list's own lines, umlauts: äöü"),
        (WORDS, WORDS),
        ("Hello\n\nNothing here is encoded: really nothing.", "Hello\n\nNothing here is encoded: really nothing."),
        (CODED.rstrip().rstrip("="), WORDS),
    ],
    ids=["list", "plain", "one-word", "no-padding"],
)
def test_text_that_is_not_encoded_as_it_says_is_read_all_the_same(written: str, text: str) -> None:
    mail = read(part("text/plain; charset=utf-8", written, "Content-Transfer-Encoding: base64"))
    assert mail.text.split() == text.split()


@pytest.mark.parametrize("sign", ["<", "x", "@", "a@", "http://", "的", ". "])
def test_whether_a_plain_version_is_a_stub_is_asked_in_linear_time(sign: str) -> None:
    html = part("text/html; charset=utf-8", sign * (800_000 // len(sign.encode())))
    began = time.thread_time()
    read(multipart("alternative", part("text/plain", "<" * 500), html))
    assert time.thread_time() - began < 4
