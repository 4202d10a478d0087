"""What a mail is: a person's, or one of the six kinds that machines write."""

import base64
from textwrap import dedent

import pytest

from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.mail import read_mail
from cs_console.intake.our_mail import OurMail
from models.enums import MailClass

OURS = OurMail(
    addresses=frozenset({"service@shop.example"}),
    domains=frozenset({"shop.example"}),
    mailboxes=frozenset({"service", "privacy", "help"}),
    forms=frozenset({"forms.shop.example"}),
)


def read(headers: str, body: str = "Words.", ours: OurMail = OURS) -> IncomingMessage:
    own = headers if "\nFrom:" in f"\n{headers}" else f"From: ines@mail.example\n{headers}"
    return read_mail(f"{own}\nTo: service@shop.example\nMessage-ID: <1@mail.example>\n\n{body}".encode(), ours=ours)


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (by a shop)",
        "Precedence: auto_reply",
        "Precedence: Auto-Reply",
        "Precedence: bulk",
        "Precedence: junk",
        "X-Autoreply: yes",
        "X-Autorespond: 1",
        "X-Mail-Autoreply: on",
        "X-Mailer: vacation 1.4",
        "X-POST-MessageClass: 9; Autoresponder",
        "Return-Path: <>",
        "Content-Type: text/calendar; charset=utf-8; method=REPLY",
        'Content-Type: text/calendar; method="counter"',
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=B\n\n--B\n"
        "Content-Type: message/disposition-notification\n\nDisposition: automatic-action; displayed\n--B--",
        "Subject: Automatic reply: your letter\nX-Auto-Response-Suppress: All",
        "Subject: Automatische Antwort: Ihr Schreiben\nIn-Reply-To: <a@shop.example>",
        "Subject: Out of office\nReferences: <a@shop.example>",
        "Subject: 自动回复: 您的申请\nIn-Reply-To: <a@shop.example>",
        "Subject: Respuesta automática: hola\nIn-Reply-To: <a@shop.example>",
        "Subject: Réponse automatique : bonjour\nIn-Reply-To: <a@shop.example>",
        "Subject: AUTO: Ines is out of the office (returning 7 December) [#10042]",
        "Subject: Ines Roth ist nicht im Büro\nIn-Reply-To: <a@shop.example>",
        "Subject: [Auto-Reply] Your letter [#10042]",
        "Subject: Automatikus válasz: [#10042]",
        "Subject: Αυτόματη απάντηση: γεια\nIn-Reply-To: <a@shop.example>",
        "From: Parcel news <no-reply@parcel.example>",
        "From: donotreply@bank.example",
        "From: noreply17@bank.example",
        "Subject: Automatic reply: your letter\nX-MS-Exchange-Inbox-Rules-Loop: ines@mail.example",
        "Subject: Automatische Antwort: Brief\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "Subject: Out of Office Re: Your letter\nReferences: <a@shop.example>",
        "Subject: 【自動返信】お問い合わせ\nIn-Reply-To: <a@shop.example>",
        "Subject: Odpowiedź automatyczna: list\nIn-Reply-To: <a@shop.example>",
        "Subject: Автоматична відповідь: лист\nIn-Reply-To: <a@shop.example>",
        "Subject: תשובה אוטומטית: מכתב\nIn-Reply-To: <a@shop.example>",
        "Subject: رد تلقائي: رسالة\nIn-Reply-To: <a@shop.example>",
        "Subject: 부재중 자동응답입니다.\nIn-Reply-To: <a@shop.example>",
        "From: web@forms.shop.example\nReply-To: ines@mail.example\nAuto-Submitted: auto-replied",
        "Subject: Automatinis atsakymas: laiškas\nIn-Reply-To: <a@shop.example>",
        "Subject: پاسخ خودکار: نامه\nIn-Reply-To: <a@shop.example>",
        "X-OTRS-Loop: yes",
        "X-List-Administrivia: yes\nList-Id: <cats.lists.example>",
        "From: LISTSERV@lists.example\nSubject: Your posting was refused",
        "From: dmarc@provider.example\nSubject: Report Domain: shop.example Submitter: provider.example Report-ID: 7",
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR",
    ],
)
def test_what_a_program_writes_is_automatic(headers: str) -> None:
    assert read(headers).mail_class is MailClass.AUTOMATIC


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: Hello",
        "Subject: Automatic reply: what does your automatic reply mean?",
        "Subject: Re: Automatic reply: your letter\nIn-Reply-To: <a@shop.example>",
        "Subject: Out of office chairs? A question",
        "Subject: Re: I was out of the office [#10042]\nIn-Reply-To: <a@shop.example>",
        "Auto-Submitted: no",
        "Precedence: first-class",
        "X-Autoreply: no",
        "Return-Path: <ines@mail.example>",
        "Content-Type: text/calendar; method=REQUEST",
        "Content-Type: multipart/mixed; boundary=report",
        "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
        "X-Spam-Flag: NO\nX-Spam-Status: No, score=-1.2",
        "X-MS-Exchange-Organization-SCL: -1",
        "From: noreply@forms.shop.example\nReply-To: ines@mail.example",
        "From: web@forms.shop.example",
        "From: web@forms.shop.example\nReply-To: ines@mail.example\nAuto-Submitted: auto-generated\nReturn-Path: <>",
        "From: Ines via Help <help@shop.example>\nX-Original-From: ines@mail.example\nList-Id: <help.shop.example>",
        "From: norbert.reply@mail.example",
        "Subject: Fwd: Automatic reply: your letter\nReferences: <a@shop.example>",
        "Subject: WG: Automatische Antwort: Ihr Brief\nIn-Reply-To: <a@shop.example>",
        "Subject: TR : Réponse automatique : lettre\nIn-Reply-To: <a@shop.example>",
        "Subject: 转发: 自动回复: 您的申请\nReferences: <a@shop.example>",
        "Subject: Ihre automatische Antwort hilft nicht\nIn-Reply-To: <a@shop.example>",
        "Subject: Your automatic reply does not help\nIn-Reply-To: <a@shop.example>",
        "Subject: Auto: Frage zum Preis\nIn-Reply-To: <a@shop.example>",
        "Subject: Abwesend bei Zustellung\nIn-Reply-To: <a@shop.example>",
        "Subject: Vacation rental 8812\nIn-Reply-To: <a@shop.example>",
        "Subject: 不在通知について\nIn-Reply-To: <a@shop.example>",
        "Subject: 부재중 배송 문의\nIn-Reply-To: <a@shop.example>",
        "X-Mailer: Cronos Mail 3",
        "X-MS-Exchange-Inbox-Rules-Loop: ines@mail.example",
    ],
)
def test_what_a_person_sends_is_a_persons(headers: str) -> None:
    assert read(headers).mail_class is MailClass.PERSON


