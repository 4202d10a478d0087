"""The stage of the sample desk: its office, its clock, and who signs in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cs_console.desk import Desk, Office
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
    """The office while the story runs; `numbers` remembers the ticket of each letter that has an id."""

    office: Office
    clock: StoryClock
    now: datetime
    numbers: dict[str, int] = field(default_factory=dict)

    def at(self, hours: float) -> None:
        """Move to that many hours before now, never back."""
        self.clock.at = max(self.clock.at, self.now - timedelta(hours=hours))

    def desk_of(self, name: str) -> Desk:
        """Sign that account in, as on any morning."""
        account = next(account for account in ACCOUNTS if account.name == name)
        signed_in = sign_in.sign_in(self.office, account.name, account.password)
        if signed_in.undertaking_due:
            undertakings.accept(signed_in.desk)
        return signed_in.desk
