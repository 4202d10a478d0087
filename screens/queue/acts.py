"""What an agent does with the ticket under the cursor of the queue, each act one async function."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from cs_console.casework import snoozing, tagging, workflow
from cs_console.errors import ChangedElsewhere, TakenBy
from cs_console.local_time import moment
from cs_console.tickets.queue import QueueRow
from models.enums import TicketState
from models.roles import LIFTS_LOCKS, VERIFIES
from screens.frame.console_screen import ConsoleScreen
from screens.queue.snooze import BACK, snooze_dialog, time_of
from screens.queue.tags_dialog import NEW, TagsDialog
from screens.ticket.assignment import assign_dialog
from screens.ticket.state import state_dialog
from screens.widgets.notice_bar import Said, Tone

if TYPE_CHECKING:
    from cs_console.desk import AgentCard, DeskSession


_VERIFY_ANY = (*VERIFIES, *LIFTS_LOCKS)
"""Have something to do on the verification of tickets that are not theirs: send codes, lift locks."""


def applies(command: str, row: QueueRow | None, agent: "AgentCard") -> bool:
    """Whether this command would do something for this ticket; the services decide whether it may."""
    if command not in ("open", "claim", "verify"):
        return True
    if row is None or command == "open":
        return row is not None
    if row.state is TicketState.CLOSED:
        return False
    if command == "claim":
        return row.assignee is None
    return row.assignee == agent.name or not agent.roles.isdisjoint(_VERIFY_ANY)


class SelectedTicket:
    """The ticket under the cursor, and how an act asks the person and changes it."""

    def __init__(
        self, screen: ConsoleScreen[Any], current: Callable[[], QueueRow | None], reload: Callable[[], None]
    ) -> None:
        self.screen = screen
        self._current = current
        self._reload = reload

    @property
    def session(self) -> "DeskSession":
        """The session of the signed-in agent."""
        return self.screen.session

    def row(self) -> QueueRow | None:
        """The ticket; where there is none, the person is told."""
        row = self._current()
        if row is None:
            self.screen.say("No ticket is selected.")
        return row

    async def change(self, work: Callable[[], object], done: str) -> None:
        """Do it, say what came of it, and read the list again: another person may have been faster."""
        try:
            await self.screen.change(work, late=lambda _answer: Said(done))
        except (TakenBy, ChangedElsewhere) as refusal:
            self.screen.say(refusal)
        else:
            self.screen.say(done, Tone.DONE)
        self._reload()


async def claim(selected: SelectedTicket) -> None:
    """Claim it."""
    row = selected.row()
    if row is not None:
        work = partial(workflow.claim, selected.session, row.number)
        await selected.change(work, f"#{row.number} is assigned to you.")


async def verify(selected: SelectedTicket) -> None:
    """Verify its requester."""
    row = selected.row()
    if row is not None:
        from screens.verification.verify import VerifyScreen

        done = await selected.screen.ask(VerifyScreen(row.number))
        if done is not None:
            selected.screen.say(done)


async def change_state(selected: SelectedTicket) -> None:
    """Move it to another state."""
    row = selected.row()
    if row is None:
        return
    state = await selected.screen.ask(state_dialog(row.number, row.state))
    if state is not None:
        work = partial(workflow.set_state, selected.session, row.number, row.version, TicketState(state))
        await selected.change(work, f"#{row.number} is now {state}.")


async def assign(selected: SelectedTicket) -> None:
    """Assign it to an agent."""
    row = selected.row()
    if row is None:
        return
    names = await selected.screen.call(partial(workflow.assignable, selected.session, row.number), group="assignable")
    name = await selected.screen.ask(assign_dialog(row.number, row.assignee, names))
    if name is not None:
        work = partial(workflow.assign, selected.session, row.number, row.version, name)
        await selected.change(work, f"#{row.number} is assigned to {name}.")


async def snooze(selected: SelectedTicket) -> None:
    """Snooze it until a time, or bring it back."""
    row, now = selected.row(), selected.session.desk.clock.now()
    if row is None:
        return
    answer = await selected.screen.ask(snooze_dialog(row, now))
    if answer == BACK:
        work = partial(snoozing.unsnooze, selected.session, row.number, row.version)
        await selected.change(work, f"#{row.number} is back.")
    elif answer is not None:
        until = time_of(answer, now)
        work = partial(snoozing.snooze, selected.session, row.number, row.version, until)
        await selected.change(work, f"#{row.number} is snoozed until {moment(until)}.")


async def change_tags(selected: SelectedTicket) -> None:
    """Put one of the desk's tags on it, or take it off."""
    row = selected.row()
    if row is None:
        return
    known = await selected.screen.call(partial(tagging.tags, selected.session), group="tags")
    tag = await selected.screen.ask(TagsDialog(row.number, known, row.tags))
    if tag is not None:
        work = partial(_toggle_tag, selected.session, row, tag)
        await selected.change(work, f"The tags of #{row.number} are changed.")


def _toggle_tag(session: "DeskSession", row: QueueRow, tag: str) -> None:
    """Put the tag on or take it off; one behind NEW is added to the desk's list first."""
    if tag.startswith(NEW):
        tag = tagging.add_tag(session, tag.removeprefix(NEW))
    tagging.set_tags(session, row.number, tuple(set(row.tags) ^ {tag}))