@pytest.mark.parametrize(
    ("subject", "body", "is_a"),
    [
        ("自动回复:您的申请", "您好，我最近正在休假中，无法亲自回复你的邮件。", MailClass.AUTOMATIC),
        ("AUTO: Carla Sanz is out of the office (back 7 May)", "This is an automated response to your message.",
         MailClass.AUTOMATIC),
        ("Automatische Antwort: Brief", "Ich bin bis Montag nicht im Haus.", MailClass.AUTOMATIC),
        ("Automatic reply: is it meant?", "I am out of the office, you say. What does that mean?", MailClass.PERSON),
        ("Out of office chairs", "I am out of the office today. Where are my chairs?", MailClass.PERSON),
        ("My order", "This is an automated response to your message, you wrote.", MailClass.PERSON),
    ],
)  # fmt: skip
def test_without_a_header_a_title_is_believed_where_the_words_say_it_too(
    subject: str, body: str, is_a: MailClass
) -> None:
    assert read(f"Subject: {subject}", body).mail_class is is_a


def test_a_calendars_answer_that_a_person_attached_is_a_file() -> None:
    answer = "Content-Type: text/calendar; method=REPLY\nContent-Disposition: attachment; filename=a.ics\n\nBEGIN:X\n"
    for kind, is_a in (("mixed", MailClass.PERSON), ("alternative", MailClass.AUTOMATIC)):
        mail = read(
            f"Content-Type: multipart/{kind}; boundary=B",
            f"--B\nContent-Type: text/plain\n\nYour calendar sent me this. Why?\n--B\n{answer}--B--",
        )
        assert mail.mail_class is is_a


