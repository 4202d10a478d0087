"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for the day it is lost.

A code counts once: the newest step that was used is remembered, and it only moves forward (ASVS 6.5.1, 6.6.3).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import about_text, append, record
from cs_console.access_log.entry import Entry
from cs_console.access_log.persons_on_record import is_another
from cs_console.access_log.vouched import digest, last_entry
from cs_console.custody.factor_secrets import open_secret, seal_secret
from cs_console.desk import Desk, DeskSession, OperatorSession
from cs_console.errors import BadAccount, NotAllowed, SignInRefused, WrongFactor
from cs_console.live_session import require_session
from cs_console.staff.accounts import account_actor, confirm_password, named, require_new_password
from cs_console.staff.factor_state import about_factor, has_factor, is_in_force
from cs_console.staff.second_person import Confirming, require_password_of
from cs_console.staff.sessions import end_and_record
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import Action
from models.log import LogEntry
from models.roles import Role
from models.second_factor import RecoveryCode, SecondFactor

STEP_SECONDS = 30
STEPS_EITHER_SIDE = 1
"""How far the clocks of phone and console may differ (ASVS 6.5.5): one step."""
RECOVERY_CODES = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for one another."""
_HALF = 6


@dataclass(frozen=True)
class Enrolment:
    """What the app is given: the secret as letters to type, and the same as a link for a QR code."""

    secret: str = field(repr=False)
    link: str = field(repr=False)


def begin_enrolment(session: DeskSession, password: str) -> Enrolment:
    """Make a new secret for the agent's own app; the factor they have stays in force until a code of the new one.

    The password is asked again, so that no one enrols their own phone at an unattended console. Raises SignInRefused,
    SignInMustWait, SessionEnded.
    """
    import pyotp  # for accounts with a second factor alone

    desk, agent_id = session.desk, session.agent.id
    if not confirm_password(session, password):
        raise SignInRefused
    secret = pyotp.random_base32()
    sealed = seal_secret(desk.keyring, agent_id, secret)
    with desk.database.transaction() as db:
        require_session(db, session)
        row = db.get(SecondFactor, agent_id, with_for_update=True) or SecondFactor(agent_id=agent_id)
        row.pending = sealed
        db.add(row)
    return Enrolment(
        secret, pyotp.TOTP(secret).provisioning_uri(name=f"{desk.settings.desk_name}:{session.agent.name}")
    )


def confirm_enrolment(session: DeskSession, typed: str) -> tuple[str, ...]:
    """Put the new secret in force with one of its codes; returns the recovery codes, which are shown this once.

    Recovery codes from before end. On record. Raises WrongFactor, SessionEnded.
    """
    desk, agent_id = session.desk, session.agent.id
    with desk.database.transaction() as db:
        require_session(db, session)
        row = db.get(SecondFactor, agent_id, with_for_update=True)
        if row is None or row.pending is None:
            raise WrongFactor("Start again: the app did not get a new secret.")
        now = desk.clock.now()
        step = _step_of(open_secret(desk.keyring, agent_id, row.pending), typed, now)
        if step is None:
            raise WrongFactor("Enter the six digits that the app shows now, and check the phone's clock.")
        row.secret, row.pending, row.last_step, row.enrolled_at = row.pending, None, step, now
        db.add(row)
        db.flush()
        codes = _new_recovery_codes(db, desk, agent_id)
        db.connection().execute(
            update(AgentSession).where(col(AgentSession.id) == session.session_id).values(enrolling=False)
        )
        record(db, session, Entry(Action.FACTOR_ENROLLED, about=about_factor(desk, agent_id, row.secret)))
    return codes


def take_code(db: Session, desk: Desk, agent: Agent, typed: str) -> bool:
    """Use a code of the account's app, or a recovery code, once, in the caller's transaction.

    Two consoles at once cannot use the same one. A recovery code that is used is on record. A secret that the log does
    not hold as the one in force is worth nothing.
    """
    row = db.get(SecondFactor, agent.id, with_for_update=True)
    if row is None or row.secret is None or not is_in_force(db, desk, agent, row.secret):
        return False
    digits = "".join(typed.split())
    step = _step_of(open_secret(desk.keyring, agent.id, row.secret), digits, desk.clock.now())
    if step is not None:
        used = db.connection().execute(
            update(SecondFactor)
            .where(col(SecondFactor.agent_id) == agent.id, col(SecondFactor.last_step) < step)
            .values(last_step=step)
        )
        return bool(used.rowcount)
    return _take_recovery_code(db, desk, agent, digits)


def recovery_codes_left(session: DeskSession) -> int | None:
    """How many recovery codes the agent has left; None where they have no second factor."""
    with session.desk.database.reading() as db:
        require_session(db, session)
        if not has_factor(db, session.desk, session.agent):
            return None
        unused = select(col(RecoveryCode.id)).where(
            col(RecoveryCode.agent_id) == session.agent.id, col(RecoveryCode.used_at).is_(None)
        )
        return len(db.connection().execute(unused).all())


def reset_factor(session: OperatorSession, name: str, first: Confirming, second: Confirming) -> None:
    """Take an account's second factor away, with two admins' passwords; neither is the account's own.

    Its owner has to choose a password then, since a short one was enough beside the factor, and enrols again where
    the settings ask for it. Its sessions end. Raises UnknownAgent, BadAccount, NotAllowed, SignInRefused,
    SignInMustWait.
    """
    if not isinstance(session, OperatorSession):
        raise NotAllowed("A second factor is reset on the host.", "Use `cs-console agents reset-factor`.")
    desk = session.desk
    admins = [require_password_of(desk, one, Role.ADMIN) for one in (first, second)]
    with desk.database.reading() as db:
        if not is_another(db, desk, admins[0].id, admins[1].id):
            raise BadAccount(
                "Two different people must confirm this.",
                "Name another one with --second. `cs-console agents identity` records who owns an account.",
            )
    with desk.database.transaction() as db:
        agent = named(db, desk, name)
        if agent.id in {admin.id for admin in admins}:
            raise BadAccount("You cannot reset your own second factor.", "Two other admins must confirm it.")
        if not has_factor(db, desk, agent):
            raise BadAccount(f"{agent.name} has no second factor.", "Nothing was changed.")
        db.connection().execute(delete(SecondFactor).where(col(SecondFactor.agent_id) == agent.id))
        db.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.agent_id) == agent.id))
        require_new_password(db, session, agent)
        actor = account_actor(desk, agent)
        end_and_record(db, desk, actor, agent.id, "your second factor was reset")
        confirmed = " and ".join(admin.name for admin in admins)
        about = {"account": agent.id, "name": agent.name, "change": "second factor reset"}
        reason = f"{agent.name}: confirmed by {confirmed}"
        record(db, session, Entry(Action.FACTOR_RESET, reason=reason, about=about))


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The step that those six digits are the code of, near enough to now; compared in constant time."""
    import pyotp  # needed only for accounts with a second factor

    if len(typed) != pyotp.TOTP(secret).digits or not (typed.isascii() and typed.isdigit()):
        return None
    newest = int(now.timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(secret, interval=STEP_SECONDS)
    near = range(newest - STEPS_EITHER_SIDE, newest + STEPS_EITHER_SIDE + 1)
    matching = [step for step in near if hmac.compare_digest(app.generate_otp(step), typed)]
    return max(matching, default=None)


def _new_recovery_codes(db: Session, desk: Desk, agent_id: str) -> tuple[str, ...]:
    db.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.agent_id) == agent_id))
    codes = tuple("-".join(_random_letters() for _ in range(2)) for _ in range(RECOVERY_CODES))
    rows = [RecoveryCode(agent_id=agent_id, digest=_digest(desk, agent_id, code)) for code in codes]
    db.connection().execute(insert(RecoveryCode), [row.model_dump() for row in rows])
    return codes


