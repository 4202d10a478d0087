"""Packs with other clocks than the shipped one's, and what happened to a ticket, for tests."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import col

from cs_console.deadlines.clock import Happened, Step
from cs_console.policy.clock_rules import ClockRules, ExtensionRules
from cs_console.policy.loader import SHIPPED, PackShelf
from cs_console.policy.schema import Pack
from models.clock_event import ClockEvent
from models.roles import Role
from tests.decisions.cases import pack
from tests.support.desk import TestDesk


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
        text="Your request #{{ ticket }} takes us until {{ due }}: {{ reason }}",
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


EXTENSION = """
[clock.extension]
months = 2
approver = "APPROVER"
clause = "Article 12(3)"
text = "Your request #{{ ticket }} of {{ received }} takes us until {{ due }}. The reason: {{ reason }}"

[languages.zh.clock.extension]
text = "您的请求 #{{ ticket }} 将于 {{ due }} 前答复。原因：{{ reason }}"

"""


def use_month_pack(test_desk: TestDesk, approver: Role = Role.SUPERVISOR) -> Pack:
    """Put the pack that `month_pack` is like on the desk's shelf, as a file, for new tickets."""
    text = (SHIPPED / "hauthome-2023-08.toml").read_text("utf-8")
    for old, new in (
        ('id = "hauthome"', 'id = "months"'),
        ("respond_days = 30", "respond_months = 1"),
        ('starts = ["received", "verified"]', 'starts = ["received"]'),
        ('time_zone = "UTC"', 'time_zone = "Europe/Berlin"'),
        ('holidays = "CN"', 'holidays = "DE-BY"'),
        ("ends_on_working_day = false", "ends_on_working_day = true"),
        ("identity_stops = false", "identity_stops = true"),
        ("# --- what can be asked for", EXTENSION.replace("APPROVER", approver.value) + "# --- what can be asked for"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    desk = test_desk.desk
    folder = desk.settings.home / "packs"
    folder.mkdir(exist_ok=True)
    (folder / "months-2023-08.toml").write_text(text, "utf-8")
    desk.settings = desk.settings.model_copy(update={"pack": "months-2023-08"})
    desk.packs = PackShelf(desk.settings)
    return desk.packs.current


def clock_events(test_desk: TestDesk, number: int) -> list[ClockEvent]:
    """The ticket's clock events, oldest first."""
    with test_desk.desk.database.reading() as db:
        found = select(ClockEvent).where(col(ClockEvent.ticket_number) == number).order_by(col(ClockEvent.at))
        return list(db.scalars(found))
