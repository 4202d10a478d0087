"""What is known about a ticket, one line each; lines with a key can be chosen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.message import Message

from screens.ticket.value_pane import ValuePane
from screens.widgets.drawn_lines import Paragraph, Piece
from screens.widgets.signs import Sign

LABEL = 14
"""Cells of a fact's title; contacts have what their longest title needs, at most as many."""
NUMBER = 8
"""Cells of a ticket's number with the sign of its kind."""
MASK, SIGN = 19, 2
NO_ROOM_FOR_STATUS = 44
"""Below so many cells a contact's status goes under its mask."""
ROOM_FOR_TITLES = 56
"""Below so many cells a contact is titled by one word, `Mobile`, so that its status stays on its line."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: its name, its text, and on the right the key that works on it or why none does.

    `command` is what Enter does on it: the id of one of the screen's commands, or nothing. `heading` is drawn above
    it, with `heading_key` at its right. A contact says with `sign` and `status` what can be done with it now. One of a
    list is on `one_line`, cut where it is too long, with a word at its right in place of a key. `look`: of its text.
    """

    key: str
    title: str
    words: str
    remark: str = ""
    command: str = ""
    quiet: bool = False
    heading: str = ""
    heading_key: str = ""
    sign: str = ""
    status: str = ""
    one_line: bool = False
    look: str = ""

    @property
    def is_contact(self) -> bool:
        """Whether it is drawn in a contact's columns."""
        return bool(self.status)


