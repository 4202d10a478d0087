"""A message is redacted before anything is locked for it, within bounds, and for the terms that hold under the lock."""

from time import thread_time

import pytest

from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import REST, redact
from cs_console.desk import operator_session
from cs_console.intake import filing, intake
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.redacted_ahead import OtherTerms, RedactedAhead, redacting_ahead
from models.contact_fields import Field
from models.enums import Channel
from tests.support.desk import TestDesk
from tests.support.stored import opened_ticket
from tests.support.tickets import make_requester

REGIONS = ("GB",)
NOTHING, QUIMBY = KnownTerms(()), KnownTerms(((Field.NAME, "Xiomara Quimby"),))


def test_terms_that_are_found_under_the_lock_begin_the_transaction_again() -> None:
    begun: list[str] = []

    def filed(redacted: RedactedAhead) -> str:
        begun.append("transaction")
        return redacted.of("Ask for Quimby", REGIONS, QUIMBY)

    assert redacting_ahead(("Ask for Quimby",), REGIONS, NOTHING, filed) == "Ask for [name]"
    assert begun == ["transaction"] * 2


def test_a_message_that_names_a_ticket_is_redacted_once_for_the_terms_found_there() -> None:
    begun: list[str] = []

    def filed(redacted: RedactedAhead) -> str:
        begun.append("transaction")
        return redacted.of("Ask for Quimby", REGIONS, QUIMBY)

    assert redacting_ahead(("Ask for Quimby",), REGIONS, None, filed) == "Ask for [name]"
    assert begun == ["transaction"] * 2


def test_terms_that_never_stay_the_same_end_the_attempt() -> None:
    def filed(redacted: RedactedAhead) -> str:
        raise OtherTerms(REGIONS, NOTHING)

    with pytest.raises(OtherTerms):
        redacting_ahead(("text",), REGIONS, NOTHING, filed)


def test_nothing_of_a_message_is_redacted_while_the_store_is_locked(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 names of one sender made a mail of 1 MB cost 23 s of everyone's time."""
    requester = make_requester(sqlite_desk, {Field.EMAIL: "alice@example.org", Field.NAME: "Xiomara Quimby"})
    locked, redacted = [False], []

    def file_message(*given: object, **named: object) -> object:
        locked[0] = True
        try:
            return filing.file_message(*given, **named)  # type: ignore[arg-type]  # passed on as it came
        finally:
            locked[0] = False

    def redact_unlocked(text: str, regions: tuple[str, ...], known: KnownTerms) -> str:
        assert not locked[0]
        redacted.append(text)
        return redact(text, regions, known)

    monkeypatch.setattr(intake, "file_message", file_message)
    monkeypatch.setattr("cs_console.intake.redacted_ahead.redact", redact_unlocked)
    message = IncomingMessage(
        reference="<1@x>",
        channel=Channel.MAIL,
        subject="Quimby",
        text="I am Quimby",
        contacts=((Field.EMAIL, "alice@example.org"),),
    )
    taken = intake.take_in(operator_session(sqlite_desk.desk), message)
    assert taken.number is not None
    ticket = opened_ticket(sqlite_desk.desk, taken.number)
    assert ticket.row.requester_id == requester[0]
    assert (ticket.subject_redacted, ticket.texts_redacted) == ("[name]", ("I am [name]",))
    assert redacted == ["I am Quimby", "Quimby"]  # once, for the terms of its sender on file


def test_a_megabyte_with_hundreds_of_claimed_names_takes_no_longer_than_with_one() -> None:
    text = "Xiomara Quimby wrote about the parcel. " * 6_000
    many = KnownTerms((), [(Field.NAME, f"Xiomara Quimby{chr(97 + at % 26)} {at}") for at in range(400)])
    one = KnownTerms((), [(Field.NAME, "Xiomara Quimby")])
    times = []
    for known in (one, many):
        began = thread_time()
        redact(text, REGIONS, known)
        times.append(thread_time() - began)
    assert times[1] < 4 * times[0] + 0.5


def test_what_takes_too_long_is_not_shown() -> None:
    text = "call 07700 900123 now. " * 20_000
    out = redact(text, REGIONS, seconds=0.0)
    assert out.endswith(f"[{REST}]") and "07700" not in out
    assert len(out) < len(text) / 2


def test_a_value_across_two_pieces_of_a_long_text_is_hidden() -> None:
    for before in range(65_500, 65_540, 5):
        text = "x " * (before // 2) + "alice@example.org 07700 900123 http://a.example/" + "b" * 3_000 + " Quimby done"
        assert redact(text, REGIONS, QUIMBY).endswith(" [e-mail] [phone] [link] [name] done")


def test_what_was_redacted_is_not_redacted_again() -> None:
    blocks = "[mobile] [name] [card ····1111] [the rest is sealed]"
    known = KnownTerms(((Field.NICKNAME, "mobile"), (Field.NAME, "Name Card"), (Field.OTHER, "rest")))
    assert redact(blocks, REGIONS, known) == blocks
