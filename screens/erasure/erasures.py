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
from screens.registry import bindings_for
from screens.ticket.ticket import TicketScreen
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText, cell

_COLUMNS = (("#", 7), ("because", 23), ("by", 9), ("proposed", 12), ("state", 17))


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
        yield DataTable(id="erasures", cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for title, width in _COLUMNS:
            table.add_column(cell(title), width=width, key=title)
        table.focus()

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
        table.clear()
        for row in rows:
            words = (
                "-" if row.number is None else f"#{row.number}",
                row.cause,
                "you" if row.mine else row.proposer,
                moment(row.proposed_at),
                _state_words(row),
            )
            table.add_row(*map(cell, words), key=row.id)
        ids = [row.id for row in rows]
        if kept is not None and kept.id in ids:
            table.move_cursor(row=ids.index(kept.id))
        self.query_one("#summary", PlainText).show(_summary(rows))
        self.query_one(KeyBar).refresh()

    @on(DataTable.RowHighlighted, "#erasures")
    def offer_its_keys(self) -> None:
        """Update the keys: another line can offer different ones."""
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
    return f"{to_confirm} to be confirmed by a second person; {kept} confirmed but not finished."
