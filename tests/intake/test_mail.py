"""Reading one mail: what it says, in whatever way it is written (tests/data/mail holds the odd ones)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.mail import read_mail
from models.contact_fields import Field
from models.enums import Channel

MAILS = Path(__file__).parent.parent / "data" / "mail"


def read(name: str) -> IncomingMessage:
    return read_mail((MAILS / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "subject", "words"),
    [
        ("gb18030.eml", "账户被锁定", "您好，我的账户昨天被锁定了"),
        ("8859-15.eml", "Rechnung über 20 €", "der Betrag von 20 € ist falsch"),
        ("windows-1251.eml", "Жалоба на продавца", "продавец не отвечает"),
        ("koi8-undeclared.eml", "Удалите мои данные", "прошу удалить мои персональные данные"),
        ("latin1-undeclared.eml", "Spørsmål om ordren", "jeg har et spørsmål om ordren min"),
        ("iso-2022-jp.eml", "アカウントの質問", "ログインできません"),
        ("unknown-charset.eml", "Grüße", "Grüße aus Köln"),
        ("lying-utf-8.eml", "plain", "Schöne Grüße aus Köln, äöüß"),
        ("crlf.eml", "CRLF", "One\nTwo"),
        ("folded-subject.eml", "one tü three", "Words."),
    ],
)
def test_every_encoding_becomes_the_words_that_were_written(name: str, subject: str, words: str) -> None:
    mail = read(name)
    assert mail.subject == subject
    assert words in mail.text


def test_flowed_paragraphs_are_joined_so_that_numbers_are_whole() -> None:
    assert read("flowed.eml").text == (
        "My number is 138 0013 8000 and this is one paragraph.\n\n"
        ">> quoted twice\n> once\nFrom the start, stuffed\n-- \nAlice"
    )
    assert read("flowed-delsp.eml").text == "我的手机号码是 13800138000。"


def test_html_becomes_words_with_nothing_hidden_fetched_or_run() -> None:
    mail = read("html-only.eml")
    assert "The lamp & shade came broken." in mail.text
    assert "hidden words" in mail.text
    assert "Order\n8834" in mail.text
    assert "[your bank](http://evil.example.net/x)" in mail.text
    for gone in ("alert", "color", "track.example.net"):
        assert gone not in mail.text
    assert [file.media_type for file in mail.files] == ["text/html"]


def test_the_plain_version_is_read_and_the_other_one_kept() -> None:
    mail = read("alternative.eml")
    assert mail.text == "The plain words."
    assert [file.content for file in mail.files] == [b"<p>The <i>rich</i> words.</p>"]


def test_an_empty_plain_version_gives_way_to_the_other_one() -> None:
    assert read("alternative-empty-plain.eml").text == "Only the rich words."


def test_every_part_of_a_nested_mail_is_read_or_kept() -> None:
    mail = read("nested.eml")
    assert mail.text == "See below.\n\nPS: after it."
    kept = {file.name: file.content for file in mail.files}
    assert kept["in voice.pdf"] == b"%PDF-1.4"
    assert kept["logo.png"].startswith(b"\x89PNG")
    assert b"The inner words." in kept["message.eml"]
    assert kept["message.html"] == b"<p>See below.</p>"


def test_containers_are_kept_and_never_unpacked() -> None:
    mail = read("winmail.eml")
    assert [(file.name, file.media_type) for file in mail.files] == [("winmail.dat", "application/ms-tnef")]
    assert mail.text == "See the file."


def test_file_names_are_decoded_and_made_plain() -> None:
    assert [file.name for file in read("rfc2231.eml").files] == ["账单.pdf", "Zoë.txt", "../../etc/pass⟨202E⟩wd"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken-headers.eml", "Words."),
        ("empty-boundary.eml", "Words without a boundary."),
        ("unterminated.eml", "The end is missing."),
    ],
)
def test_broken_mail_loses_no_words(name: str, words: str) -> None:
    assert words in read(name).text


def test_the_senders_address_and_name_are_claims_in_their_normal_form() -> None:
    assert read("html-only.eml").contacts == ((Field.EMAIL, "jane@mail.example.org"), (Field.NAME, "Doe, Jane"))
    assert read("idn-from.eml").contacts == ((Field.EMAIL, "Zoe@xn--bcher-kva.example"), (Field.NAME, "Zoë"))
    assert read("address-as-name.eml").contacts == ((Field.EMAIL, "alice@mail.example.org"),)


@pytest.mark.parametrize("name", ["lying-from.eml", "no-from.eml"])
def test_a_sender_who_can_be_read_in_two_ways_is_no_one(name: str) -> None:
    """ASVS 1.2.4, 5.2: `alice@example.org)bob@evil.example` must not be taken for either of them."""
    assert read(name).contacts == ()


def test_a_line_break_that_a_header_hides_is_a_space_and_forges_nothing() -> None:
    mail = read("header-break.eml")
    assert mail.subject == "one Bcc: two@evil.example"
    assert [name for name, _ in mail.headers] == ["From", "Subject", "Message-ID"]


def test_hostile_characters_are_shown_and_never_passed_on() -> None:
    mail = read("hostile.eml")
    whole = mail.subject + mail.text + "".join(value for _, value in (*mail.contacts, *mail.headers))
    assert mail.subject == "[@click=app.quit]␛]52;c;Zm9v␇ ⟨200B⟩zero⟨2066⟩"
    assert not set(whole) & set("\x00\x07\x1b\x9b\u200b\u202e\u2028\u2066\U000e0041")


def test_a_mail_without_an_id_is_named_by_its_content() -> None:
    mail = read("no-message-id.eml")
    assert mail.reference == mail.digest
    assert read("no-date.eml").reference == "<nd@mail.example.org>"


def test_a_very_long_subject_is_cut_for_the_ticket_and_whole_in_its_headers() -> None:
    mail = read("long-subject.eml")
    assert len(mail.subject) <= 2000
    assert dict(mail.headers)["Subject"].endswith("word899")


def test_the_date_is_our_own_servers_then_the_senders_then_none() -> None:
    base = b"From: a@mail.example.org\nDate: Fri, 20 Nov 2026 08:00:00 +0100\n"
    received = b"Received: from x by y;\n\tFri, 20 Nov 2026 08:05:00 +0100\n"
    assert read_mail(received + base + b"\nx").at == datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
    assert read_mail(base + b"\nx").at == datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    assert read("no-date.eml").at is None
    assert read("odd-date.eml").at is None


def test_threads_are_named_nearest_first() -> None:
    mail = read_mail(b"In-Reply-To: <c@x>\nReferences: <a@x> <b@x>\n <c@x>\nSubject: Re: [#10482]\n\nx")
    assert mail.references == ("<c@x>", "<b@x>", "<a@x>")


def test_the_mailboxes_that_it_was_sent_to_are_found() -> None:
    mail = read_mail(b"To: Desk <Appeals+de@desk.example>, 'x@y.example'\nDelivered-To: spool@desk.example\n\nx")
    assert mail.mailboxes == ("appeals", "x", "spool")
    assert mail.channel is Channel.MAIL