def test_a_group_that_is_our_own_mailbox_is_no_list() -> None:
    for headers in (
        "List-Id: Help <help.shop.example>",
        "List-ID: <x.groups.example>\nMailing-list: list help@shop.example; contact help+owners@shop.example",
        "List-Post: <mailto:help@shop.example>\nPrecedence: list",
    ):
        assert read(headers).mail_class is MailClass.PERSON
        assert read(headers.replace("shop.example", "other.example")).mail_class is MailClass.LIST


@pytest.mark.parametrize(
    ("headers", "is_a"),
    [
        ("List-Id: Cats <cats.lists.example>\nPrecedence: list", MailClass.LIST),
        ("List-Unsubscribe: <https://news.example/u>", MailClass.LIST),
        ("X-Mailing-List: cats", MailClass.LIST),
        ("X-Spam-Flag: YES", MailClass.SPAM),
        ("X-Spam-Status: Yes, score=9.1 required=5.0", MailClass.SPAM),
        ("X-Spamd-Result: default: True [15.20 / 15.00]", MailClass.SPAM),
        ("X-Bogosity: Spam, tests=bogofilter", MailClass.SPAM),
        ("X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:9;SFV:SPM;", MailClass.SPAM),
        ("X-MS-Exchange-Organization-SCL: 6", MailClass.SPAM),
        ("X-Rspamd-Action: add_header", MailClass.SPAM),
        ("X-Barracuda-Spam-Status: Yes, SCORE=9.00", MailClass.SPAM),
        ("X-Barracuda-Spam-Status: No, SCORE=0.10", MailClass.PERSON),
        ("X-Acme-MailScanner-SpamCheck: spam, SpamAssassin (score=9.1)", MailClass.SPAM),
        ("X-Acme-MailScanner-SpamCheck: not spam", MailClass.PERSON),
        ("X-GMX-Antispam: 5 (eXpurgate: spam)", MailClass.SPAM),
        ("X-GMX-Antispam: 0 (not recognized as spam)", MailClass.PERSON),
        ("X-Proofpoint-Spam-Details: rule=inbound_spam policy=inbound", MailClass.SPAM),
        ("X-Proofpoint-Spam-Details: rule=inbound_notspam policy=inbound", MailClass.PERSON),
        ("X-TM-AS-Result: Yes--12.5-5.0-31-1", MailClass.SPAM),
        ("X-Yandex-Spam: 4", MailClass.SPAM),
        ("X-Yandex-Spam: 1", MailClass.PERSON),
        ("List-Help: <https://lists.example/help>", MailClass.LIST),
        ('From: "Shop" <service@shop.example>', MailClass.OWN),
        ("From: help+x@shop.example\nAuto-Submitted: auto-replied", MailClass.OWN),
        ("From: PRIVACY@shop.example\nReply-To: privacy@shop.example", MailClass.OWN),
    ],
)
def test_lists_spam_and_our_own_mail_are_told_apart(headers: str, is_a: MailClass) -> None:
    assert read(headers).mail_class is is_a


def test_our_own_mail_is_known_without_settings_by_the_mailbox_that_it_was_sent_to() -> None:
    pack_only = OurMail(mailboxes=frozenset({"service", "help"}))
    assert read("From: help@shop.example", ours=pack_only).mail_class is MailClass.OWN
    assert read("From: help@other.example", ours=pack_only).mail_class is MailClass.PERSON


DSN = dedent("""\
    --B
    Content-Type: text/plain

    Sorry.
    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.shop.example

    Final-Recipient: rfc822; Gus@mail.example
    Action: {action}
    Status: {status}

    --B
    Content-Type: {copy}

    Message-ID: <ours-7@shop.example>
    Subject: Your request

    --B--
""")
REPORT = "From: MAILER-DAEMON@mx.shop.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=B"