class Facts(ValuePane, can_focus=True):
    """The list. The cursor stays on its line while lines come and go.

    Without the focus it shows from the top as many whole sections as fit; with it all of them, in reach of the cursor.
    """

    BINDINGS = [
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("home", "cursor_to(0)", "First", show=False),
        Binding("end,pagedown", "cursor_to(-1)", "Last", show=False),
        Binding("pageup", "cursor_to(0)", "First", show=False),
        Binding("enter", "select", "Select", show=False),
    ]

    class Selected(Message):
        """Enter, or a click, on the current line."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.facts: tuple[Fact, ...] = ()
        self._at = 0
        self._wanted_top = ""

    def show(self, facts: Sequence[Fact]) -> None:
        """Show these facts instead; the cursor stays on its line if it is still there."""
        if tuple(facts) == self.facts:
            return
        kept = self.current.key if self.current else ""
        self.facts = tuple(facts)
        keys = [fact.key for fact in self.facts]
        self._at = keys.index(kept) if kept in keys else 0
        self.draw_again()

    @property
    def current(self) -> Fact | None:
        """The selected fact."""
        return self.facts[self._at] if self.facts else None

    def has(self, key: str) -> bool:
        """Whether it shows this fact."""
        return any(fact.key == key for fact in self.facts)

    # --- moving

    def action_cursor_down(self) -> None:
        """The next line."""
        self._move_to(self._at + 1)

    def action_cursor_up(self) -> None:
        """The line before."""
        self._move_to(self._at - 1)

    def action_cursor_to(self, at: int) -> None:
        """The first line, or the last (-1)."""
        self._move_to(at % max(len(self.facts), 1))

    def action_select(self) -> None:
        """Do what the line is for."""
        self.post_message(self.Selected())

    def _move_to(self, at: int) -> None:
        self._at = max(0, min(at, len(self.facts) - 1))
        self.draw_again()
        if self._at == 0:
            self.scroll_to(y=0)
        elif self.current is not None:
            self.bring_in_sight(self.current.key)

    def has_section(self, kind: str) -> bool:
        """Whether lines of this kind are here: those whose key begins so."""
        return any(fact.key.startswith(f"{kind}:") for fact in self.facts)

    def go_to_section(self, kind: str) -> None:
        """Take the focus, with the cursor on the first line of this kind and its heading at the top."""
        self._at = next(at for at, fact in enumerate(self.facts) if fact.key.startswith(f"{kind}:"))
        self._wanted_top = _heading_key(self.facts[self._at])
        if self.has_focus:
            self._bring_wanted()
        else:
            self.focus()

    def _bring_wanted(self) -> None:
        self.draw_again()
        top, self._wanted_top = self.start_of(self._wanted_top), ""
        if top is not None:
            self.call_after_refresh(self.scroll_to, y=top, force=True)
        elif self._at and self.current is not None:
            self.call_after_refresh(self.bring_in_sight, self.current.key)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if has_focus:
            self._bring_wanted()
        else:
            self.draw_again()

    def draw_again(self) -> None:
        super().draw_again()
        height = self.scrollable_content_region.height
        if self.has_focus or self.value is not None or not height:
            return
        starts = [self.start_of(_heading_key(fact)) for fact in self.facts if fact.heading]
        fitting = [start for start in starts[1:] if start is not None and start <= height]
        if len(self._lines) > height and fitting:
            self.scroll_to(y=0)
            self.show_lines(fitting[-1])

    def on_resize(self, event: events.Resize) -> None:
        """Other sections may fit now."""
        del event
        self.draw_again()

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        place = event.get_content_offset(self)
        if place is None:
            return
        line = place.y + self.scroll_offset.y
        starts = [(self.start_of(fact.key) or 0, at) for at, fact in enumerate(self.facts)]
        on = [at for start, at in starts if start <= line]
        if on:
            self._move_to(on[-1])
            self.action_select()

    # --- drawing

    def paragraphs(self, width: int) -> Iterator[Paragraph]:
        """Each fact; a heading has a blank line before it."""
        titles = _contact_titles([fact.title for fact in self.facts if fact.is_contact], width)
        label = min(max(map(len, titles.values()), default=9), LABEL) + 1
        for at, fact in enumerate(self.facts):
            if fact.heading:
                if at:
                    yield Paragraph()
                key = _heading_key(fact)
                yield Paragraph(((fact.heading, "title"),), key=key, lead=("  ", ""), right=(fact.heading_key, "key"))
            if self.value is not None and self.value_key == fact.key:
                yield from self.value.paragraphs(titles.get(fact.title, fact.title), label)
            elif fact.is_contact:
                yield self._line(fact, titles[fact.title], label, width, is_current=at == self._at)
            else:
                room = (NUMBER if fact.one_line else LABEL) + 1
                yield self._line(fact, fact.title, room, width, is_current=at == self._at)

    def _line(self, fact: Fact, name: str, label: int, width: int, *, is_current: bool) -> Paragraph:
        look = "faint" if fact.quiet and fact.is_contact else "quiet" if fact.quiet else ""
        title = name.ljust(label)
        if len(title) > label:
            title = f"{name} "
        look = fact.look or look
        pieces: tuple[Piece, ...] = ((title, "quiet"), (fact.words.replace("\n", f"\n{' ' * label}"), look))
        hang = label
        if fact.is_contact:
            pieces, hang = _contact(fact, title, look, label, width)
        ground = ""
        right: Piece = (fact.remark, "quiet" if fact.one_line else "key")
        lead: Piece = ("  ", "")
        if is_current:
            ground = "cursor" if self.has_focus else "idle"
            pieces = tuple((text, "") for text, _ in pieces)
            lead = (f"{Sign.CURSOR if self.has_focus else Sign.CURSOR_ELSEWHERE} ", "key")
        cut = fact.one_line
        return Paragraph(pieces, key=fact.key, lead=lead, ground=ground, hang=hang, right=right, cut=cut)


def _heading_key(fact: Fact) -> str:
    return f"heading of {fact.key}"


def _contact_titles(titles: Sequence[str], width: int) -> dict[str, str]:
    """What each contact is called here: where there is little room by its first word, if that tells all apart."""
    short = {title: title.partition(" ")[0] for title in titles}
    if width >= ROOM_FOR_TITLES or len(set(short.values())) < len(short):
        return {title: title for title in titles}
    return short


def _contact(fact: Fact, title: str, look: str, label: int, width: int) -> tuple[tuple[Piece, ...], int]:
    mask, signed = fact.words.ljust(MASK), f"{fact.sign:<{SIGN}}"
    status: tuple[Piece, ...] = ((signed, look), (fact.status, look or "quiet"))
    named: Piece = (title, "quiet")
    if width < NO_ROOM_FOR_STATUS or len(mask) > MASK:
        return (named, (f"{fact.words}\n{' ' * label}", look or "bright"), *status), label
    return (named, (mask, look or "bright"), *status), label + MASK + SIGN
