"""A ticket by hand, for calls and letters."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.blind_index import normalise
from cs_console.custody.contacts import LONGEST_VALUE
from cs_console.desk import DeskSession
from cs_console.errors import BadInput
from cs_console.intake.filing import OLDEST_BELIEVED, file_alone, file_message
from cs_console.intake.incoming import LIMITS, IncomingMessage
from cs_console.intake.key_pool import NewKey
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.plain_text import one_line, plain
from models.contact_fields import TEXTS, Field
from models.enums import ActKind, Channel, TicketKind
from models.roles import OPENS_TICKETS

CHANNELS = (Channel.CALL, Channel.LETTER, Channel.FORM)
"""How it may have come. Mails and texts come in by themselves: an agent's word is not where one came from."""
LONGEST_SUBJECT = 300


@dataclass(frozen=True)
class FormEntry:
    """What an agent wrote down. Empty contact values count as not given; none at all is fine (policy I.(1)3).

    `received` is the day it came, as 2026-11-20 in local time; today where it is empty.
    """

    kind: TicketKind
    channel: Channel
    subject: str
    text: str
    contacts: tuple[tuple[Field, str], ...] = ()
    received: str = ""


@dataclass(frozen=True, slots=True)
class OpenedByForm:
    """The new ticket; `kept_away`: the agent decided what it may be about, so it was opened unassigned."""

    number: int
    kept_away: bool = False


def open_by_form(session: DeskSession, entry: FormEntry, *, act: ActId | None = None) -> OpenedByForm:
    """Open a ticket from a form; it is assigned to the agent who filled it in, unless they have to keep away from it.

    One act opens one ticket: sent again, it gives that one. Raises BadInput naming the field that cannot be used, with
    nothing stored; SessionEnded, NotAllowed, and what `acts.once` raises.
    """
    if entry.channel not in CHANNELS:
        raise BadInput(f"Channel: {entry.channel.value} is taken in automatically.", "Choose call, letter or form.")
    reference = f"form:{uuid4().hex}"
    message = IncomingMessage(
        reference=reference,
        content=reference,  # the act's id says whether it was typed twice
        channel=entry.channel,
        subject=_subject(entry),
        text=_text(entry),
        contacts=_contacts(entry, session.desk.packs.current.meta.region),
        kind=entry.kind,
        at=_received(entry.received.strip(), session.desk.clock.now()),
    )
    contacts = tuple(part for field, value in message.contacts for part in (field.value, value))
    typed = (entry.kind.value, entry.channel.value, message.subject, message.text, entry.received.strip(), *contacts)
    intent = Intent(act, ActKind.NEW_TICKET, None, typed)

    def filed(redacted: RedactedAhead, key: NewKey) -> OpenedByForm:
        with session.work(*OPENS_TICKETS) as db:

            def file() -> ActOutcome:
                taken = file_message(db, session, message, key, redacted, assignee_id=session.agent.id)
                # with a name of its own it is never a duplicate
                return {"ticket": str(taken.number), "kept_away": "yes" if taken.kept_away else ""}

            done = once(db, session, intent, file)
            return OpenedByForm(int(done["ticket"]), bool(done.get("kept_away")))

    return file_alone(session, message, OPENS_TICKETS, filed)


def _subject(entry: FormEntry) -> str:
    subject = one_line(entry.subject, LONGEST_SUBJECT + 1)
    if len(subject) > LONGEST_SUBJECT:
        raise BadInput(
            f"Subject: more than {LONGEST_SUBJECT} characters.", "Shorten it, and put the rest into the message."
        )
    if not subject and not entry.text.strip():
        raise BadInput("Subject and text are both empty.", "Write down what the requester said.")
    return subject


def _text(entry: FormEntry) -> str:
    text = plain(entry.text).strip("\n")
    if len(text.encode("utf-8")) > LIMITS.text_bytes:
        raise BadInput("Text: more than 1 MiB.", "Shorten it, or add parts of it as notes.")
    return text


def _received(day: str, now: datetime) -> datetime | None:
    """The beginning of the day it came, None for today. Clocks run from it, so it has to be true to the day."""
    today = now.astimezone().date()
    try:
        came = date.fromisoformat(day) if day else today
    except ValueError:
        raise BadInput(
            "Received: that is not a day.", "Use the form 2026-11-20, or leave it empty for today."
        ) from None
    if not today - OLDEST_BELIEVED < came <= today:
        raise BadInput("Received: that day is in the future, or too long ago.", "Check it, or leave it empty.")
    return None if came == today else datetime(came.year, came.month, came.day).astimezone()


def _contacts(entry: FormEntry, region: str) -> tuple[tuple[Field, str], ...]:
    found: list[tuple[Field, str]] = []
    for field, typed in entry.contacts:
        value = one_line(typed, LONGEST_VALUE + 1)
        if not value:
            continue
        if field in TEXTS or len(value) > LONGEST_VALUE:
            raise BadInput(f"{field.value.capitalize()}: that is not a valid contact.", "Correct it or leave it empty.")
        if field is Field.MOBILE and (value := normalise(field, value, region) or "") == "":
            raise BadInput(
                "Mobile: that is not a usable phone number.",
                "Check the digits. Foreign numbers start with + and the country code.",
            )
        if field is Field.EMAIL and (value := normalise(field, value, region) or "") == "":
            raise BadInput("E-mail: that is not a usable address.", "Check it; it looks like name@example.org.")
        found.append((field, value))
    return tuple(dict.fromkeys(found))
