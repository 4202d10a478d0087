"""A sample desk of any size: the sample's letters over and over, each from someone else, spread over a year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact, without_blocks
from cs_console.desk import Desk
from cs_console.intake import intake
from cs_console.intake.guesses import with_guesses
from cs_console.progress import Progress
from cs_console.sample.bulk_store import Outline, Text, store
from cs_console.sample.letters import MAIL_DOMAIN, Letter, as_mail, letters, people
from cs_console.tickets.numbers import lock_counter
from cs_console.tickets.search.tokens import current_generation, search_key, tokens_of
from cs_console.tickets.search.words import indexed_words
from models.columns import new_id
from models.contact_fields import Field
from models.counter import Counter
from models.desk_identity import DeskIdentity
from models.enums import Channel, Priority, TicketKind, TicketState

BATCH = 2_000
"""Tickets that are stored in one transaction; a killed build loses no more than one of these."""
TICKETS_A_REQUESTER = 4
SPREAD = timedelta(days=365)
WORKED_OFF = timedelta(days=30)
LEFT_OPEN = 0.005
"""Tickets older than WORKED_OFF are closed, but for this part."""
OPEN = 0.4
"""Of newer ones so many are open."""
_BUILT = "sample tickets"
"""The counter of the tickets that were built."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A letter of the sample's, redacted, and the tokens of its words."""

    kind: TicketKind
    language: str
    subject: Text
    text: Text
    tokens: frozenset[int]


def built(db: Session) -> int:
    """How many tickets a desk has beside its story's."""
    found = db.connection().execute(select(col(Counter.value)).where(col(Counter.name) == _BUILT)).scalar()
    return int(found or 0)


def build(desk: Desk, wanted: int, story: timedelta, progress: Progress | None = None) -> None:
    """Give a sample desk as many more tickets as it takes to have `wanted` beside its story's, their words indexed.

    They came in over a year, up to the end of the `story`, which began when the desk was made; no one has them.
    Each batch is one transaction with how far the build is: one that was killed goes on with the tickets that would
    have come next. Raises StoreUnavailable.
    """
    generation = current_generation(desk)
    key = search_key(desk, generation)
    patterns = [_pattern(desk, key, letter) for letter in letters() if letter.who in people()]
    with desk.database.reading() as db:
        done = built(db)
        begun: datetime = db.connection().execute(select(col(DeskIdentity.created_at))).scalar_one()
    tell = progress or (lambda done, of: None)
    tell(min(done, wanted), wanted)
    while done < wanted:
        count = min(BATCH - done % BATCH, wanted - done)
        outlines = list(_outlines(patterns, key, range(done, done + count), wanted, begun + story))
        requesters = 1 + max(outline.requester for outline in outlines)
        keys = list(desk.keyring.create_many(new_id() for _ in range(requesters)).items())
        with desk.database.transaction() as db:
            lock_counter(db)
            if built(db) != done:  # another build of the same desk was quicker
                done = built(db)
                continue
            store(db, desk, outlines, keys, generation)
            done += count
            _keep_built(db, done)
        tell(done, wanted)


def _keep_built(db: Session, done: int) -> None:
    here = update(Counter).where(col(Counter.name) == _BUILT).values(value=done)
    if not db.connection().execute(here).rowcount:
        db.connection().execute(insert(Counter).values(name=_BUILT, value=done))


def _pattern(desk: Desk, key: bytes, letter: Letter) -> _Pattern:
    pack, person = desk.packs.current, people()[letter.who]
    message = with_guesses(pack, intake.from_bytes(as_mail(letter, 0, desk.clock.now())))
    assert message.kind is not None  # it was guessed
    known = KnownTerms([(field, person[field.value]) for field in Field if field.value in person])
    subject, text = (
        Text(plain, redact(plain, pack.meta.regions, known)) for plain in (message.subject, message.text.rstrip())
    )
    words = indexed_words(without_blocks(subject.redacted)) | indexed_words(without_blocks(text.redacted))
    return _Pattern(message.kind, message.language, subject, text, tokens_of(key, words))


def _outlines(patterns: list[_Pattern], key: bytes, places: range, wanted: int, until: datetime) -> Iterator[Outline]:
    dice = Random(places.start)  # noqa: S311 - invented tickets
    requesters = -(-len(places) // TICKETS_A_REQUESTER)
    for place in places:
        pattern = dice.choice(patterns)
        age = SPREAD * (wanted - place) / wanted + timedelta(seconds=dice.randint(1, 40_000))
        received = until - age
        is_open = dice.random() < (LEFT_OPEN if age > WORKED_OFF else OPEN)
        order = f"7741-{place:07}"
        waits = TicketState.TO_VERIFY if pattern.kind is TicketKind.RIGHTS else TicketState.OPEN
        requester = place % requesters
        yield Outline(
            requester=requester,
            kind=pattern.kind,
            state=waits if is_open else TicketState.CLOSED,
            priority=dice.choices(tuple(Priority), (10, 70, 15, 5))[0],
            channel=Channel.MAIL,
            language=pattern.language,
            received_at=received,
            subject=pattern.subject,
            message=Text(f"{pattern.text.original}\n\n{order}", f"{pattern.text.redacted}\n\n{order}"),
            address=f"writer.{places.start + requester}@writers.{MAIL_DOMAIN}",
            tokens=pattern.tokens | tokens_of(key, indexed_words(order)),
            first_response_at=None if is_open else min(until, received + timedelta(hours=5)),
            closed_at=None if is_open else min(until, received + timedelta(days=2)),
        )
