"""The stage of the sample desk: its desk, its clock, and who signs in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cs_console.desk import Desk, DeskSession
from cs_console.sample.accounts import ACCOUNTS
from cs_console.staff import sign_in, undertakings


class StoryClock:
    """A clock that the story moves forward."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=40)  # time passes, so that nothing happens at the same moment
        return self.at


@dataclass
class Story:
    """The desk while the story runs; `numbers` remembers the ticket of each letter that has an id."""

    desk: Desk
    clock: StoryClock
    now: datetime
    numbers: dict[str, int] = field(default_factory=dict)

    def at(self, hours: float) -> None:
        """Move to that many hours before now, never back."""
        self.clock.at = max(self.clock.at, self.now - timedelta(hours=hours))

    def session_of(self, name: str) -> DeskSession:
        """Sign that account in, as on any morning."""
        account = next(account for account in ACCOUNTS if account.name == name)
        signed_in = sign_in.sign_in(self.desk, account.name, account.password)
        if signed_in.undertaking_due:
            undertakings.accept(signed_in.session)
        return signed_in.session
