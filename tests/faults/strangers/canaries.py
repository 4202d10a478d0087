"""Values that no one else has: wherever one turns up, it says whose it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from models.contact_fields import Field

_CANARY = re.compile(r"zq[a-z]{7}x|\+?8613\d{9}", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[ -](?=\d)")
_LETTERS = "abcdefghijklmnoprstuvw"
ORDINARY = "Please keep the blue parcel until Monday, and do not delete anything that I never asked for."
"""Words that no redaction may take away."""


def canaries_in(text: str) -> set[str]:
    """Every canary of a text, words in small letters and phones as digits with their plus sign."""
    found = (one.casefold() for one in _CANARY.findall(_SPACES.sub("", text)))
    return {one if one.startswith("zq") else f"+{one.lstrip('+')}" for one in found}


@dataclass(frozen=True)
class Human:
    """Someone who writes: their mailbox, phone and words. Whether a platform knows them is another matter."""

    account: str
    first: str
    last: str
    email: str
    mobile: str
    address: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def record(self) -> dict[Field, str]:
        """What an honest platform has on file of them."""
        return {
            Field.EMAIL: self.email,
            Field.MOBILE: self.mobile,
            Field.NAME: self.name,
            Field.ADDRESS: self.address,
            Field.OTHER: self.account,
        }

    def letter(self, secret: str) -> str:
        """A letter in which all of it stands, as people write it, and a secret of its own."""
        spaced = f"{self.mobile[:3]} {self.mobile[3:6]} {self.mobile[6:10]} {self.mobile[10:]}"
        return (
            f"Hello,\n\n{ORDINARY} You reach me at {self.email} or {spaced}, and I live at {self.address}. "
            f"What it is about is {secret}.\n\nKind regards\n{self.name}\n"
        )


@dataclass
class Mint:
    """Makes canaries, none of them twice."""

    chance: Random
    made: set[str] = field(default_factory=set)

    def word(self) -> str:
        return self._new(lambda: "zq" + "".join(self.chance.choices(_LETTERS, k=7)) + "x")

    def phone(self) -> str:
        return self._new(lambda: f"+8613{self.chance.randrange(10**9):09d}")

    def mailbox(self) -> str:
        return f"{self.word()}@mail.example.org"

    def human(self) -> Human:
        first, last = self.word().capitalize(), self.word().capitalize()
        address = f"{self.chance.randrange(1, 99)} {self.word().capitalize()} Close, Leeds"
        return Human(f"u-{self.word()}", first, last, self.mailbox(), self.phone(), address)

    def _new(self, make: Callable[[], str]) -> str:
        while (made := make()) in self.made:
            pass
        self.made.add(made)
        return made
