"""The area for longer texts: Textual's, fixed so that undo does not crash and a burst of keys keeps its order."""

from collections.abc import Iterable, Sequence

from textual.document._edit import Edit
from textual.events import Key
from textual.widgets import TextArea


class WritingArea(TextArea):
    """Undo and redo place the cursor correctly before anything is measured by it.

        Textual measures first (its issue 6686): when a scroll bar appears or disappears, it looks for the cursor in
    lines that no longer exist; the console crashed and the typed text was lost.
    """

    async def _on_key(self, event: Key) -> None:
        """The area's own keys act in the order of typing.

        Textual lets them act once they have reached the app, letters at once: of a burst (a macro, a slow line) the
        letters came first, and the text was scrambled.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return

    def _undo_batch(self, edits: Sequence[Edit]) -> None:
        for edit in reversed(edits):
            edit.undo(self)
        self._show_batch(list(reversed(edits)))

    def _redo_batch(self, edits: Sequence[Edit]) -> None:
        for edit in edits:
            edit.do(self, record_selection=False)
        self._show_batch(edits)

    def _show_batch(self, edits: Iterable[Edit]) -> None:
        self.wrapped_document.wrap(self.wrap_width, self.indent_width)  # the whole text: the edits need not be adjacent
        for edit in edits:
            edit.after(self)
        self._refresh_size()
        self._build_highlight_map()
        self.post_message(self.Changed(self))
        self.update_suggestion()

    def _recompute_cursor_offset(self) -> None:
        """Between two steps of a change the cursor may be past the last line; it is placed correctly right after."""
        row, column = self.cursor_location
        if row < len(self.wrapped_document._wrap_offsets):
            self._cursor_offset = self.wrapped_document.location_to_offset((row, column))
