"""The changes on a ticket that take a key and a dialog: assignee, state, kind, matter and contacts."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cs_console.casework import workflow
from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import TicketView
from cs_console.errors import ChangedElsewhere, NoOneIndependent
from cs_console.independence.matters import Named, matter_choices, name_matter
from models.enums import Priority, Role, TicketKind, TicketState
from screens.frame.steps import in_steps
from screens.frame.text_dialog import WordsDialog, forgetting_draft
from screens.ticket.contact_dialogs import asked_contact, contact_dialog, place_of
from screens.ticket.matter_dialogs import OUTSIDE, about_dialog, decider_dialog
from screens.ticket.reveal import RevealScreen
from screens.ticket.state_dialogs import assign_dialog, kind_dialog, priority_dialog, state_dialog
from screens.widgets.notice_bar import Said

CLOSE_HINT = "ctrl+s close it and save the reason as a note   esc save as draft"
NAME_HINT = "ctrl+s assign it and save the reason as a note   esc save as draft"
CONTACT_HINT = "ctrl+s save it with the ticket   esc save as draft"

Answer = TypeVar("Answer")


class TicketChanges(RevealScreen):
    """Each change goes to its service; a refusal is shown, and the ticket is reloaded if it has changed."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.view: TicketView | None = None

    def reload(self) -> None:
        """Reload the ticket."""
        raise NotImplementedError  # implemented by TicketScreen, which shows it

    async def change_ticket(self, work: Callable[[], Answer], told: Callable[[Answer], Said]) -> None:
        """Change something; say what came of it and reload the ticket, also if someone else has changed it."""
        try:
            answer = await self.change(work, late=told)
        except ChangedElsewhere as refusal:
            self.say(refusal)
        else:
            self.say(told(answer))
        self.reload()

    @in_steps
    async def action_claim(self) -> None:
        """Claim the ticket."""
        work = partial(workflow.claim, self.session, self.number)
        await self.change_ticket(work, always(f"#{self.number} is assigned to you."))

    @in_steps
    async def action_release(self) -> None:
        """Return it to the queue."""
        if self.view is not None:
            work = partial(workflow.release, self.session, self.number, self.view.row)
            await self.change_ticket(work, always(f"#{self.number} was returned to the queue."))

    @in_steps
    async def action_state(self) -> None:
        """Choose another state."""
        if self.view is None:
            return
        state = await self.ask(state_dialog(self.number, self.view.state))
        if state is None:
            return
        if state == TicketState.CLOSED.value and self.view.closes_with_reason and Role.SUPERVISOR in self.roles:
            question = f"#{self.number} should be answered (d) first. Why do you close it without that?"
            why = await self.ask(WordsDialog(question, f"close:{self.number}", self.number, hint=CLOSE_HINT))
            if why is not None:
                closed = TicketState.CLOSED
                work = partial(
                    workflow.set_state, self.session, self.number, self.view.row, closed, why.words, act=why.act
                )
                forgetting = partial(forgetting_draft, self.session, why, work)
                await self.change_ticket(forgetting, always(f"#{self.number} was closed."))
            return
        work = partial(workflow.set_state, self.session, self.number, self.view.row, TicketState(state))
        await self.change_ticket(work, always(f"#{self.number} is now {state}."))

    @in_steps
    async def action_kind(self) -> None:
        """Choose another kind."""
        if self.view is None:
            return
        pack = self.session.desk.packs.get(self.view.pack)
        titles = {kind: rules.title for kind, rules in pack.kinds.items()}
        kind = await self.ask(kind_dialog(self.number, self.view.kind, titles))
        if kind is not None:
            work = partial(workflow.set_kind, self.session, self.number, self.view.row, TicketKind(kind))
            await self.change_ticket(work, always(f"#{self.number} is now of the kind {kind}."))

    @in_steps
    async def action_priority(self) -> None:
        """Choose another priority."""
        if self.view is None:
            return
        name = await self.ask(priority_dialog(self.number, self.view.priority))
        if name is not None:
            priority = Priority[name.upper()]
            work = partial(workflow.set_priority, self.session, self.number, self.view.row, priority)
            await self.change_ticket(work, always(f"The priority of #{self.number} is now {name}."))

    @in_steps
    async def action_assign(self) -> None:
        """Choose the assignee. If no one is independent, a privacy officer names the person, with a reason."""
        names = await self.call(partial(workflow.assignable, self.session, self.number), group="assignable")
        if self.view is None:
            return
        name = await self.ask(assign_dialog(self.number, self.view.assignee, names))
        if name is None:
            return
        done = always(f"#{self.number} is assigned to {name}.")
        try:
            await self.change_ticket(partial(workflow.assign, self.session, self.number, self.view.row, name), done)
        except NoOneIndependent as refusal:
            self.say(refusal)
            if Role.PRIVACY_OFFICER not in self.roles:
                return
            question = f"Everyone was involved in what #{self.number} is about. Why should {name} handle it anyway?"
            why = await self.ask(WordsDialog(question, f"name:{self.number}", self.number, hint=NAME_HINT))
            if why is not None:
                row = self.view.row
                work = partial(workflow.name_reviewer, self.session, self.number, row, name, why.words)
                await self.change_ticket(partial(forgetting_draft, self.session, why, work), done)

    # --- what it is about, and how the requester is reached

    @in_steps
    async def action_about(self) -> None:
        """Choose the ticket's matter."""
        choices = await self.call(partial(matter_choices, self.session, self.number), group="about")
        key = await self.ask(about_dialog(self.number, choices))
        if key == OUTSIDE:
            decider = await self.ask(decider_dialog(self.number, choices.accounts))
            if decider is not None:
                work = partial(name_matter, self.session, self.number, decider=decider)
                await self.change_ticket(work, self._named_words)
        elif key is not None:
            work = partial(name_matter, self.session, self.number, about_number=int(key))
            await self.change_ticket(work, self._named_words)

    def _named_words(self, named: Named) -> Said:
        hand_on = " The assignee was involved in that decision. Reassign it (a)." if named.excluded_agents else ""
        return Said(f"#{self.number} is about {named.words}.{hand_on}")

    @in_steps
    async def action_contact(self) -> None:
        """Correct or add a contact."""
        if self.view is None:
            return
        key = await self.ask(contact_dialog(self.view))
        if key is None:
            return
        asked = asked_contact(self.view, key)
        question = f"The {asked.title.lower()} that the requester gives"
        value = await self.ask(WordsDialog(question, place_of(asked, self.number), self.number, hint=CONTACT_HINT))
        if value is not None:
            where = asked.contact_id, asked.field
            work = partial(change_contact, self.session, self.number, *where, value.words, act=value.act)
            forgetting = partial(forgetting_draft, self.session, value, work)
            await self.change_ticket(
                forgetting, always("The contact was saved. An open verification window was closed.")
            )


def always(words: str) -> Callable[[object], Said]:
    """What to say of a change whatever it answers."""
    return lambda _answer: Said(words)
