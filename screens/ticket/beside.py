"""Two who would write at once: each is told of the other, and goes on knowingly or not at all."""

from typing import TYPE_CHECKING

from cs_console.tickets.present import Present
from models.enums import Doing
from screens.frame.choice import ChoiceDialog
from screens.ticket.compose import ComposeScreen
from screens.ticket.present_words import sentence
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Tone

if TYPE_CHECKING:
    from screens.ticket.ticket import TicketScreen

_GO_ON, _LEAVE = "go on", "leave"


class Beside:
    """Who else is on the ticket of this screen, as it heard last. Of each person who writes it is told once."""

    def __init__(self, screen: "TicketScreen") -> None:
        self._screen = screen
        self._told: set[Present] = set()
        self.present: tuple[Present, ...] = ()

    def hear(self, present: tuple[Present, ...]) -> None:
        """Others are there now; say it where the person looks, if that is this ticket or what they write on it."""
        self.present = present
        top = self._screen.app.screen
        new = [one for one in present if one.writes and one not in self._told]
        if not new or not (top is self._screen or isinstance(top, ComposeScreen)):
            return
        self._told.update(new)
        # a warning would go with the next letter that is typed
        top.say(self._words(new), Tone.INFO if isinstance(top, ComposeScreen) else Tone.WARNING)

    async def goes_on(self) -> bool:
        """Ask before an answer is begun while someone else writes one."""
        writers = [one for one in self.present if one.doing is Doing.ANSWERS]
        if not writers:
            return True
        self._told.update(writers)
        names = " and ".join(one.name for one in writers)
        answers = [Choice(_LEAVE, f"Leave it to {names}"), Choice(_GO_ON, "Write an answer too")]
        return await self._screen.ticket.ask(ChoiceDialog(self._words(writers), answers)) == _GO_ON

    def _words(self, people: list[Present]) -> str:
        now = self._screen.session.desk.clock.now()
        return " ".join(sentence(one, now) for one in people)