@pytest.mark.parametrize(
    "copy", ["message/rfc822", "text/rfc822-headers", "message/global-headers", "message/rfc822-headers"]
)
@pytest.mark.parametrize(
    ("action", "status", "is_a", "final"),
    [
        ("failed", "5.1.1", MailClass.BOUNCE, True),
        ("Delayed", "4.4.1", MailClass.BOUNCE, False),
        ("delivered", "2.0.0", MailClass.AUTOMATIC, True),
    ],
)
def test_a_report_says_which_mail_of_ours_it_is_about(
    copy: str, action: str, status: str, is_a: MailClass, *, final: bool
) -> None:
    mail = read(REPORT, DSN.format(action=action, status=status, copy=copy))
    assert mail.mail_class is is_a
    if is_a is MailClass.BOUNCE:
        assert mail.returned.references == ("<ours-7@shop.example>",)
        assert mail.returned.recipients == ("Gus@mail.example",)
        assert mail.returned.final is final


@pytest.mark.parametrize(
    ("headers", "body", "final"),
    [
        (
            "From: MAILER-DAEMON@mx.example\nSubject: failure notice\nReturn-Path: <>",
            "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
            "<gus@mail.example>:\nUser unknown\n\n--- Below this line is a copy of the message.\n\n"
            "Return-Path: <service@shop.example>\nMessage-ID: <ours-8@shop.example>\nSubject: x\n\nWords",
            True,
        ),
        (
            "From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message\n"
            "X-Failed-Recipients: gus@mail.example",
            "This message was created automatically by mail delivery software.\n\n  gus@mail.example\n    Error\n\n"
            "------ This is a copy of the message, with its headers. ------\n\nMessage-ID: <ours-8@shop.example>",
            True,
        ),
        (
            "From: MAILER-DAEMON@localhost\nSubject: DELIVERY FAILURE: User gus not listed\nReturn-Path: <>",
            "Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  gus@mail.example\n\nbecause: no such user\n\n"
            "Message-ID: <ours-8@shop.example>",
            True,
        ),
        (
            "From: postmaster@mx.example\nSubject: Unzustellbar: Ihre Anfrage",
            "Die Nachricht an gus@mail.example konnte nicht zugestellt werden.\n\nMessage-ID: <ours-8@shop.example>",
            True,
        ),
        (
            "From: PostMaster@qq.example\nSubject: =?utf-8?B?57O757uf6YCA5L+h?=\nIn-Reply-To: <ours-8@shop.example>",
            "退信：无法送达 gus@mail.example",
            True,
        ),
        (
            "From: =?utf-8?B?UVHpgq7nrrHnrqHnkIblkZg=?= <10000@qq.example>\nSubject: 来自gus@mail.example的退信\n"
            "In-Reply-To: <ours-8@shop.example>\nContent-Type: text/html; charset=utf-8",
            "<h2>抱歉，您的邮件被退回来了</h2><p>收件人：gus@mail.example</p><p>退信原因</p>",
            True,
        ),
        (
            "From: postmaster@naver.example\nSubject: [발송실패 안내] 메일이 전송되지 못했습니다.\nReturn-Path: <>\n"
            "In-Reply-To: <ours-8@shop.example>",
            "gus@mail.example (메일 주소가 존재하지 않습니다.)",
            True,
        ),
        (
            "From: MAILER-DAEMON@poczta.example\nSubject: Niedostarczona wiadomość\nReferences: <ours-8@shop.example>",
            "Wiadomość nie została dostarczona do gus@mail.example",
            True,
        ),
        (
            "From: postmaster@posti.example\nSubject: Ei voitu toimittaa: asia\nReferences: <ours-8@shop.example>",
            "Viestiä ei voitu toimittaa vastaanottajalle gus@mail.example",
            True,
        ),
        (
            "From: postmaster@mail.example\nSubject: תעודה\nReferences: <ours-8@shop.example>\nReturn-Path: <>",
            "לא ניתן היה למסור את ההודעה אל gus@mail.example",
            True,
        ),
        (
            "From: postmaster@posta.example\nSubject: Teslim Edilemedi: talep\nReferences: <ours-8@shop.example>",
            "İletiniz gus@mail.example adresine teslim edilemedi.",
            True,
        ),
        (
            "From: Mail Delivery System <mailer-daemon@mx.example>\n"
            "Subject: Warning: message delayed 24 hours\nReturn-Path: <>\nReferences: <ours-8@shop.example>",
            "Your message to gus@mail.example has not yet been delivered. No action is required on your part.",
            False,
        ),
    ],
)
def test_a_bounce_that_is_written_as_a_letter_is_one(headers: str, body: str, *, final: bool) -> None:
    mail = read(headers, body)
    assert mail.mail_class is MailClass.BOUNCE
    assert mail.returned.references == ("<ours-8@shop.example>",)
    assert mail.returned.recipients == ("gus@mail.example",)
    assert mail.returned.final is final


