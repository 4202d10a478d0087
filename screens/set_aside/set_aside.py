"""Mail that is set aside, by what it is; and the senders that are blocked."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable

from cs_console.desk import DeskSession
from cs_console.intake.blocked_senders import Blocked, blocked_senders, unblock_sender
from cs_console.intake.incoming import Taken
from cs_console.intake.quarantine import KeptMail, counts, listing_with_subjects, why
from cs_console.intake.set_aside_acts import PURPOSES, Retried, drop, release, retry
from cs_console.local_time import moment
from models.enums import SetAside
from models.roles import READS_SET_ASIDE
from screens.frame.amounts import size_words
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.frame.text_dialog import WordsDialog, forgetting_draft
from screens.registry import Command, bindings_for
from screens.set_aside.shown_mail import ShownMailScreen
from screens.widgets.choice_list import Choice
from screens.widgets.cursor_sign import LineTable
from screens.widgets.details import Details
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import Part, PlainText, cell

MOST = 200
"""The newest that are listed; the counts are of all."""
VIEWS = ("Unreadable", "Spam", "Automatic", "Bounces", "Own", "Blocked")
_SORTS = tuple(SetAside)
_BLOCKED = len(VIEWS) - 1
_COLUMNS = (("no.", 5), ("came", 12), ("asks for", 9), ("subject, or why it is here", 0))
_BLOCKED_COLUMNS = (("since", 12), ("sender", 20), ("ticket", 7), ("by", 8), ("why", 0))
"""Titles and widths; the last column takes what is left."""
_LAST = 12
"""The last column's width at least."""
_MARGINS = 4
"""Of the table, with its scroll bar."""
_NOT_READ = "Only a privacy officer reads mail that is set aside. Ask one, or release it."
_EMPTY = {
    "Unreadable": "Everything that came could be read.",
    "Spam": "No mail is marked as spam, and no blocked sender wrote.",
    "Automatic": "Every automatic reply was an answer to a ticket.",
    "Bounces": "Every report was about a mail that is known here.",
    "Own": "None of our own mail came back.",
    "Blocked": "No sender is blocked. An agent blocks one on a ticket (B).",
}


@dataclass(frozen=True, slots=True)
class _Listed:
    counted: tuple[int, ...]
    kept: tuple[KeptMail, ...]
    blocked: tuple[Blocked, ...]


