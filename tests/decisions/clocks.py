"""Packs with other clocks than the shipped one's, and what happened to a ticket, for tests."""

from datetime import UTC, datetime

from cs_console.decisions.clock import Happened, Step
from cs_console.policy.clock_rules import ClockRules, ExtensionRules
from cs_console.policy.schema import Pack
from models.enums import Role
from tests.decisions.cases import pack


def utc(*parts: int) -> datetime:
    """A moment in UTC, by its parts, year first."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def with_clock(**changes: object) -> Pack:
    """The shipped pack with other clock rules, checked like any pack's."""
    rules = ClockRules.model_validate(pack().clock.model_dump() | changes)
    return pack().model_copy(update={"clock": rules})


def month_pack(**changes: object) -> Pack:
    """One month from receipt, as European law counts it: two more with a reason, identity stops it."""
    extension = ExtensionRules(
        months=2,
        approver=Role.SUPERVISOR,
        clause="Article 12(3)",
        text={
            "en": "Your request #{{ ticket }} takes us until {{ due }}: {{ reason }}",
            "zh": "您的请求 #{{ ticket }} 将于 {{ due }} 前答复：{{ reason }}",
        },
    )
    rules = {
        "respond_days": None,
        "respond_months": 1,
        "starts": ("received",),
        "time_zone": "Europe/Berlin",
        "holidays": "DE-BY",
        "ends_on_working_day": True,
        "identity_stops": True,
        "extension": extension.model_dump(),
    }
    return with_clock(**rules | changes)


def steps(received: datetime, verified: datetime | None = None, **more: datetime | None) -> list[Happened]:
    """What happened: the receipt, the verification, and more by the names of their steps."""
    found = [Happened(Step.RECEIVED, received)]
    if verified is not None:
        found.append(Happened(Step.VERIFIED, verified))
    return found + [Happened(Step[name.upper()], at) for name, at in more.items() if at is not None]
