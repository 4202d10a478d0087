"""The part of a pack on when an answer is due (policy V.4, IX)."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from cs_console.policy.parts import Days, Part, Said, Sentence, nearest
from models.roles import Role

Months = Annotated[int, Field(ge=1, le=120)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"{name!r} is not a time zone (IANA){nearest(name, available_timezones())}"
        raise PydanticCustomError("unknown_zone", "{words}", {"words": words}) from None
    return name


class ExtensionRules(Part):
    """A longer term, once: told with its reason before the term is over (GDPR, Article 12(3))."""

    months: Months | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """How much is added: calendar months or days, one of the two."""
    approver: Role
    """Who extends; an agent only on a ticket of their own."""
    clause: Sentence
    text: Said
    """What the requester is told: `{{ ticket }}`, `{{ received }}`, `{{ reason }}`, `{{ due }}`, `{{ contact }}`."""

    @model_validator(mode="after")
    def _months_or_days(self) -> Self:
        _one_of("months", self.months, "days", self.days)
        return self


class ClockRules(Part):
    """When an answer is due (policy V.4): a term in days or months after the later of `starts`.

    Days are counted to the minute. Months end with the last hour of the day that has the same number, or of the
    month's last day (Regulation (EEC, Euratom) 1182/71, Article 3).
    """

    respond_days: Days | None = None
    respond_months: Months | None = None
    starts: Annotated[tuple[Literal["received", "verified"], ...], Field(min_length=1)]
    due_soon_days: Days
    clause: Sentence
    explained: Sentence
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """Where the desk's days begin and end (IANA)."""
    working_days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (1, 2, 3, 4, 5)
    """The days of the week that count for a first response, Monday is 1 (policy IX, "promptly")."""
    holidays: Annotated[str, Field(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")] = ""
    """The country, or part of it, whose public holidays are not working days, by ISO 3166 ("CN", "DE-BY")."""
    ends_on_working_day: bool = False
    """Whether a term that would end on a day off ends with the next working day (Regulation 1182/71, Article 3(4))."""
    first_response_clause: Sentence
    follow_up_working_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """Until when what a requester writes on an open ticket is answered; None: it has no date of its own."""
    identity_stops: bool = False
    """Whether asking for proof of identity stops the clock until the requester is verified."""
    identity_text: Said = ""
    """What the requester is asked with: `{{ ticket }}`, `{{ contact }}`."""
    fee_stops: bool = True
    """Whether the wait for a fee is left out of the term."""
    extension: ExtensionRules | None = None
    """None: the policy knows no extension."""

    @model_validator(mode="after")
    def _days_or_months(self) -> Self:
        _one_of("respond_days", self.respond_days, "respond_months", self.respond_months)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the desk's dates."""
        return ZoneInfo(self.time_zone)


def _one_of(one: str, first: int | None, other: str, second: int | None) -> None:
    if (first is None) == (second is None):
        words = f"needs {one} or {other}{'' if first is None else ', not both'}"
        raise PydanticCustomError("one_of", "{words}", {"words": words})
