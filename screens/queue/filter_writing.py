"""The queue's filter as it is typed: completed, said in a sentence, and pointed into where it is wrong."""

from functools import partial
from typing import Any

from cs_console.casework import tagging, workflow
from cs_console.errors import BadFilter, ConsoleError
from cs_console.tickets.filter_completion import completed
from cs_console.tickets.filter_sentence import sentence
from cs_console.tickets.filters import parse
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.queue.reading_pane import FilterHelp, ReadingPane
from screens.widgets.filter_line import FilterLine


class FilterWriting:
    """What is said while the line is open, in place of the ticket under the cursor."""

    def __init__(self, screen: ConsoleScreen[Any]) -> None:
        self._screen = screen
        self._names: tuple[str, ...] = ()
        self._tags: tuple[str, ...] = ()

    def open(self) -> None:
        """Open the line, and learn which names and tags complete a word."""
        line = self._screen.query_one(FilterLine)
        line.open()
        self.say_found(line.input.value)
        self._learn_names()

    def close(self) -> None:
        """Take the line away; the pane shows the ticket again."""
        self._screen.query_one(FilterLine).display = False
        self._screen.query_one(ReadingPane).help = None

    def completed(self, text: str) -> str | None:
        """The line with its last word completed; None where nothing fits."""
        return completed(text, self._names, self._tags)

    def say_found(self, text: str) -> None:
        """Say what the filter will find, or what is wrong with it and what is possible."""
        whole = self.completed(text)
        try:
            said, hint = sentence(parse(text)), "↵ apply   esc leave as it was"
        except BadFilter as refused:
            said, hint = refused.sentence, refused.next_step
        self._screen.query_one(ReadingPane).help = FilterHelp(said, f"tab: {whole}" if whole else hint)

    def reject(self, refused: BadFilter) -> None:
        """Say what is wrong where the filter is explained, and point at the word in the line, which stays open."""
        line = self._screen.query_one(FilterLine)
        at = refused.at if refused.at is not None else line.input.value.find(refused.wrong)
        line.reject(at if at >= 0 else None, refused.wrong)
        self._screen.query_one(ReadingPane).help = FilterHelp(refused.sentence, refused.next_step, wrong=True)

    def say(self, what: ConsoleError) -> None:
        """Without names and tags the line is not completed; there is nothing to say."""

    @in_steps
    async def _learn_names(self) -> None:
        session = self._screen.session
        self._names = await self._screen.call(partial(workflow.assignable, session), group="names")
        self._tags = await self._screen.call(partial(tagging.tags, session), group="tags")