def _random_letters() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_HALF))


def _take_recovery_code(db: Session, desk: Desk, agent: Agent, typed: str) -> bool:
    kept = _digest(desk, agent.id, typed)
    used = db.connection().execute(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.agent_id) == agent.id,
            col(RecoveryCode.digest) == kept,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=desk.clock.now())
        .returning(col(RecoveryCode.id))
    )
    row_id = used.scalar()
    # not its row's id, which could be overwritten; older desks wrote that
    about = {"code": digest(desk, "recovery code", agent.id, kept.hex())}
    wrote = (about_text(about), about_text({"code": row_id or ""}))
    said = (col(LogEntry.action) == Action.RECOVERY_CODE_USED.value, col(LogEntry.about).in_(wrote))
    if row_id is None or last_entry(db, desk, *said) is not None:  # its row says that it was not used
        return False
    used_now = Entry(Action.RECOVERY_CODE_USED, about=about)
    append(db, desk, account_actor(desk, agent), used_now, desk.clock.now())
    return True


def _digest(desk: Desk, agent_id: str, code: str) -> bytes:
    """59 random bits need no slow hash; the key keeps a copy of the database from being searched (ASVS 6.5.2)."""
    written = code.casefold().replace("-", "").encode("utf-8", "surrogatepass")
    return hmac.digest(desk.keyring.desk_key("recovery-codes"), agent_id.encode() + b"|" + written, hashlib.sha256)
