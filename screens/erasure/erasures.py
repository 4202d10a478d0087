"""Pending erasures: those that wait for a second person or for the end of a hold."""

from datetime import UTC
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable

from cs_console.erasure.erasure import Confirmed, ErasureRow, confirm_erasure, open_erasures, withdraw_erasure
from cs_console.errors import ConsoleError, WrongPassword
from cs_console.local_time import day_with_year, moment
from models.enums import ErasureState
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.frame.text_dialog import PasswordDialog
from screens.registry import Command, bindings_for
from screens.ticket.ticket import TicketScreen
from screens.widgets.cursor_sign import LineTable
from screens.widgets.details import Details
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText, cell
from screens.widgets.signs import Sign

_NUMBER, _CAUSE, _BY, _PROPOSED, _STATE = ("ticket", 6), ("because", 0), ("by", 9), ("proposed", 12), ("state", 19)
"""Titles and widths; the reason takes what is left."""
_NARROW = 80
"""Below so many columns of the terminal who proposed it and when are told below the list alone."""
_LEAST = 12
_MARGINS = 4
"""Of the table, with its scroll bar."""
_SIGNS = {
    ErasureState.PROPOSED: Sign.STEP_LATER,
    ErasureState.HELD: Sign.STEP_NOW,
    ErasureState.APPROVED: Sign.STEP_NOW,
}
_NEXT = {
    ErasureState.PROPOSED: "A person other than the proposer confirms it. Then the data is gone, from backups too.",
    ErasureState.HELD: "It is erased when no hold is left. Until then it is kept, hidden.",
    ErasureState.APPROVED: "It is erased for everyone here; what is left is done by itself.",
}


_NEXT_OF_MINE = "Another person confirms it, since you proposed it. You can withdraw it."