class SetAsideScreen(ConsoleScreen[None]):
    """Nothing here has a clock, and nothing is lost: what is a person's after all is released."""

    WHERE = "set_aside"
    HEADING = "Mail set aside"
    CSS_PATH = "set_aside.tcss"
    BINDINGS = bindings_for("set_aside")
    HELP_TITLE = "Mail set aside"
    HELP = (
        "Mail that became no ticket: what could not be read, spam, and what programs and mail servers wrote. "
        "1 to 5 choose which, 6 shows blocked senders. Release makes a ticket of one, as a person's mail; "
        "what cannot be read is then a sealed file on it. Only a privacy officer reads one here, for a purpose, "
        "and the view is recorded. Dropping destroys the content; what could be read is destroyed by itself "
        "after some months, unless someone's data is held, and earlier when its sender is erased."
    )

    def __init__(self) -> None:
        super().__init__()
        self._view = 0
        self._listed = _Listed((), (), ())

    def body(self) -> ComposeResult:
        yield PlainText(id="views")
        yield LineTable(id="mails", cursor_type="row")
        yield PlainText(id="empty")
        yield Details(id="details")

    def on_mount(self) -> None:
        self.query_one(Details).display = False
        self.query_one(DataTable).focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._read()

    @in_steps
    async def _read(self) -> None:
        view = self._view
        listed = await self.call(partial(_listed, self.session, view), group="set aside")
        if view == self._view:
            self._show(listed)

    def refresh_now(self) -> None:
        """Reload: mail comes in, and others work here too."""
        self._read()

    def action_reload(self) -> None:
        """Reload the list."""
        self._read()

    def action_view(self, number: int) -> None:
        """Show another view."""
        if 1 <= number <= len(VIEWS):
            self._view = number - 1
            self._read()

    def _show(self, listed: _Listed) -> None:
        table = self.query_one(DataTable)
        before = table.cursor_row
        self._listed = listed
        table.clear(columns=True)
        columns = _BLOCKED_COLUMNS if self._view == _BLOCKED else _COLUMNS
        padding = 2 * table.cell_padding
        left = self.size.width - _MARGINS - sum(width + padding for _, width in columns)
        for title, width in columns:
            table.add_column(cell(title), width=width or max(left, _LAST), key=title)
        for one in listed.blocked:
            table.add_row(*map(cell, (moment(one.at), one.mask, f"#{one.ticket}", one.by, one.reason)), key=one.id)
        for mail in listed.kept:
            asks = "-" if mail.kind is None else mail.kind.value
            words = (str(mail.number), moment(mail.at), asks, mail.subject or why(mail.reason))
            table.add_row(*map(cell, words), key=str(mail.number))
        rows = len(listed.blocked) + len(listed.kept)
        if rows:
            table.move_cursor(row=min(before, rows - 1))
        table.display = rows > 0
        empty = self.query_one("#empty", PlainText)
        empty.show("" if rows else _EMPTY[VIEWS[self._view]])
        empty.display = not rows
        self.query_one("#views", PlainText).show_parts(*_views(self._view, listed.counted))
        self._show_details()

    @on(DataTable.RowHighlighted, "#mails")
    def show_current(self) -> None:
        """Show the current line in full below the list."""
        self._show_details()

    def _show_details(self) -> None:
        row, blocked = self.query_one(DataTable).cursor_row, self._listed.blocked
        mail = self._mail()
        told = _of_mail(mail) if mail is not None else _of_sender(blocked[row]) if 0 <= row < len(blocked) else ()
        self.query_one(Details).show_rows(told)
        self.query_one(KeyBar).refresh()

    def on_resize(self) -> None:
        """Fit the last column."""
        if self._listed.counted:
            self._show(self._listed)

    def _mail(self) -> KeptMail | None:
        """The mail under the cursor."""
        row = self.query_one(DataTable).cursor_row
        return self._listed.kept[row] if 0 <= row < len(self._listed.kept) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what applies to this view."""
        blocked = self._view == _BLOCKED
        if (action == "unblock" and not blocked) or (action in ("open", "release_mail", "drop_mail") and blocked):
            return False
        if action == "retry_mail" and self._view != 0:
            return False
        return super().check_action(action, parameters)

    def applies(self, one: Command) -> bool:
        """Offer what works on a line, or on all of them, only where there is one."""
        works_on_mail = one.id in ("open", "release_mail", "drop_mail", "retry_mail")
        return bool(self._listed.kept) or not works_on_mail

    @on(DataTable.RowSelected, "#mails")
    def open_selected(self, event: DataTable.RowSelected) -> None:
        """Read the mail under the cursor."""
        event.stop()
        if self.check_action("open", ()):
            self.action_open()

    # --- one of them

    @in_steps
    async def action_open(self) -> None:
        """Read it, for a purpose."""
        mail = self._mail()
        if mail is None:
            return
        if self.roles.isdisjoint(READS_SET_ASIDE):
            self.say(_NOT_READ, Tone.WARNING)
            return
        choices = [Choice(key, words[:1].upper() + words[1:]) for key, words in PURPOSES.items()]
        question = f"Why do you read mail {mail.number}? The view is recorded first."
        purpose = await self.ask(ChoiceDialog(question, choices))
        if purpose is not None:
            said = await self.ask(ShownMailScreen(mail.number, purpose))
            if said is not None:
                self.say(said)

    @in_steps
    async def action_release_mail(self) -> None:
        """Make a ticket of it."""
        mail = self._mail()
        if mail is not None:
            told = partial(_released, mail.number)
            taken = await self.change(partial(release, self.session, mail.number), late=told)
            self._tell(told(taken))

    @in_steps
    async def action_retry_mail(self) -> None:
        """Read again what could not be read."""
        self.say("Reading them again…", Tone.INFO)
        self._tell(_tried(await self.change(partial(retry, self.session), late=_tried)))

    @in_steps
    async def action_drop_mail(self) -> None:
        """Destroy it, with a reason."""
        mail = self._mail()
        if mail is None:
            return
        question = f"Why does no one have to read mail {mail.number}? Its content is destroyed for good."
        place = f"drop:{mail.number}"
        why = await self.ask(WordsDialog(question, place, None, hint="ctrl+s drop it   esc save as draft"))
        if why is not None:
            work = partial(drop, self.session, mail.number, why.words)
            said = Said(f"Mail {mail.number} was dropped.")
            await self.change(partial(forgetting_draft, self.session, why, work), late=lambda _done: said)
            self._tell(said)

    @in_steps
    async def action_unblock(self) -> None:
        """Take mail of a blocked sender in again."""
        row = self.query_one(DataTable).cursor_row
        if 0 <= row < len(self._listed.blocked):
            sender = self._listed.blocked[row]
            said = Said(f"{sender.mask} is not blocked any more. What was set aside stays here.")
            await self.change(partial(unblock_sender, self.session, sender.id), late=lambda _done: said)
            self._tell(said)

    def _tell(self, said: Said) -> None:
        self.say(said)
        self._read()


def _listed(session: DeskSession, view: int) -> _Listed:
    blocked = blocked_senders(session)
    found = counts(session)
    counted = (*(found[sort] for sort in _SORTS), len(blocked))
    if view == _BLOCKED:
        return _Listed(counted, (), blocked)
    return _Listed(counted, listing_with_subjects(session, MOST, _SORTS[view]), ())


def _views(view: int, counted: tuple[int, ...]) -> Iterator[Part]:
    for at, name in enumerate(VIEWS):
        is_shown = at == view
        yield "  " if at else ""
        yield "[" if is_shown else "", "$text-muted"
        yield f"{at + 1}", "bold $text-accent"
        yield f" {name} {counted[at]}", "bold $bright" if is_shown else "$text-muted"
        yield "]" if is_shown else "", "$text-muted"


def _of_mail(mail: KeptMail) -> tuple[tuple[str, str], ...]:
    return (
        ("Subject", mail.subject),
        ("Here because", why(mail.reason)),
        ("Came", f"{moment(mail.at)}, {size_words(mail.size)}"),
    )


def _of_sender(one: Blocked) -> tuple[tuple[str, str], ...]:
    return (
        ("Sender", one.mask),
        ("Blocked", f"{moment(one.at)} by {one.by}, on #{one.ticket}"),
        ("Because", one.reason),
    )


def _released(number: int, taken: Taken) -> Said:
    where = "" if taken.number is None else f" #{taken.number}"
    words = {"opened": f"opened{where}", "appended": f"was added to{where}", "duplicate": f"is in{where} already"}
    return Said(f"Mail {number} {words.get(taken.outcome, 'was filed')}.", Tone.DONE)


def _tried(done: Retried) -> Said:
    if not done.tried:
        return Said("Nothing is unreadable.")
    read = sum(done.outcomes.values())
    return Said(f"{read} of {done.tried} can be read now." if read else "None of them can be read now either.")
