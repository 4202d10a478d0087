"""Proposals that wait for a second person."""

from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import DataTable

from cs_console.decisions.approval import waiting
from cs_console.decisions.approval_queue import ProposalRow, Waiting
from models.roles import APPROVES
from screens.decisions.approval import ProposalScreen
from screens.frame.amounts import age
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import WIDE
from screens.frame.steps import in_steps
from screens.registry import Command, bindings_for
from screens.widgets.cursor_sign import LineTable
from screens.widgets.details import Details
from screens.widgets.safe_text import PlainText, cell

_WHAT, _WHO, _NOW = "decision", "proposed by", "now"
_BESIDE_THE_CELLS = 10
"""The margins, a scrollbar's place, and the cell on each side of three columns."""


def _widths(width: int) -> dict[str, int]:
    """The three columns in a screen of that width; the first takes the rest."""
    now = 40 if width >= WIDE else 28 if width >= 80 else 20
    who = 22 if width >= WIDE else 14
    return {_WHAT: max(width - now - who - _BESIDE_THE_CELLS, 12), _WHO: who, _NOW: now}


class ApprovalsScreen(ConsoleScreen[None]):
    """Opening a proposal shows its findings and the notice that would be sent."""

    WHERE = "approvals"
    PROBLEMS_FADE = True
    HEADING = "Approvals"
    CSS_PATH = "approvals.tcss"
    BINDINGS = bindings_for("approvals")
    HELP_TITLE = "Approvals"
    HELP = "Proposals that wait for a second person. No one approves their own."

    def __init__(self) -> None:
        super().__init__()
        self._waiting = Waiting(())
        self._drawn_for = 0

    def body(self) -> ComposeResult:
        yield PlainText(id="summary")
        yield LineTable(id="proposals", cursor_type="row")
        yield Details(id="details")

    def on_mount(self) -> None:
        self.query_one(Details).display = False
        self._set_columns(self.size.width)
        self.query_one(DataTable).focus()

    def on_resize(self, event: events.Resize) -> None:
        self._set_columns(event.size.width)

    def _set_columns(self, width: int) -> None:
        if width == self._drawn_for:
            return
        self._drawn_for = width
        table = self.query_one(DataTable)
        table.clear(columns=True)
        for title, cells in _widths(width).items():
            table.add_column(cell(title), width=cells, key=title)
        self._show(self._waiting)

    def on_screen_resume(self) -> None:
        self._read()

    @in_steps
    async def _read(self) -> None:
        self._show(await self.call(partial(waiting, self.session), group="waiting"))

    def refresh_now(self) -> None:
        """Reload: other agents propose and approve too."""
        self._read()

    def action_reload(self) -> None:
        """Reload the list."""
        self._read()

    def _show(self, waiting_now: Waiting) -> None:
        table = self.query_one(DataTable)
        kept = self._current()
        self._waiting, rows = waiting_now, waiting_now.rows
        now = self.session.desk.clock.now()
        table.clear()
        for row in rows:
            by = "you" if row.mine else row.proposer
            table.add_row(
                cell(f"#{row.number}  {row.outcome.value}: {row.ground_words}"),
                cell(f"{by}, {age(row.proposed_at, now)}"),
                cell(_standing_words(row)),
                key=row.decision_id,
            )
        ids = [row.decision_id for row in rows]
        if kept in ids:
            table.move_cursor(row=ids.index(kept))
        self.query_one("#summary", PlainText).show(self._summary(rows, waiting_now.more))
        table.show_header = bool(rows)
        self._show_details()

    @on(DataTable.RowHighlighted, "#proposals")
    def show_current(self) -> None:
        """Show the current line in full below the list, where its columns are cut."""
        self._show_details()

    def _show_details(self) -> None:
        if self.console.session is None:  # the cursor moved as the person signed out
            return
        current, now = self._current(), self.session.desk.clock.now()
        told = [_details(row, age(row.proposed_at, now)) for row in self._waiting.rows if row.decision_id == current]
        self.query_one(Details).show_rows(told[0] if told else ())

    def _summary(self, rows: tuple[ProposalRow, ...], more: bool) -> str:
        if not rows:
            return "No proposals are waiting for approval."
        for_you = sum(row.for_reader for row in rows)
        words = (
            "1 proposal is waiting" if len(rows) == 1 else f"{'Over ' if more else ''}{len(rows)} proposals are waiting"
        )
        if not self.roles.isdisjoint(APPROVES):
            words += f"; {for_you} for you"
        return f"{words}. The {len(rows)} oldest are shown." if more else f"{words}."

    def _current(self) -> str:
        table = self.query_one(DataTable)
        if not table.row_count:
            return ""
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    @on(DataTable.RowSelected, "#proposals")
    def open_selected(self, event: DataTable.RowSelected) -> None:
        """Open the proposal under the cursor."""
        event.stop()
        self._open("")

    def action_open(self) -> None:
        """Open the proposal under the cursor."""
        self._open("")

    def action_approve(self) -> None:
        """Open it first: no one approves a proposal that they have not read."""
        self._open("approve")

    def action_return_proposal(self) -> None:
        """Open it to return it with a reason."""
        self._open("return_proposal")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer withdrawing only for the agent's own proposal; the service enforces it."""
        if action == "withdraw" and not any(
            row.mine for row in self._waiting.rows if row.decision_id == self._current()
        ):
            return False
        return super().check_action(action, parameters)

    def applies(self, one: Command) -> bool:
        """Offer to open a proposal only where there is one."""
        return bool(self._waiting.rows) or one.id != "open"

    def action_withdraw(self) -> None:
        """Open it to withdraw it."""
        self._open("withdraw")

    @in_steps
    async def _open(self, then: str) -> None:
        decision_id = self._current()
        if decision_id:
            done = await self.ask(ProposalScreen(decision_id, then))
            if done is not None:
                self.say(done)


def _details(row: ProposalRow, since: str) -> tuple[tuple[str, str], ...]:
    who = "you" if row.mine else row.proposer
    next_words = "You may read and approve it, or return it." if row.for_reader else ""
    return (
        ("Decision", f"#{row.number}, {row.outcome.value}"),
        ("Because", row.ground_words),
        ("Proposed", f"by {who}, {since}" + ("" if since == "now" else " ago")),
        ("Approval", _standing_words(row)),
        ("Next", "Others approve it. You can withdraw it." if row.mine else next_words),
    )


def _standing_words(row: ProposalRow) -> str:
    """Who is still needed, and who has approved it."""
    needs = f"needs {' and '.join(row.needs)}" if row.needs else "needs no one"
    return f"{needs}; approved by {' and '.join(row.approvals_given)}" if row.approvals_given else needs