class ErasuresScreen(ConsoleScreen[None]):
    """No one confirms their own proposal. The password is asked again, and nothing restores the data."""

    WHERE = "erasures"
    HEADING = "Erasures"
    CSS_PATH = "erasures.tcss"
    BINDINGS = bindings_for("erasures")
    HELP_TITLE = "Erasures"
    HELP = (
        "Requesters whose data is to be erased. A person other than the proposer confirms it; then the data is gone, "
        "from backups too. A hold keeps the data, hidden, until the hold ends."
    )

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[ErasureRow, ...] = ()

    def body(self) -> ComposeResult:
        yield PlainText(id="summary")
        yield LineTable(id="erasures", cursor_type="row")
        yield Details(id="details")

    def on_mount(self) -> None:
        self.query_one(Details).display = False
        self.query_one(DataTable).focus()

    def on_resize(self) -> None:
        """Fit the columns."""
        self._show(self._rows)

    def on_screen_resume(self) -> None:
        self._read()

    @in_steps
    async def _read(self) -> None:
        self._show(await self.call(partial(open_erasures, self.session), group="erasures"))

    def refresh_now(self) -> None:
        """Reload: other agents propose and confirm too."""
        self._read()

    def action_reload(self) -> None:
        """Reload the list."""
        self._read()

    def _show(self, rows: tuple[ErasureRow, ...]) -> None:
        table, kept = self.query_one(DataTable), self._current()
        self._rows = rows
        table.clear(columns=True)
        columns = _columns(self.size.width)
        left = self.size.width - _MARGINS - sum(width + 2 * table.cell_padding for _, width in columns)
        for title, width in columns:
            table.add_column(cell(title), width=width or max(left, _LEAST), key=title)
        for row in rows:
            words = _words(row)
            table.add_row(*(cell(words[title]) for title, _ in columns), key=row.id)
        table.show_header = bool(rows)
        ids = [row.id for row in rows]
        if kept is not None and kept.id in ids:
            table.move_cursor(row=ids.index(kept.id))
        self.query_one("#summary", PlainText).show(_summary(rows))
        self._show_details()

    @on(DataTable.RowHighlighted, "#erasures")
    def show_current(self) -> None:
        """Show the current line in full below the list, and its keys, which can differ."""
        self._show_details()

    def _show_details(self) -> None:
        row = self._current()
        self.query_one(Details).show_rows(_details(row) if row is not None else ())
        self.query_one(KeyBar).refresh()

    def _current(self) -> ErasureRow | None:
        table = self.query_one(DataTable)
        return self._rows[table.cursor_row] if 0 <= table.cursor_row < len(self._rows) else None

    @on(DataTable.RowSelected, "#erasures")
    def open_selected(self, event: DataTable.RowSelected) -> None:
        """Open the ticket under the cursor."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Open the ticket on which it was proposed; recorded like every opening."""
        row = self._current()
        if row is not None and row.number is not None:
            self.go_on(TicketScreen(row.number))

    # --- yes

    def action_confirm(self) -> None:
        """Explain and ask for the password again; the agent's own proposal is refused before any password."""
        row = self._current()
        if row is not None and row.mine:
            self._confirm(row, "")
        elif row is not None:
            self._ask_password(row, f"Erase all data of the requester of #{row.number} for good? Enter your password:")

    def _ask_password(self, row: ErasureRow, question: str) -> None:
        self.go_on(PasswordDialog(question), partial(self._confirm, row))  # no async function may hold a password

    def _confirm(self, row: ErasureRow, password: str | None) -> None:
        if password is not None:
            self.say("Erasing…")
            work = partial(confirm_erasure, self.session, row.id, password)
            told = partial(_confirmed_words, row)
            self.change_then(work, lambda done: self._tell(told(done)), refused=partial(self._refused, row), late=told)

    def _refused(self, row: ErasureRow, refusal: ConsoleError) -> None:
        self.say(refusal)
        if isinstance(refusal, WrongPassword):
            self._ask_password(row, str(refusal))
        self._read()

    def _tell(self, said: Said) -> None:
        self.say(said)
        self._read()

    # --- no

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer withdrawing to the proposer, and to those who may confirm, as their refusal; the service decides."""
        if action == "withdraw":
            row = self._current() if self._rows else None
            if row is None or not (row.mine or self.check_action("confirm", ())):
                return False
        return super().check_action(action, parameters)

    def applies(self, one: Command) -> bool:
        """Offer what works on a line only where there is one."""
        return bool(self._rows) or one.id not in ("open", "confirm")

    @in_steps
    async def action_withdraw(self) -> None:
        """Withdraw a proposal."""
        row = self._current()
        if row is not None:
            said = Said(f"The erasure for #{row.number} was withdrawn. Nothing was erased.")
            await self.change(partial(withdraw_erasure, self.session, row.id), late=lambda _done: said)
            self._tell(said)


def _confirmed_words(row: ErasureRow, done: Confirmed) -> Said:
    if done.erased:
        return Said(f"The requester of #{row.number} was erased.")
    if done.held_until is not None:
        return Said(
            f"A hold keeps the data until {day_with_year(done.held_until, UTC)}; it is hidden now and erased then."
        )
    return Said(f"Erased for all agents, but not yet everywhere: {done.problem}", Tone.WARNING)


def _columns(width: int) -> tuple[tuple[str, int], ...]:
    return (_NUMBER, _CAUSE, _STATE) if width < _NARROW else (_NUMBER, _CAUSE, _BY, _PROPOSED, _STATE)


def _words(row: ErasureRow) -> dict[str, str]:
    """What a line says, by the titles of its columns."""
    return {
        _NUMBER[0]: "" if row.number is None else f"#{row.number}",
        _CAUSE[0]: row.cause,
        _BY[0]: "you" if row.mine else row.proposer,
        _PROPOSED[0]: moment(row.proposed_at),
        _STATE[0]: f"{_SIGNS[row.state]} {_state_words(row)}",
    }


def _details(row: ErasureRow) -> tuple[tuple[str, str], ...]:
    words = _words(row)
    follows = _NEXT_OF_MINE if row.mine and row.state is ErasureState.PROPOSED else _NEXT[row.state]
    return (
        ("Because", row.cause),
        ("Proposed", f"{words[_PROPOSED[0]]} by {words[_BY[0]]}"),
        ("State", _state_words(row)),
        ("Next", follows),
    )


def _state_words(row: ErasureRow) -> str:
    if row.state is ErasureState.HELD and row.held_until is not None:
        return f"kept: {day_with_year(row.held_until, UTC)}"
    words = {
        ErasureState.PROPOSED: "to confirm",
        ErasureState.HELD: "hold has ended",
        ErasureState.APPROVED: "being erased",
    }
    return words[row.state]


def _summary(rows: tuple[ErasureRow, ...]) -> str:
    if not rows:
        return "No erasures are pending."
    to_confirm = sum(row.state is ErasureState.PROPOSED for row in rows)
    kept = len(rows) - to_confirm
    counted = ((to_confirm, "to be confirmed by a second person"), (kept, "confirmed but not finished"))
    return f"{'; '.join(f'{count} {words}' for count, words in counted if count)}."
