"""The steps of a form: how far it is, where the agent is, what is still to do, and who else is needed.

One widget draws it all: at the left of a wide screen, or as a line and a bar above the page of a narrow one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cs_console.plain_text import one_line
from screens.frame.theme import palette_of
from screens.widgets.hanging import Line
from screens.widgets.signs import Sign

_SIDE = 20
"""From this height on it is drawn for a place beside the page."""
_MARGIN = 2
_FOR_THE_REST = 12
"""Lines that are kept for what is still to do and the second person."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title, a remark, and whether it is done; None where there is nothing to do in it."""

    key: str
    title: str
    note: str = ""
    done: bool | None = False

    def sign(self, is_now: bool) -> Sign:
        """Done, now or later; what has nothing to do is never later."""
        if self.done or (self.done is None and not is_now):
            return Sign.STEP_DONE if self.done else Sign.WITHIN
        return Sign.STEP_NOW if is_now else Sign.STEP_LATER


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the form is. `missing` blocks it; `second` says which second person it takes, if any is told of."""

    due: str = ""
    missing: tuple[str, ...] = ()
    second: str = ""


class StepsPane(Static, can_focus=True):
    """The steps. Moving turns to another, Enter goes into its sheet."""

    BINDINGS = [
        Binding("enter", "go_into", "Open", show=False),
        Binding("left", "cursor_up", "Before", show=False),
        Binding("right", "cursor_down", "Next", show=False),
    ]
    ALLOW_SELECT = False

    class Turned(Message):
        """Another step is the current one."""

        def __init__(self, step: str) -> None:
            super().__init__()
            self.step = step

    class Entered(Message):
        """The agent goes into the sheet of the current step."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", markup=False, id=id)
        self.steps: tuple[Step, ...] = ()
        self.current = ""
        self.standing: Standing | None = None
        self._at: list[tuple[int, range, str]] = []

    # --- what it shows

    def show(self, steps: Sequence[Step]) -> None:
        """Show these steps; the current one stays where it is among them."""
        self.steps = tuple(steps)
        if self.current not in {one.key for one in self.steps}:
            self.turn_to(self.steps[0].key if self.steps else "")
        self._draw()

    def tell(self, standing: Standing) -> None:
        """Show how far the form is."""
        self.standing = standing
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if width < 1 or height < 1:
            return
        self._at = []
        lines = self._beside(width, height) if height >= _SIDE else self._above(width)
        self.update(Content("\n").join(list(lines)[:height]), layout=False)

    def _counted(self) -> tuple[int, int]:
        counting = [one for one in self.steps if one.done is not None]
        return sum(1 for one in counting if one.done), len(counting)

    def _bar(self, width: int) -> Content:
        done, of = self._counted()
        full = width * done // of if of else 0
        return Content.assemble(("━" * full, "$success"), ("─" * (width - full), "$line"))

    # --- beside the page

    def _beside(self, width: int, height: int) -> Iterator[Content]:
        room = width - 2 * _MARGIN
        indent = " " * _MARGIN
        done, of = self._counted()
        due = self.standing.due if self.standing else ""
        head = Content.assemble((f"{done} of {of}", "bold $bright"), (" done", "$text-muted"))
        right = Content(due).stylize("$text-muted")
        gap = room - head.cell_length - right.cell_length
        yield Content()
        yield Content.assemble(indent, head, " " * gap, right) if gap > 1 else Content.assemble(indent, head)
        yield Content.assemble(indent, self._bar(room))
        yield Content()
        used = 4
        # notes and blank lines give way where there are many steps
        notes = 4 + 2 * len(self.steps) + _FOR_THE_REST <= height
        airy = 4 + 3 * len(self.steps) + _FOR_THE_REST <= height
        for number, step in enumerate(self.steps, 1):
            for line in self._step_lines(number, step, width, notes):
                self._at.append((used, range(width), step.key))
                yield line
                used += 1
            if airy:
                yield Content()
                used += 1
        if not airy:
            yield Content()
            used += 1
        second = [Content.assemble(indent, line) for line in self._second(room)]
        to_do = [Content.assemble(indent, line) for line in self._to_do(room, height - used - len(second))]
        if used + len(to_do) + len(second) > height or (self.standing and self._crowded(to_do, room)):
            second = []
            to_do = [Content.assemble(indent, line) for line in self._to_do(room, height - used)]
        yield from to_do
        yield from second

    def _crowded(self, to_do: Sequence[Content], room: int) -> bool:
        """Whether less than the first thing to do is shown."""
        assert self.standing is not None
        first = self.standing.missing[:1]
        return bool(first) and len(to_do) < 2 + sum(1 for one in first for _ in Line(Content(one), 2).at(room))

    def _step_lines(self, number: int, step: Step, width: int, notes: bool) -> Iterator[Content]:
        is_now = step.key == self.current
        sign = step.sign(is_now)
        colours = palette_of(self.app, under_cursor=is_now and self.has_focus)
        ground = f"on {colours.ground if self.has_focus else colours.idle}"
        bar = Content(f"{self._cursor(is_now)} ").stylize(colours.sand if self.has_focus else colours.quiet)
        title_style = f"bold {colours.bright}" if is_now else colours.ink if step.done else colours.quiet
        words = Content.assemble(
            (f"{number}", colours.sand),
            " ",
            (str(sign), colours.green if step.done else colours.quiet),
            " ",
            (one_line(step.title, 60), title_style),
        )
        lines = [Content.assemble(bar, words)]
        if notes:
            lines.append(Content.assemble("      ", (one_line(step.note, 80), colours.quiet)))
        for line in lines:
            fitting = line.truncate(width - 1, ellipsis=True)
            yield fitting.pad_right(width - fitting.cell_length).stylize(ground if is_now else "")

    def _to_do(self, room: int, height: int) -> list[Content]:
        if self.standing is None:
            return []
        if not self.standing.missing:
            return [Content(f"{Sign.DONE} Nothing is missing").stylize("bold $success"), Content()]
        lines = [Content("Still to do").stylize("bold $bright")]
        for at, one in enumerate(self.standing.missing):
            bullet = Content.assemble((f"{Sign.EVENT} ", "$text-warning"), one_line(one, 400))
            more = list(Line(bullet, 2).at(room))
            left = len(self.standing.missing) - at
            if len(lines) + len(more) + (2 if left > 1 else 1) > height:
                lines.append(Content(f"  and {left} more with the letter").stylize("$text-muted"))
                break
            lines += more
        return [*lines, Content()]

    def _second(self, room: int) -> list[Content]:
        if self.standing is None or not self.standing.second:
            return []
        told = Line(Content(one_line(self.standing.second, 400)).stylize("$text-muted"))
        return [Content("Second person").stylize("bold $bright"), *told.at(room)]

    # --- above the page

    def _above(self, width: int) -> Iterator[Content]:
        room = width - 2 * _MARGIN
        indent = " " * _MARGIN
        yield Content.assemble(indent[1:], self._line_of_steps(room))
        yield Content.assemble(indent, self._bar(room))
        yield Content.assemble(indent, self._missing_in_a_line().truncate(room, ellipsis=True))

    def _line_of_steps(self, room: int) -> Content:
        """All titles; where they do not fit, the current one's alone."""
        gap = 2
        titles = [self._step_words(one, True) for one in self.steps]
        if sum(one.cell_length for one in titles) + gap * (len(titles) - 1) > room:
            gap = 1
            titles = [self._step_words(one, one.key == self.current) for one in self.steps]
        used = _MARGIN - 1
        for one, step in zip(titles, self.steps, strict=True):
            self._at.append((0, range(used, used + one.cell_length + gap), step.key))
            used += one.cell_length + gap
        return Content(" " * gap).join(titles).truncate(room, ellipsis=True)

    def _step_words(self, step: Step, whole: bool) -> Content:
        is_now = step.key == self.current
        style = "bold $bright" if is_now else "$text-muted"
        if is_now and self.has_focus:
            style = "bold $block-cursor-foreground on $block-cursor-background"
        sign = Content(str(step.sign(is_now))).stylize("$success" if step.done else "$text-muted")
        cursor = Content(self._cursor(is_now)).stylize("$text-accent" if self.has_focus else "$text-muted")
        return Content.assemble(cursor, sign, (f" {one_line(step.title, 40)}", style) if whole else "")

    def _cursor(self, is_now: bool) -> str:
        if not is_now:
            return " "
        return str(Sign.CURSOR if self.has_focus else Sign.CURSOR_ELSEWHERE)

    def _missing_in_a_line(self) -> Content:
        if self.standing is None:
            return Content()
        missing = self.standing.missing
        if not missing:
            return Content(f"{Sign.DONE} Nothing is missing").stylize("$success")
        count = "1 thing is missing" if len(missing) == 1 else f"{len(missing)} things are missing"
        return Content.assemble((f"{count}: ", "$text-warning"), (one_line(missing[0], 400), "$text-muted"))

    # --- moving

    def turn_to(self, step: str) -> None:
        """Make this step the current one."""
        if step and step != self.current:
            self.current = step
            self._draw()
            self.post_message(self.Turned(step))

    def turn_by(self, by: int) -> None:
        """Turn to the next step or the one before; at either end it stays."""
        keys = [one.key for one in self.steps]
        if self.current in keys:
            at = keys.index(self.current) + by
            if 0 <= at < len(keys):
                self.turn_to(keys[at])

    def action_cursor_up(self) -> None:
        """Turn to the step before."""
        self.turn_by(-1)

    def action_cursor_down(self) -> None:
        """Turn to the next step."""
        self.turn_by(1)

    def action_go_into(self) -> None:
        """Go into the sheet of the current step."""
        self.post_message(self.Entered())

    def on_click(self, event: events.Click) -> None:
        """Turn to the step that was clicked."""
        for y, columns, step in self._at:
            if event.y == y and event.x in columns:
                self.turn_to(step)