def test_a_person_who_writes_about_returned_mail_is_a_person() -> None:
    mail = read(
        "Subject: Undelivered Mail Returned to Sender?", "Your letter could not be delivered to me. User unknown."
    )
    assert mail.mail_class is MailClass.PERSON


def test_an_administrator_who_writes_about_a_parcel_is_a_person() -> None:
    mail = read(
        "From: System Administrator <admin@mail.example>\nSubject: Undelivered", "It is undeliverable, they say."
    )
    assert mail.mail_class is MailClass.PERSON


def test_a_postmaster_who_writes_about_something_else_is_a_person() -> None:
    mail = read("From: postmaster@small.example\nSubject: Invoice 8812", "Das Paket konnte nicht geliefert werden.")
    assert mail.mail_class is MailClass.PERSON


def test_a_report_that_a_person_attached_is_a_file() -> None:
    for attached in ("", "\nContent-Disposition: attachment; filename=details.txt"):
        mail = read(
            "Subject: This came back\nContent-Type: multipart/mixed; boundary=B",
            "--B\nContent-Type: text/plain\n\nPlease delete my data.\n--B\n"
            f"Content-Type: message/delivery-status{attached}\n\n"
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; x@mail.example\nAction: failed\n\n--B--",
        )
        assert mail.mail_class is (MailClass.PERSON if attached else MailClass.BOUNCE)


def test_a_report_in_base64_is_read() -> None:
    coded = "Content-Transfer-Encoding: base64\n\n"
    status = base64.b64encode(b"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; gus@mail.example\nAction: failed\n")
    copy = base64.b64encode(b"Message-ID: <ours-7@shop.example>\nSubject: x\n\nWords")
    mail = read(
        REPORT,
        f"--B\nContent-Type: message/delivery-status\n{coded}{status.decode()}\n--B\n"
        f"Content-Type: message/rfc822\n{coded}{copy.decode()}\n--B--",
    )
    assert mail.returned.references == ("<ours-7@shop.example>",)
    assert (mail.returned.recipients, mail.returned.final) == (("gus@mail.example",), True)


def test_a_complaint_without_a_report_is_known_by_its_title_and_its_copy() -> None:
    copy = "X-HmXmrOriginalRecipient: <gus@mail.example>\nMessage-ID: <ours-9@shop.example>\n\nWords"
    body = f"--B\nContent-Type: message/rfc822\n\n{copy}\n--B--"
    head = "From: staff@mailbox.example\nContent-Type: multipart/mixed; boundary=B\nSubject: "
    mail = read(f"{head}complaint about message from 192.0.2.1", body)
    assert mail.mail_class is MailClass.FEEDBACK
    assert (mail.returned.references, mail.returned.recipients) == (("<ours-9@shop.example>",), ("gus@mail.example",))
    assert read(f"{head}Fwd: your letter", body).mail_class is MailClass.PERSON


def test_a_providers_complaint_names_the_mail_that_it_is_about() -> None:
    mail = read(
        "From: fbl@provider.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=B",
        "--B\nContent-Type: text/plain\n\nA complaint.\n--B\nContent-Type: message/feedback-report\n\n"
        "Original-Rcpt-To: <gus@mail.example>\n\n--B\nContent-Type: message/rfc822\n\n"
        "Message-ID: <ours-9@shop.example>\n\nWords\n--B--\n",
    )
    assert mail.mail_class is MailClass.FEEDBACK
    assert (mail.returned.references, mail.returned.recipients) == (("<ours-9@shop.example>",), ("gus@mail.example",))
