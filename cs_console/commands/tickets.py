"""`cs-console tickets ...`: lists of numbers, kinds, states and dates for operators, and indexing what waits."""

import re
from typing import Annotated

import typer

from cs_console.commands.context import Home, Json, desk, print_json
from cs_console.commands.progress import progress_bar
from cs_console.desk import Desk, operator_session
from cs_console.errors import BadInput
from cs_console.local_time import sortable
from cs_console.tickets.filters import Filter, parse
from cs_console.tickets.queue import MAX_PAGE_SIZE, ListedTicket, listing
from cs_console.tickets.queue_query import VIEWS, Cursor, Sort
from cs_console.tickets.search.index import index_all, still_indexing, still_indexing_words

app = typer.Typer(help="Tickets, without personal data.", no_args_is_help=True)
_AFTER = re.compile(r"([0-9]{1,19}):([0-9]{1,9})")
_COLUMNS = "{:>7}  {:<10} {:<12} {:<9} {:<17} {}"


@app.callback()
def tickets() -> None:
    """Tickets, without personal data."""


@app.command("list")
def list_tickets(
    home: Home = None,
    view: Annotated[str, typer.Option("--view", help=f"One of: {', '.join(name for name, _ in VIEWS)}.")] = "all",
    expression: Annotated[str, typer.Option("--filter", help="Like: refund kind:appeal due:<3d -channel:call.")] = "",
    sort: Annotated[Sort | None, typer.Option("--sort", help="What comes first; by default what came last.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The most tickets to list.")] = 100,
    after: Annotated[str, typer.Option("--after", help="Continue after the `next` value of an earlier list.")] = "",
    as_json: Json = False,
) -> None:
    """List tickets: number, kind, state, priority, dates."""
    with desk(home) as opened:
        asked = parse(expression)
        rows, following = _collect(opened, view, asked, _cursor(after), limit, sort or _sort_of(view))
        waiting = still_indexing(opened) if asked.words else 0
        if waiting:
            typer.echo(still_indexing_words(waiting), err=True)
        on = None if following is None else f"{following.key}:{following.number}"
        if as_json:
            print_json({"tickets": [_as_json(row) for row in rows], "next": on})
            return
        print(_COLUMNS.format("number", "kind", "state", "priority", "received", "due"))
        for row in rows:
            print(_line(row))
        if on is not None:
            typer.echo(f"There are more tickets: --after {on}", err=True)


@app.command()
def index(home: Home = None, as_json: Json = False) -> None:
    """Index the words of every ticket that waits, now. Open consoles do so little by little: a million take hours.

    Exit 1 where some go on waiting: for a redaction that is due, or for a missing policy pack.
    """
    with desk(home) as opened:
        with progress_bar("Indexing tickets") as shown:
            index_all(opened, shown.progress)
        waiting = still_indexing(opened)
    if as_json:
        print_json({"ok": not waiting, "still_waiting": waiting})
    elif waiting:
        print(still_indexing_words(waiting))
    else:
        print("All tickets are indexed.")
    if waiting:
        raise typer.Exit(1)


def _sort_of(view: str) -> Sort | None:
    """What an operator's list is sorted by: what came last, and where due dates matter the view's own order."""
    return None if view in ("due_soon", "overdue", "to_verify") else Sort.RECEIVED


def _collect(
    opened: Desk, view: str, asked: Filter, after: Cursor | None, limit: int, sort: Sort | None
) -> tuple[list[ListedTicket], Cursor | None]:
    session = operator_session(opened)
    found: list[ListedTicket] = []
    while True:
        rows, after = listing(session, view, asked, after, min(limit - len(found), MAX_PAGE_SIZE), sort)
        found += rows
        if after is None or len(found) >= limit:
            return found, after


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    found = _AFTER.fullmatch(text)
    if found is not None and int(found[1]) < 2**63:
        return Cursor(int(found[1]), int(found[2]))
    raise BadInput("--after must be the `next` value of an earlier list.", "Leave it out to start at the top.")


def _as_json(row: ListedTicket) -> dict[str, object]:
    return {
        "number": row.number,
        "kind": row.kind.value,
        "state": row.state.value,
        "priority": row.priority.name.lower(),
        "received_at": row.received_at.isoformat(),
        "due_at": None if row.due_at is None else row.due_at.isoformat(),
    }


def _line(row: ListedTicket) -> str:
    due = "-" if row.due_at is None else sortable(row.due_at)
    number = f"#{row.number}"
    return _COLUMNS.format(number, row.kind, row.state, row.priority.name.lower(), sortable(row.received_at), due)
