"""What *keys* and *memory* are held against: a bare Textual app that shows the same rows and texts.

`python -m benchmarks.bare_queue FILE`, where FILE is JSON: `rows` of cells, `texts`, and `facts` of a name and words.
"""

import json
import sys
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, Static


class BareTicket(Screen[None]):
    """A ticket as a screen of its own: its texts and its facts."""

    BINDINGS = [("escape", "app.pop_screen", "Back")]
    CSS = "BareTicket VerticalScroll { width: 1fr; } BareTicket #facts { width: 50; } Static { margin: 0 0 1 0; }"

    def __init__(self, texts: list[str], facts: list[list[str]]) -> None:
        super().__init__()
        self._texts, self._facts = texts, facts

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal():
            with VerticalScroll():
                for text in self._texts:
                    yield Static(text, markup=False)
            yield Static("\n".join(f"{name:<19}{words}" for name, words in self._facts), id="facts", markup=False)
        yield Footer()


class BareQueue(App[None]):
    """A table of tickets; Enter opens one."""

    TITLE = "A bare queue"
    BINDINGS = [("j", "down", "Down"), ("ctrl+q", "quit", "Quit")]

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self._shown = shown

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        rows = self._shown["rows"]
        table.add_columns(*(str(at) for at in range(len(rows[0]))))
        table.add_rows(rows)

    def action_down(self) -> None:
        self.query_one(DataTable).action_cursor_down()

    def on_data_table_row_selected(self) -> None:
        self.push_screen(BareTicket(self._shown["texts"], self._shown["facts"]))


if __name__ == "__main__":
    BareQueue(json.loads(Path(sys.argv[1]).read_text("utf-8"))).run()
