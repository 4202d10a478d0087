"""The changes on a ticket that take a key and a dialog: assignee, state, kind, matter and contacts."""

from collections.abc import Callable
from functools import partial

from cs_console.casework import workflow
from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import TicketView
from cs_console.errors import ChangedElsewhere, ConsoleError, NoOneIndependent
from cs_console.independence.matters import MatterChoices, Named, matter_choices, name_matter
from models.enums import Priority, Role, TicketKind, TicketState
from screens.frame.text_dialog import WordsDialog, Written, forgetting_draft
from screens.ticket.contact_dialogs import AskedContact, asked_contact, contact_dialog, place_of
from screens.ticket.matter_dialogs import OUTSIDE, about_dialog, decider_dialog
from screens.ticket.reveal import RevealScreen
from screens.ticket.state_dialogs import assign_dialog, kind_dialog, priority_dialog, state_dialog
from screens.widgets.notice_bar import Said

CLOSE_HINT = "ctrl+s close it and save the reason as a note   esc save as draft"
NAME_HINT = "ctrl+s assign it and save the reason as a note   esc save as draft"
CONTACT_HINT = "ctrl+s save it with the ticket   esc save as draft"


class TicketChanges(RevealScreen):
    """Each change goes to its service; a refusal is shown, and the ticket is reloaded if it has changed."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.view: TicketView | None = None

    def _reload(self, _answer: object = None) -> None:
        """Reload the ticket."""
        raise NotImplementedError  # implemented by TicketScreen, which shows it

    def _change(self, work: Callable[[], object], done: str) -> None:
        self.change(work, partial(self._changed, done), refused=self._refused, late=lambda _answer: Said(done))

    def _changed(self, done: str, _answer: object) -> None:
        self._tell(Said(done))

    def _refused(self, refusal: ConsoleError) -> None:
        self.say(refusal)
        if isinstance(refusal, ChangedElsewhere):
            self._reload()

    def action_claim(self) -> None:
        """Claim the ticket."""
        self._change(partial(workflow.claim, self.session, self.number), f"#{self.number} is assigned to you.")

    def action_release(self) -> None:
        """Return it to the queue."""
        if self.view is not None:
            work = partial(workflow.release, self.session, self.number, self.view.row)
            self._change(work, f"#{self.number} was returned to the queue.")

    def action_state(self) -> None:
        """Choose another state."""
        if self.view is not None:
            self.go_on(state_dialog(self.number, self.view.state), self._state_chosen)

    def _state_chosen(self, state: str | None) -> None:
        if state is None or self.view is None:
            return
        if state == TicketState.CLOSED.value and self.view.closes_with_reason and Role.SUPERVISOR in self.roles:
            question = f"#{self.number} should be answered (d) first. Why do you close it without that?"
            dialog = WordsDialog(question, f"close:{self.number}", self.number, hint=CLOSE_HINT)
            self.go_on(dialog, self._close_reasoned)
            return
        work = partial(workflow.set_state, self.session, self.number, self.view.row, TicketState(state))
        self._change(work, f"#{self.number} is now {state}.")

    def _close_reasoned(self, why: Written | None) -> None:
        if why is not None and self.view is not None:
            closed = TicketState.CLOSED
            work = partial(workflow.set_state, self.session, self.number, self.view.row, closed, why.words, act=why.act)
            forgetting = partial(forgetting_draft, self.session, why, work)
            self._change(forgetting, f"#{self.number} was closed.")

    def action_kind(self) -> None:
        """Choose another kind."""
        if self.view is not None:
            pack = self.session.desk.packs.get(self.view.pack)
            titles = {kind: rules.title for kind, rules in pack.kinds.items()}
            self.go_on(kind_dialog(self.number, self.view.kind, titles), self._kind_chosen)

    def _kind_chosen(self, kind: str | None) -> None:
        if kind is not None and self.view is not None:
            work = partial(workflow.set_kind, self.session, self.number, self.view.row, TicketKind(kind))
            self._change(work, f"#{self.number} is now of the kind {kind}.")

    def action_priority(self) -> None:
        """Choose another priority."""
        if self.view is not None:
            self.go_on(priority_dialog(self.number, self.view.priority), self._priority_chosen)

    def _priority_chosen(self, name: str | None) -> None:
        if name is not None and self.view is not None:
            priority = Priority[name.upper()]
            work = partial(workflow.set_priority, self.session, self.number, self.view.row, priority)
            self._change(work, f"The priority of #{self.number} is now {name}.")

    def action_assign(self) -> None:
        """Choose the assignee."""
        self.ask(partial(workflow.assignable, self.session, self.number), self._assignable, group="assignable")

    def _assignable(self, names: tuple[str, ...]) -> None:
        if self.view is not None:
            self.go_on(assign_dialog(self.number, self.view.assignee, names), self._assignee_chosen)

    def _assignee_chosen(self, name: str | None) -> None:
        if name is not None and self.view is not None:
            work = partial(workflow.assign, self.session, self.number, self.view.row, name)
            done = partial(self._changed, f"#{self.number} is assigned to {name}.")
            self.change(work, done, refused=partial(self._not_assigned, name))

    def _not_assigned(self, name: str, refusal: ConsoleError) -> None:
        """If no one is independent, a privacy officer names the person who handles it, with a reason."""
        self._refused(refusal)
        if isinstance(refusal, NoOneIndependent) and Role.PRIVACY_OFFICER in self.roles:
            question = f"Everyone was involved in what #{self.number} is about. Why should {name} handle it anyway?"
            dialog = WordsDialog(question, f"name:{self.number}", self.number, hint=NAME_HINT)
            self.app.push_screen(dialog, partial(self._reviewer_reasoned, name))

    def _reviewer_reasoned(self, name: str, why: Written | None) -> None:
        if why is not None and self.view is not None:
            work = partial(workflow.name_reviewer, self.session, self.number, self.view.row, name, why.words)
            forgetting = partial(forgetting_draft, self.session, why, work)
            self._change(forgetting, f"#{self.number} is assigned to {name}.")

    # --- what it is about, and how the requester is reached

    def action_about(self) -> None:
        """Choose the ticket's matter."""
        self.ask(partial(matter_choices, self.session, self.number), self._matters_read, group="about")

    def _matters_read(self, choices: MatterChoices) -> None:
        self.go_on(about_dialog(self.number, choices), partial(self._about_chosen, choices))

    def _about_chosen(self, choices: MatterChoices, key: str | None) -> None:
        if key == OUTSIDE:
            self.go_on(decider_dialog(self.number, choices.accounts), self._decider_chosen)
        elif key is not None:
            self._naming(partial(name_matter, self.session, self.number, about_number=int(key)))

    def _decider_chosen(self, name: str | None) -> None:
        if name is not None:
            self._naming(partial(name_matter, self.session, self.number, decider=name))

    def _naming(self, work: Callable[[], Named]) -> None:
        self.change(work, self._named, refused=self._refused, late=self._named_words)

    def _named(self, named: Named) -> None:
        self._tell(self._named_words(named))

    def _named_words(self, named: Named) -> Said:
        hand_on = " The assignee was involved in that decision. Reassign it (a)." if named.excluded_agents else ""
        return Said(f"#{self.number} is about {named.words}.{hand_on}")

    def _tell(self, said: Said) -> None:
        self.say(said)
        self._reload()

    def action_contact(self) -> None:
        """Correct or add a contact."""
        if self.view is not None:
            self.go_on(contact_dialog(self.view), self._contact_chosen)

    def _contact_chosen(self, key: str | None) -> None:
        if key is None or self.view is None:
            return
        asked = asked_contact(self.view, key)
        question = f"The {asked.title.lower()} that the requester gives"
        dialog = WordsDialog(question, place_of(asked, self.number), self.number, hint=CONTACT_HINT)
        self.go_on(dialog, partial(self._contact_typed, asked))

    def _contact_typed(self, asked: AskedContact, value: Written | None) -> None:
        if value is not None:
            where = asked.contact_id, asked.field
            work = partial(change_contact, self.session, self.number, *where, value.words, act=value.act)
            forgetting = partial(forgetting_draft, self.session, value, work)
            self._change(forgetting, "The contact was saved. An open verification window was closed.")
