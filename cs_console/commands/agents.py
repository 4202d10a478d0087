"""`cs-console agents ...`: the accounts of the people who work here."""

from typing import Annotated

import typer

from cs_console.commands.context import Home, Json, desk, print_json
from cs_console.commands.typed_password import PasswordStdin, typed_password, typed_passwords
from cs_console.desk import Desk, operator_session
from cs_console.local_time import second, sortable
from cs_console.staff import accounts
from cs_console.staff.second_person import Confirming
from models.roles import Role

app = typer.Typer(
    help="Accounts: add, list, suspend, unlock, reset, reset-factor, roles, confirm, identity.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role",
        metavar="R",
        help="agent, verifier, supervisor, privacy-officer or admin. Repeat the option for several roles.",
    ),
]
Identity = Annotated[
    str,
    typer.Option(
        "--identity",
        metavar="CONTACT",
        help="The person's own e-mail address or phone number; no other person may have it.",
    ),
]


@app.command()
def add(
    name: Name,
    role: Roles,
    password_stdin: PasswordStdin = False,
    temporary: Annotated[
        bool, typer.Option("--temporary", help="The account's owner must choose a new password at the first sign-in.")
    ] = False,
    identity: Identity = "",
    home: Home = None,
) -> None:
    """Create an account."""
    with desk(home) as opened:
        roles, password = accounts.roles_from(role), typed_password(password_stdin)
        accounts.add_agent(operator_session(opened), name, roles, password, temporary=temporary, identity=identity)
        waits = _waiting(opened, name)
    print(f"The account {name} was created and can sign in.")
    _say_what_waits(name, waits)


@app.command("identity")
def identify(
    name: Name,
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="The person's own e-mail address or phone number.")],
    home: Home = None,
) -> None:
    """Record who owns an account, so that it can act as the second person. Only a keyed hash of the contact is kept."""
    with desk(home) as opened:
        accounts.set_identity(operator_session(opened), name, contact)
    print(f"The owner of the account {name} was recorded.")


@app.command("list")
def list_(as_json: Json = False, home: Home = None) -> None:
    """List all accounts: roles, state, failed attempts, last sign-in."""
    with desk(home) as opened:
        rows = accounts.list_agents(operator_session(opened))
    if as_json:
        print_json({"agents": [_fields(row) for row in rows]})
        return
    for row in rows:
        last = "never" if row.last_signed_in is None else sortable(row.last_signed_in)
        state = str(row.state.value) + (", password must be changed" if row.must_change_password else "")
        if row.waits_until is not None:
            state += f", waits until {second(row.waits_until)}"
        if row.to_confirm:
            state += f", {', '.join(row.to_confirm)} to be confirmed"
        if not row.identified:
            state += ", no identity"
        print(f"{row.name:<20} {', '.join(row.roles):<32} {state:<32} last signed in {last}")


@app.command()
def suspend(name: Name, home: Home = None) -> None:
    """Suspend an account: it cannot sign in, and its session ends."""
    with desk(home) as opened:
        accounts.suspend(operator_session(opened), name)
    print(f"{name} was suspended and signed out.")


@app.command()
def unlock(name: Name, home: Home = None) -> None:
    """Lift a suspension and the wait after failed sign-ins."""
    with desk(home) as opened:
        accounts.unlock(operator_session(opened), name)
    print(f"{name} can sign in again.")


@app.command()
def reset(name: Name, password_stdin: PasswordStdin = False, home: Home = None) -> None:
    """Set a password that the account's owner must change at the next sign-in."""
    with desk(home) as opened:
        accounts.reset(operator_session(opened), name, typed_password(password_stdin))
    print(f"{name} must choose a new password at the next sign-in.")


@app.command("reset-factor")
def reset_factor(
    name: Name,
    by: Annotated[str, typer.Option("--by", metavar="ADMIN", help="An admin who confirms the reset.")],
    second: Annotated[str, typer.Option("--second", metavar="ADMIN", help="A second admin who confirms the reset.")],
    password_stdin: PasswordStdin = False,
    home: Home = None,
) -> None:
    """Remove an account's second factor. Two other admins enter their passwords, one line each on standard input."""
    from cs_console.staff.second_factor import reset_factor  # for this command alone

    first, other = typed_passwords(password_stdin, (by, second))
    with desk(home) as opened:
        reset_factor(operator_session(opened), name, Confirming(by, first), Confirming(second, other))
    print(f"The second factor of {name} was removed. {name} must choose a new password at the next sign-in.")


@app.command()
def roles(name: Name, role: Roles, home: Home = None) -> None:
    """Give an account exactly these roles. Its session ends."""
    with desk(home) as opened:
        accounts.set_roles(operator_session(opened), name, accounts.roles_from(role))
        waits = _waiting(opened, name)
        held = next(row.roles for row in _rows(opened) if row.name == accounts.normal_name(name))
    print(f"{name} now has these roles: {', '.join(held) or 'none'}.")
    _say_what_waits(name, waits)


@app.command()
def confirm(
    name: Name,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The admin or supervisor who confirms.")],
    password_stdin: PasswordStdin = False,
    home: Home = None,
) -> None:
    """Confirm roles as a second person, with their password: not the giver and not the owner of the account."""
    from cs_console.staff.confirming_roles import confirm_roles_as  # for this command alone

    with desk(home) as opened:
        given = confirm_roles_as(opened, by, typed_password(password_stdin), name)
    print(f"{name} now also has these roles: {', '.join(given)}.")


def _rows(opened: Desk) -> tuple[accounts.AgentRow, ...]:
    return accounts.list_agents(operator_session(opened))


def _waiting(opened: Desk, name: str) -> tuple[Role, ...]:
    return next(row.to_confirm for row in _rows(opened) if row.name == accounts.normal_name(name))


def _say_what_waits(name: str, waits: tuple[Role, ...]) -> None:
    if waits:
        print(
            f"{', '.join(waits)}: waiting for a second person to confirm: `cs-console agents confirm {name} --by NAME`."
        )


def _fields(row: accounts.AgentRow) -> dict[str, object]:
    return {
        "name": row.name,
        "roles": [role.value for role in row.roles],
        "state": row.state.value,
        "must_change_password": row.must_change_password,
        "identified": row.identified,
        "roles_to_confirm": [role.value for role in row.to_confirm],
        "failures": row.failures,
        "waits_until": row.waits_until.isoformat() if row.waits_until else None,
        "last_signed_in": row.last_signed_in.isoformat() if row.last_signed_in else None,
        "created_at": row.created_at.isoformat(),
    }
