"""Completes the last word of the queue's filter as it is typed."""

from textual.suggester import Suggester

from cs_console.tickets.filter_completion import completed


class FilterSuggester(Suggester):
    """`names` are the agents and `tags` the desk's, once they are known."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.names: tuple[str, ...] = ()
        self.tags: tuple[str, ...] = ()

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, completed."""
        return completed(value, self.names, self.tags)
