"""Mail whose beginning programs have damaged keeps its From and Subject, and gains no header that was not there."""

import time

import pytest

from cs_console.intake.header_repair import BROKEN, repaired
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.mail import read_mail
from models.contact_fields import Field

HEAD = b"From: Eva Roth <eva@mail.example.org>\nSubject: Delete my account\nMessage-ID: <hr@mail.example.org>\n"
BODY = b"\nPlease delete it.\nFrom now on I shop elsewhere.\n"
PLIST = b'<?xml version="1.0"?>\n<plist version="1.0"><dict></dict></plist>\n'


def says(mail: IncomingMessage) -> tuple[str, str, str]:
    return dict(mail.contacts).get(Field.EMAIL, ""), mail.subject, mail.text


@pytest.mark.parametrize(
    "data",
    [
        HEAD + BODY,
        b"\xef\xbb\xbf" + HEAD + BODY,
        b"\xef\xbb\xbf\xef\xbb\xbf\r\n" + HEAD + BODY,
        b"\n\r\n  \n" + HEAD + BODY,
        b">From eva@mail.example.org Sat Nov 21 09:12:00 2026\n" + HEAD + BODY,
        b"From eva@mail.example.org Sat Nov 21 09:12:00 2026\n" + HEAD + BODY,
        b"\n>>From eva 2026-11-21 09:12:00\n" + HEAD + BODY,
        b"%d      \n" % len(HEAD + BODY) + HEAD + BODY + PLIST,
        (HEAD + BODY).replace(b"\n", b"\r"),
        (HEAD + BODY).replace(b"\n", b"\r\n"),
        (HEAD + BODY).replace(b"\n", b"\r\r\n"),
        HEAD.replace(b"\n", b"\r\n") + BODY,
        HEAD.replace(b"\n", b"\r\n", 1) + BODY,
        (HEAD + BODY).decode().encode("utf-16"),
        b"X-Spam-Status: No,\ntests=NONE\n" + HEAD + BODY,
        b"Received: by mx.example.org\nX-Scanner:\n--- checked by the gateway ---\n" + HEAD + BODY,
        b"Received: by mx.example.org\nthis is no header: at all\n" + HEAD + BODY,
        HEAD.replace(b"Subject:", b"Subject :") + BODY,
        HEAD.replace(b"Delete my account", b"Delete my\naccount") + BODY,
        HEAD.replace(b"Roth <", b"Roth\n<") + BODY,
        HEAD.replace(b"\nSubject:", b"\n<br>\nSubject:") + BODY,
        HEAD.replace(b"From:", b"From :") + BODY,
        b"250 2.0.0 ok\n" + HEAD + b"To: desk@desk.example\nMessage-ID: <1@x.example>\n" + BODY,
        b"HTTP/1.1 200 OK\n\tand more\n" + HEAD + b"To: desk@desk.example\nMIME-Version: 1.0\n" + BODY,
    ],
)
def test_what_programs_damage_costs_neither_sender_nor_subject_nor_text(data: bytes) -> None:
    address, subject, text = says(read_mail(data))
    assert (address, subject) == ("eva@mail.example.org", "Delete my account")
    assert text.strip() == BODY.decode().strip()


def test_sound_mail_is_not_touched() -> None:
    sound = HEAD + b"X-Folded: a\n b\n\tc\n" + BODY
    assert repaired(sound) is sound


@pytest.mark.parametrize(
    "data",
    [
        b"Only words, and below them\nFrom: someone@mail.example.org\nSubject: that was quoted\n\nMore.\n",
        HEAD + b"Dear team,\nplease delete it.\n\nBye\n",
        HEAD + b"Dear team:\nplease delete it.\n\nBye\n",
        b"",
        b"\n\n\n",
        b"12\n",
    ],
)
def test_text_is_not_taken_for_headers(data: bytes) -> None:
    assert repaired(data) == data


def test_behind_a_broken_line_nothing_is_believed_that_servers_write() -> None:
    """A relay that strips forged results stops at the broken line: what it did not see must not count."""
    mail = read_mail(
        b"Received: by mx.example.org\nbroken\nAuthentication-Results: mx.example.org; spf=pass\nReceived: forged\n"
        b"Return-Path: <>\nAuto-Submitted: auto-replied\n" + HEAD + b"From: Mallory <m@evil.example>\n" + BODY
    )
    assert says(mail)[:2] == ("eva@mail.example.org", "Delete my account")
    assert mail.sender_checks == ()
    kept = [value for name, value in mail.headers if name == BROKEN]
    assert "broken" in kept
    assert "From: Mallory <m@evil.example>" in kept
    assert any(value.startswith("Authentication-Results:") for value in kept)


def test_the_first_of_each_header_before_a_broken_line_stays_the_only_one() -> None:
    mail = read_mail(HEAD + b"broken\nSubject: another\nTo: desk@desk.example\n" + BODY)
    assert mail.subject == "Delete my account"
    assert mail.mailboxes == ("desk",)


@pytest.mark.parametrize(
    "data",
    [
        b"x\n" * 400_000 + HEAD + BODY,
        b"x\n" + b"From: a@b.example\nTo: a@b.example\nSubject: x\nDate: x\n" * 100_000,
        HEAD + b"x\n" * 400_000 + b"To: a@b.example\n" + BODY,
        b"\n" * 800_000 + HEAD + BODY,
        b">From " * 150_000 + b"\n" + HEAD + BODY,
        b"A" * 900_000 + b":\n" + HEAD + BODY,
        b"9" * 900_000 + b"\n" + HEAD + BODY,
        b"A :\n" * 200_000 + HEAD + BODY,
    ],
    ids=["words", "headers", "words-inside", "empty", "marks", "name", "count", "open-names"],
)
def test_any_damage_is_looked_at_in_linear_time(data: bytes) -> None:
    began = time.thread_time()
    repaired(data)
    assert time.thread_time() - began < 3
