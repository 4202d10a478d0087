"""What says of itself that a program wrote it, and what does not."""

import pytest

from cs_console.intake.automatic import is_automatic


def says(header: str) -> bool:
    name, _, value = header.partition(": ")
    return is_automatic(lambda wanted: (value,) if wanted.casefold() == name.casefold() else ())


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: multipart/report; report-type=disposition-notification",
        'Content-Type: multipart/report; report-type="delivery-status"; boundary=x',
        "Content-Type: text/calendar; charset=utf-8; method=REPLY",
        'Content-Type: text/calendar; method="reply"',
        "Precedence: Auto-Reply",
    ],
)
def test_receipts_bounces_and_answers_of_calendars_are(header: str) -> None:
    assert says(header)


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain",
        "Content-Type: multipart/mixed; boundary=report",
        "Content-Type: text/calendar; method=REQUEST",
        "Precedence: first-class",
        "Auto-Submitted: no",
        "Return-Path: <a@b.example>",
    ],
)
def test_what_a_person_sends_is_not(header: str) -> None:
    assert not says(header)
