"""Confirming roles that another person gave (DECISIONS.md, 9)."""

from sqlmodel import Session

from cs_console.access_log.accounts_on_record import account_on_record
from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.persons_on_record import is_another
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadAccount, NotAllowed, NotVouched
from cs_console.staff.accounts import about_now, account_actor, named
from cs_console.staff.given_roles import roles_of, words_of
from cs_console.staff.second_person import Confirming, require_password_of
from cs_console.staff.sessions import end_and_record
from models.enums import Action
from models.roles import CONFIRMS_ROLES, Role


def confirm_roles(session: DeskSession, name: str) -> tuple[Role, ...]:
    """Confirm the roles that another person gave that account: they take effect, its sessions end.

    Only an admin or a supervisor, who is another person than the one who gave them and than the account's owner.
    Raises UnknownAgent, BadAccount, NotAllowed, SessionEnded.
    """
    with session.work(*CONFIRMS_ROLES) as db:
        return _confirm(db, session.desk, session.agent.id, session.actor, name)


def confirm_roles_as(desk: Desk, by: str, password: str, name: str) -> tuple[Role, ...]:
    """The same by an operator's command, with the name and the password of the account that confirms.

    Counted like a sign-in. Raises SignInRefused, SignInMustWait, MustChangePassword, and as `confirm_roles` does.
    """
    card = require_password_of(desk, Confirming(by, password), *CONFIRMS_ROLES)
    actor = Actor(card.name, words_of(card.roles), "", desk.host)
    with desk.database.transaction() as db:
        return _confirm(db, desk, card.id, actor, name)


def _confirm(db: Session, desk: Desk, by: str, actor: Actor, name: str) -> tuple[Role, ...]:
    agent = named(db, desk, name)
    said = account_on_record(db.connection(), desk, agent.id, agent.name)
    if agent.roles_to_confirm and (said is None or said.waiting is None):  # an older desk does not say who gave them
        raise NotVouched(f"The access log does not show who gave {agent.name} these roles. Give them again.")
    given = roles_of(agent.roles_to_confirm)
    if not given:
        raise BadAccount(f"{agent.name} has no roles waiting for confirmation.", "See `cs-console agents list`.")
    if not (is_another(db, desk, agent.id, by) and is_another(db, desk, agent.roles_given_by, by)):
        raise NotAllowed(
            "Neither the person who gave the roles nor the one who gets them can confirm them.",
            "Ask another admin or supervisor. `cs-console agents identity` records who owns an account.",
        )
    agent.roles = words_of(roles_of(agent.roles) | given)
    agent.roles_to_confirm, agent.roles_given_by = "", None
    db.add(agent)
    db.flush()
    end_and_record(db, desk, account_actor(desk, agent), agent.id, "your roles were changed")
    about = about_now(db, desk, agent) | {"change": "roles confirmed", "roles": words_of(given)}
    reason = f"{agent.name}: roles confirmed, {words_of(given)}"
    append(db, desk, actor, Entry(Action.ACCOUNT_CHANGED, reason=reason, about=about), desk.clock.now())
    return tuple(sorted(given))
