"""What an agent has typed and not sent, as text."""

from cs_console.custody.drafts import find_draft
from cs_console.desk import DeskSession


def load_draft(session: DeskSession, place: str, ticket: int | None = None) -> str:
    """The text of this agent's draft at `place`. Raises as `find_draft` does."""
    return find_draft(session, place, ticket).text
