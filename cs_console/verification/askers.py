"""Who asks on a ticket: how old the requester is, and whose authority to ask for them was seen (policy VII, V.4)."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import OF_REQUESTER, Word, last_done, last_of_requester, latest, words
from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, GuardianRequired, NotVouched, PrincipalOnly
from cs_console.policy.languages import in_language
from cs_console.policy.minors_rules import AgeBand
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared, all_rows
from cs_console.tickets.ticket_record import TicketFacts
from models.authority import Authority
from models.columns import microseconds
from models.enums import Action, AuthoritySort, VerificationMethod
from models.requester import Requester

AGE_IN_DOUBT = "The access log does not contain this requester's age as it is stored. A verifier must record it again."

_ENDS = (Action.AUTHORITY_ENDED, Action.TICKET_LINKED, Action.TICKET_UNLINKED)
AUTHORITY = last_done((Action.AUTHORITY_SEEN, *_ENDS))
"""What `authority_of` asks, to be asked ahead."""
_AUTHORITY_THEN = Prepared(
    select(col(Authority.sort))
    .where(
        col(Authority.ticket_number) == bindparam("number"),
        col(Authority.at) <= bindparam("then"),
        or_(col(Authority.ended_at).is_(None), col(Authority.ended_at) > bindparam("then")),
    )
    .order_by(col(Authority.at).desc())
    .limit(1)
)
_AGE_BAND = Prepared(select(col(Requester.age_band)).where(col(Requester.id) == bindparam("requester")))


@dataclass(frozen=True)
class Asker:
    """Who asks, as far as it was seen. `band` is None where the age was not recorded, or under another pack."""

    pack: Pack
    band: AgeBand | None
    authority: AuthoritySort | None
    age_in_doubt: bool = False
    """The log does not hold the age band as it is stored."""

    @property
    def age_words(self) -> str:
        """The age band, and what it asks for: "minor, under 14: needs a guardian's consent"; "" where it is unknown."""
        if self.age_in_doubt:
            return "the age must be recorded again"
        if self.band is None or not self.band.is_flagged:
            return self.band.title if self.band else ""
        words = f"minor, {self.band.title.lower()}"
        needs = self.band.guardian_required and self.authority is not AuthoritySort.GUARDIAN
        return f"{words}: needs a guardian's consent" if needs else words

    @property
    def asks_words(self) -> str:
        """Who asks on the requester's behalf: "representative"; "" if no one does."""
        rules = self.pack.verification.authority.get(self.authority) if self.authority else None
        return rules.title.lower() if rules else self.authority.value if self.authority else ""

    def notice_words(self, language: str) -> str:
        """The same as the notice says it."""
        said = in_language(self.pack, language).verification.authority
        rules = said.get(self.authority) if self.authority else None
        return rules.notice_words if rules else ""

    @property
    def only_by_code(self) -> bool:
        """Whether only a code to the requester's own contact on file verifies."""
        rules = self.pack.verification.authority.get(self.authority) if self.authority else None
        return rules is not None and rules.code_to_principal

    def refusal(self, method: VerificationMethod | None) -> ConsoleError | None:
        """Why the requester cannot be verified by this method (None: nor by any); None where they can."""
        if self.age_in_doubt:
            return NotVouched(AGE_IN_DOUBT)
        if self.band is not None and self.band.guardian_required and self.authority is not AuthoritySort.GUARDIAN:
            return GuardianRequired(self.band.title)
        if self.only_by_code and method is not None and method is not VerificationMethod.CODE:
            return PrincipalOnly()
        return None


def asker_of(db: Session, desk: Desk, pack: Pack, number: int, requester_id: str, key: bytes | None = None) -> Asker:
    """Who asks on this ticket now. `key`: the requester's, where it is at hand. Raises KeyDestroyed, SealBroken,
    LogBroken.
    """
    standing = authority_of(db, desk, number)
    vouched, name = _band(db, desk, requester_id, key)
    if not vouched:
        return Asker(pack, None, standing, age_in_doubt=True)
    band = pack.minors.band(name) if pack.minors and name else None
    return Asker(pack, band, standing)


