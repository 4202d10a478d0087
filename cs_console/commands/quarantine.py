"""`cs-console intake quarantine ...`: mail that became no ticket, and blocked senders."""

from dataclasses import asdict
from typing import Annotated

import typer

from cs_console.commands.context import Home, Json, desk, print_json
from cs_console.commands.typed_password import PasswordStdin, typed_passwords
from cs_console.desk import operator_session
from cs_console.intake.blocked_senders import blocked_senders, unblock_sender
from cs_console.intake.quarantine import KeptMail, listing
from cs_console.intake.set_aside_acts import PURPOSES, ShownMail, drop, release, retry, show
from cs_console.local_time import sortable
from models.enums import SetAside

app = typer.Typer(
    help="List mail that became no ticket (alone), show it, release it, try it again, drop it.",
    invoke_without_command=True,
)

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The most to list.")]
Number = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**31 - 1, help="The number that the list gives.")]


@app.callback()
def quarantine(context: typer.Context, home: Home = None, limit: Limit = 50, json: Json = False) -> None:
    """List what is set aside, newest first: when it came, its size and the reason. The content stays sealed."""
    if context.invoked_subcommand is None:
        _list(home, limit, None, json=json)


@app.command("list")
def list_mail(
    home: Home = None,
    limit: Limit = 50,
    of: Annotated[SetAside | None, typer.Option("--class", help="Only of this class.", show_default=False)] = None,
    json: Json = False,
) -> None:
    """List what is set aside, newest first. The content stays sealed."""
    _list(home, limit, of, json=json)


@app.command("show")
def show_mail(
    number: Number,
    name: Annotated[str, typer.Option("--as", help="The account of a privacy officer.", show_default=False)],
    purpose: Annotated[str, typer.Option("--purpose", help=f"Why: {', '.join(PURPOSES)}.", show_default=False)],
    code: Annotated[str, typer.Option("--code", help="The second factor's code, where the account has one.")] = "",
    home: Home = None,
    password_stdin: PasswordStdin = False,
    json: Json = False,
) -> None:
    """Show one of them to a privacy officer, who signs in for it. Recorded before anything is shown.

    Signing in here ends the account's session in a console.
    """
    password = typed_passwords(password_stdin, (name,))[0]
    with desk(home) as opened:
        from cs_console.staff.sign_in import sign_in, sign_out  # slow to import, and no other command here needs it

        session = sign_in(opened, name, password, code).session
        try:
            shown = show(session, number, purpose)
        finally:
            sign_out(session)
    if json:
        print_json(_as_json_shown(shown))
    else:
        _print_shown(shown)


@app.command("release")
def release_mail(number: Number, home: Home = None, json: Json = False) -> None:
    """File one of them as a person's, whatever it seemed to be. Recorded."""
    with desk(home) as opened:
        taken = release(operator_session(opened), number)
    if json:
        print_json({"id": number, "outcome": taken.outcome, "ticket": taken.number})
    else:
        print(f"{number}: {taken.outcome}, #{taken.number}.")


@app.command("retry")
def retry_mail(home: Home = None, json: Json = False) -> None:
    """Read again all that could not be read, as after an update of the program. Recorded."""
    with desk(home) as opened:
        done = retry(operator_session(opened))
    if json:
        print_json({"tried": done.tried, **done.outcomes})
    else:
        read = sum(done.outcomes.values())
        print(f"{done.tried} tried again, {read} read" + "".join(f", {n} {word}" for word, n in done.outcomes.items()))


@app.command("drop")
def drop_mail(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why no one has to read it.", show_default=False)],
    home: Home = None,
    json: Json = False,
) -> None:
    """Destroy the content of one of them. Recorded with the reason; the same mail is not taken in again."""
    with desk(home) as opened:
        drop(operator_session(opened), number, reason)
    if json:
        print_json({"id": number, "outcome": "dropped"})
    else:
        print(f"{number}: dropped.")


def blocked(home: Home = None, json: Json = False) -> None:
    """List blocked senders by their masks, newest first, with the reasons."""
    with desk(home) as opened:
        found = blocked_senders(operator_session(opened))
    if json:
        print_json({"blocked": [{**asdict(one), "at": one.at.isoformat()} for one in found]})
    elif not found:
        print("No sender is blocked.")
    else:
        for one in found:
            print(f"{one.id[:8]}  {sortable(one.at)}  {one.mask}  #{one.ticket} by {one.by}: {one.reason}")


def unblock(
    block: Annotated[str, typer.Argument(metavar="ID", help="The id that `intake blocked` gives.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Take in mail of a blocked sender again. Recorded; what was set aside stays until it is released."""
    with desk(home) as opened:
        unblock_sender(operator_session(opened), block)
    if json:
        print_json({"id": block, "outcome": "unblocked"})
    else:
        print("Unblocked.")


def _list(home: Home, limit: int, of: SetAside | None, *, json: bool) -> None:
    with desk(home) as opened:
        kept = listing(operator_session(opened), limit, of)
    if json:
        print_json({"quarantined": [_as_json(one) for one in kept]})
    elif not kept:
        print("The quarantine is empty." if of is None else "There is nothing of this class.")
    else:
        for one in kept:
            asks = f" ({one.kind})" if one.kind is not None else ""
            print(f"{one.number:>6}  {sortable(one.at)}  {one.size:>11,} B  {one.sort}{asks}: {one.reason}")


def _as_json(kept: KeptMail) -> dict[str, object]:
    return {
        "id": kept.number,
        "at": kept.at.isoformat(),
        "size": kept.size,
        "class": kept.sort.value,
        "kind": None if kept.kind is None else kept.kind.value,
        "reason": kept.reason,
    }


def _as_json_shown(shown: ShownMail) -> dict[str, object]:
    values = asdict(shown)
    return {"id": values.pop("number"), "class": values.pop("sort").value, **values, "files": list(shown.files)}


def _print_shown(shown: ShownMail) -> None:
    print(f"{shown.number}: {shown.sort}. {shown.reason}")
    if shown.sender:
        print(f"  From: {shown.sender}")
    if shown.subject:
        print(f"  Subject: {shown.subject}")
    for name in shown.files:
        print(f"  Attachment: {name}")
    print("\n".join(f"  | {line}" for line in shown.text.splitlines()))
    if shown.more:
        print("  (There is more of it.)")
