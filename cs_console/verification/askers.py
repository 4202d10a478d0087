"""Who asks on a ticket: how old the requester is, and whose authority to ask for them was seen (policy VII, V.4)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session, col

from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place
from cs_console.desk import Office
from cs_console.errors import GuardianRequired, PrincipalOnly, Refusal
from cs_console.policy.languages import in_language
from cs_console.policy.minors_rules import AgeBand
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_facts import TicketFacts
from models.authority import Authority
from models.enums import AuthoritySort, VerificationMethod
from models.requester import Requester
from models.verification import Verification


@dataclass(frozen=True)
class Asker:
    """Who asks, as far as it was seen. `band` is None where the age was not recorded, or under another pack."""

    pack: Pack
    band: AgeBand | None
    authority: AuthoritySort | None

    @property
    def age_words(self) -> str:
        """The age band, and what it asks for: "minor, under 14: needs a guardian's consent"; "" where it is unknown."""
        if self.band is None or not self.band.is_flagged:
            return self.band.title if self.band else ""
        words = f"minor, {self.band.title.lower()}"
        needs = self.band.guardian_required and self.authority is not AuthoritySort.GUARDIAN
        return f"{words}: needs a guardian's consent" if needs else words

    @property
    def asks_words(self) -> str:
        """Who asks in the requester's place: "representative"; "" where nobody does."""
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

    def refusal(self, method: VerificationMethod | None) -> Refusal | None:
        """Why the requester cannot be verified by this method (None: nor by any); None where they can."""
        if self.band is not None and self.band.guardian_required and self.authority is not AuthoritySort.GUARDIAN:
            return GuardianRequired(self.band.title)
        if self.only_by_code and method is not None and method is not VerificationMethod.CODE:
            return PrincipalOnly()
        return None


def asker_of(session: Session, office: Office, pack: Pack, number: int, requester_id: str) -> Asker:
    """Who asks on this ticket now. Raises KeyDestroyed, SealBroken."""
    standing = authority_of(session, number)
    key = band_key(session, office, requester_id)
    band = pack.minors.band(key) if pack.minors and key else None
    return Asker(pack, band, AuthoritySort(standing.sort) if standing else None)


def authority_of(session: Session, number: int, at: datetime | None = None) -> Authority | None:
    """The authority that stands on a ticket now, or that stood at a moment."""
    found = select(Authority).where(col(Authority.ticket_number) == number).order_by(col(Authority.at).desc())
    if at is None:
        found = found.where(col(Authority.ended_at).is_(None))
    else:
        still = or_(col(Authority.ended_at).is_(None), col(Authority.ended_at) > at)
        found = found.where(col(Authority.at) <= at, still)
    return session.scalars(found.limit(1)).first()


def band_key(session: Session, office: Office, requester_id: str) -> str:
    """The key of the requester's age band; "" where none was recorded."""
    sealed = session.connection().execute(select(col(Requester.age_band)).where(col(Requester.id) == requester_id))
    value = sealed.scalar()
    if not value:
        return ""
    place = Place(requester_id, "requester", "age_band", requester_id)
    return open_safe(office.keyring.key(requester_id), place, value)


def require_answerable(session: Session, office: Office, ticket: TicketFacts) -> None:
    """Refuse to answer a ticket (propose, settle) before those whose consent it needs have given it.

    A minor for whom the pack requires a guardian needs one's authority on this ticket (policy VII); where a
    representative asks, the requester has to have confirmed it with a code (V.4). Raises GuardianRequired,
    PrincipalOnly.
    """
    asker = asker_of(session, office, office.packs.get(ticket.pack), ticket.number, ticket.requester_id)
    refusal = asker.refusal(None)
    if refusal is not None:
        raise refusal
    if asker.only_by_code and not _confirmed_by_code(session, ticket.number):
        raise PrincipalOnly


def _confirmed_by_code(session: Session, number: int) -> bool:
    found = session.connection().execute(
        select(col(Verification.id)).where(
            col(Verification.ticket_number) == number,
            col(Verification.method) == VerificationMethod.CODE,
            col(Verification.withdrawn_at).is_(None),
        )
    )
    return found.first() is not None