def authority_of(db: Session, desk: Desk, number: int) -> AuthoritySort | None:
    """In whose place someone asks on a ticket now: the log's last word, whatever the rows say. Raises LogBroken."""
    word = latest(db, desk, number, (Action.AUTHORITY_SEEN, *_ENDS))
    if word is None or word.action in _ENDS:
        return None
    return legacy.authority(word) if word.about is None else AuthoritySort(word.about["sort"])


def authority_then(db: Session, number: int, at: datetime) -> AuthoritySort | None:
    """Who asked on the requester's behalf at a moment, for display; no rule relies on it."""
    row = _AUTHORITY_THEN.first(db.connection(), {"number": number, "then": microseconds(at)})
    return None if row is None else AuthoritySort(row[0])


def is_recorded(db: Session, desk: Desk, requester_id: str, band: str) -> bool:
    """Whether this band is on file, and the log's last word.

    One that was put back or taken away is not, nor is one that an older desk recorded more than once, as its entries
    do not tell which was the last.
    """
    return _band(db, desk, requester_id) == (True, band)


def band_mark(desk: Desk, requester_id: str, band: str) -> str:
    """What the log holds of an age band: it says nothing without the requester's own key."""
    return hmac.digest(desk.keyring.key(requester_id), b"age_band|" + band.encode(), hashlib.sha256).hex()


def _band(db: Session, desk: Desk, requester_id: str, key: bytes | None = None) -> tuple[bool, str]:
    """Whether the log vouches for the band that is stored, and that band."""
    key = key or desk.keyring.key(requester_id)
    recorded = {"requester": desk.pseudonym(requester_id, key), "action": Action.AGE_RECORDED.value}
    said, stored = all_rows(db.connection(), (OF_REQUESTER, recorded), (_AGE_BAND, {"requester": requester_id}))
    last, old = last_of_requester(desk, said)
    value = stored[0][0] if stored else None
    if not value:
        return last is None, ""
    band = open_safe(key, Place(requester_id, "requester", "age_band", requester_id), value)
    if last is None or last.about is None:
        return old == 1, band
    return last.names(band=band_mark(desk, requester_id, band)), band


def require_answerable(db: Session, desk: Desk, ticket: TicketFacts) -> None:
    """Refuse to answer a ticket (propose, settle) before those whose consent it needs have given it.

    If the pack requires a guardian for a minor, a guardian's authority on this ticket is needed (policy VII); if a
    representative asks, the requester must have confirmed it with a code (V.4). Whether the requester was verified
    is read from the log. Raises GuardianRequired, PrincipalOnly, NotVouched, LogBroken.
    """
    verified = _verified(db, desk, ticket.number)
    if ticket.verified_at is not None and not verified:
        raise NotVouched(f"According to the access log, the requester of #{ticket.number} was not verified.")
    asker = asker_of(db, desk, desk.packs.get(ticket.pack), ticket.number, ticket.requester_id)
    refusal = asker.refusal(None)
    if refusal is not None:
        raise refusal
    if asker.only_by_code and not any(_by_code(word) for word in verified):
        raise PrincipalOnly


def _verified(db: Session, desk: Desk, number: int) -> list[Word]:
    """When the requester of a ticket was verified, as the log says it, since it was last said whose the ticket is."""
    verified: list[Word] = []
    for word in words(db, desk, [number], (Action.VERIFIED, Action.TICKET_LINKED, Action.TICKET_UNLINKED)):
        verified = [*verified, word] if word.action is Action.VERIFIED else []
    return verified


def _by_code(word: Word) -> bool:
    if word.about is None:
        return legacy.verified_by(word) == VerificationMethod.CODE
    return word.names(method=VerificationMethod.CODE.value)
