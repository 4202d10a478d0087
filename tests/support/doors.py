"""The console as it begins for a person: signed out, with real accounts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cs_console.app import ConsoleApp
from cs_console.desk import operator_session
from cs_console.staff import accounts, sign_in, undertakings
from models.roles import Role
from tests.support.consoles import Console
from tests.support.desk import TestDesk

PASSWORD = "seven quiet harbours"


@dataclass
class Stopwatch:
    """Seconds that pass only when a test says so."""

    at: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.at


def make_account(
    test_desk: TestDesk, name: str, *roles: Role, undertaking: bool = True, temporary: bool = False
) -> None:
    """An account with PASSWORD that can sign in, its undertaking accepted unless the test is about that."""
    desk = test_desk.desk
    accounts.add_agent(
        operator_session(desk), name, roles, PASSWORD, temporary=temporary, identity=f"{name}@staff.example"
    )
    if undertaking:
        session = sign_in.sign_in(desk, name, PASSWORD).session
        undertakings.accept(session)
        sign_in.sign_out(session)


@asynccontextmanager
async def at_the_door(
    test_desk: TestDesk, size: tuple[int, int] = (80, 24), seconds: Stopwatch | None = None, **settings: object
) -> AsyncIterator[Console]:
    """The sign-in screen, on the test's own stores."""
    changed = test_desk.desk.settings.model_copy(update=settings)
    app = ConsoleApp(changed, desk=test_desk.desk, seconds=seconds or Stopwatch())
    async with app.run_test(size=size) as pilot:
        yield Console(app, pilot)


async def sign_in_as(shown: Console, name: str, password: str = PASSWORD) -> None:
    """Type a name and a password, as a person would."""
    await shown.type(name)
    await shown.press("tab")
    await shown.type(password)
    await shown.press("enter")
