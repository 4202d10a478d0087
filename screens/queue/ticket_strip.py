"""What is known about the selected ticket without opening it, in two lines."""

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cs_console.local_time import moment
from cs_console.tickets.queue import QueueRow
from models.enums import Priority
from screens.widgets.safe_text import literal_line


class TicketStrip(Widget):
    """The whole redacted subject, and when, who and how urgent. Its height is fixed, so moving costs no layout."""

    ticket: reactive[QueueRow | None] = reactive(None)
    help: reactive[tuple[str, str]] = reactive(("", ""))
    """What is said instead while a filter is typed."""

    def render(self) -> RenderResult:
        if any(self.help):
            first, second = map(literal_line, self.help)
            return Content("\n").join((first.stylize("$ink"), second.stylize("$quiet")))
        row = self.ticket
        if row is None:
            return Content("")
        who = f"with {row.assignee}" if row.assignee else "unassigned"
        facts = [f"#{row.number}", who]
        if row.snoozed_until is not None:
            facts.append(f"snoozed until {moment(row.snoozed_until)}")
        if row.answered_at is not None:
            facts.append(f"requester answered {moment(row.answered_at)}")
        if row.tried_at is not None:
            facts.append(f"code sent {moment(row.tried_at)}")
        if row.due_at is not None:
            facts.append(f"due {moment(row.due_at)}")
        if row.priority is not Priority.NORMAL:
            facts.append(f"{row.priority.name.lower()} priority")
        facts += [f"received {moment(row.received_at)}", row.kind.value, row.state.value]
        lines = (literal_line(row.subject or "(no subject)").stylize("bold"), literal_line(" · ".join(facts)))
        width = self.content_size.width
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)
