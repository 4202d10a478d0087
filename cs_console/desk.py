"""The desk: a signed-in agent and what they work with. Every service takes it first."""

import hashlib
import hmac
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from cs_console.access_log.accounts_on_record import AccountsRead
from cs_console.access_log.entry import Actor
from cs_console.access_log.stated_heads import HeadFile
from cs_console.access_log.undertakings_on_record import UndertakingsRead
from cs_console.access_log.vouched import Word
from cs_console.clock import DeskClock
from cs_console.database import Database
from cs_console.errors import NotAllowed, TimeNotConfirmed
from cs_console.live_session import require_live
from cs_console.settings import Settings
from models.roles import Role

if TYPE_CHECKING:
    from cs_console.custody.keyring import Keyring
    from cs_console.policy.loader import PackShelf

WAITING_REFUSALS = 1_000
"""How many refused attempts are kept while the store cannot record them."""


@dataclass(frozen=True, slots=True)
class LastSearch:
    """A session's last search: what the log calls it, how many tickets it found, and when it was read last."""

    name: str
    found: str
    at: datetime


@dataclass
class Desk:
    """What all agents of one console share: settings, stores, keys, packs and the clock."""

    settings: Settings
    database: Database
    keyring: "Keyring"
    packs: "PackShelf"
    clock: DeskClock
    sample: bool = False
    """Whether the desk's own data says that it was made as a sample (`sample_mark.py`)."""
    recorded: bool = False
    """Whether something was put on record here since this was opened: then a command signs the log before it ends."""
    unrecorded: "deque[Callable[[], None]]" = field(default_factory=lambda: deque(maxlen=WAITING_REFUSALS))
    """Refused attempts to see something that could not be put on record, without any value; the oldest go first."""
    swept_overdue: tuple[datetime, int] | None = None
    """How far this console's look through the overdue tickets has come: due date and number of the last one."""
    accounts_read: AccountsRead = field(default_factory=AccountsRead)
    undertakings_read: UndertakingsRead = field(default_factory=UndertakingsRead)
    """What the log says of accounts, as it was read last."""
    genuine_words: dict[tuple[Any, ...], Word] = field(default_factory=dict, repr=False)
    """Entries of the log as they are stored, whose tags were found right: some of those that were asked for last."""
    searches: "dict[str, LastSearch]" = field(default_factory=dict, repr=False)
    """By session."""
    approvals: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    """By session: how long the log was when its approvals were counted, and how many waited."""
    keyed_up_to: int = 0
    """How far it has come in giving tickets from before their own keys: the last number."""
    keyed_apart_up_to: int = 0
    """The same for mail that is set aside."""

    @cached_property
    def log_tag_key(self) -> bytes:
        """The key of the log's entry tags."""
        return self.keyring.desk_key("log-tag")

    @cached_property
    def host(self) -> str:
        """This machine's name, for the record."""
        return socket.gethostname()

    @property
    def own_actor(self) -> Actor:
        """Who does what no one asked for at that moment: what is due, and what a crash cut short."""
        return Actor("console", "", "", self.host)

    @cached_property
    def head_file(self) -> HeadFile:
        """Where this host states the log's head before a value is shown."""
        return HeadFile(self.settings.checkpoint_folder, self.host)

    def pseudonym(self, requester_id: str, key: bytes) -> str:
        """The requester's name in the log: keyed by their own key, so that erasing it unlinks the log too."""
        return hmac.digest(key, b"pseudonym|" + requester_id.encode(), hashlib.sha256).hex()[:16]

    def require_believed_time(self) -> None:
        """Refuse what cannot be undone, and what dates decide, while the machine's clock is not believed.

        Raises TimeNotConfirmed.
        """
        if self.clock.parted:
            raise TimeNotConfirmed(self.clock.source.now(), self.clock.now())

    def require_stores(self) -> None:
        """Ask database and keyring one small thing. Raises StoreUnavailable while one of them does not answer."""
        with self.database.reading() as db:
            db.connection()
        self.keyring.store.find("")

    def close(self) -> None:
        """Give back every connection and file."""
        self.head_file.close()
        self.database.close()
        self.keyring.close()


@dataclass(frozen=True)
class AgentCard:
    """Who is signed in."""

    id: str
    name: str
    roles: frozenset[Role]

    def has(self, role: Role) -> bool:
        return role in self.roles


@dataclass(frozen=True)
class DeskSession:
    """One agent's session. `session_id` is the hash of its token."""

    desk: Desk
    agent: AgentCard
    session_id: str

    @cached_property
    def actor(self) -> Actor:
        """The actor in log entries."""
        roles = ",".join(sorted(self.agent.roles))
        return Actor(self.agent.name, roles, self.session_id[:16], self.desk.host)

    @contextmanager
    def work(self, *any_of: Role, operator: bool = False) -> Iterator[Session]:
        """One transaction, begun only if the session is live and the account holds one of these roles now.

        `operator`: what only a command on the host may do, whatever roles an account holds. Raises SessionEnded or
        NotAllowed; roles are read afresh each time (ASVS 8.3.2).
        """
        with self.desk.database.transaction() as db:
            require_live(db, self, any_of)
            _refuse(operator)
            yield db

    @contextmanager
    def reading(self, *any_of: Role, operator: bool = False) -> Iterator[Session]:
        """The same for reading only."""
        with self.desk.database.reading() as db:
            require_live(db, self, any_of)
            _refuse(operator)
            yield db


def _refuse(operator: bool) -> None:
    if operator:
        raise NotAllowed("This can only be done with a command on the host.", "Ask the operator of this desk.")


@dataclass(frozen=True)
class OperatorSession(DeskSession):
    """The person who runs `cs-console ...` commands on the host: no session, no tickets of their own, no reveals."""

    @contextmanager
    def work(self, *any_of: Role, operator: bool = False) -> Iterator[Session]:
        with self.desk.database.transaction() as db:
            yield db

    @contextmanager
    def reading(self, *any_of: Role, operator: bool = False) -> Iterator[Session]:
        with self.desk.database.reading() as db:
            yield db


def operator_session(desk: Desk) -> OperatorSession:
    """The desk that commands work at."""
    return OperatorSession(desk, AgentCard("", "operator", frozenset()), "")
