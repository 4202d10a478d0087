"""How a screen asks services for work without holding up the keyboard."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rich.repr import Result as ReprResult
from textual import on
from textual.css.query import NoMatches
from textual.message import Message
from textual.widget import Widget

from cs_console.errors import Refusal, SessionEnded, StoreUnreachable
from cs_console.faults import spot_of
from models.enums import Role
from screens.console import Console
from screens.once import Once
from screens.widgets.notice_bar import NoticeBar, Tone

if TYPE_CHECKING:
    from cs_console.desk import Desk

Answer = TypeVar("Answer")

SERVICE_CALL = "service call"
"""What stands in Textual's worker lists: a constant, where Textual would put the arguments (SECURITY.md)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a service and what to do with its answer."""

    number: int
    group: str
    work: Callable[[], Any]
    then: Callable[[Any], None]
    refused: Callable[[Refusal], None] | None
    change: bool


class Answered(Message):
    """A service has answered. Its representation is empty on purpose: the answer may be a revealed value."""

    def __init__(self, request: Request, answer: Any, problem: Refusal | str | None) -> None:
        super().__init__()
        self.request = request
        self.answer = answer
        self.problem = problem

    def __rich_repr__(self) -> ReprResult:
        yield from ()


class Asking(Widget):
    """The part of a screen that calls services in worker threads; answers come back on the UI thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = 0
        self._newest: dict[str, int] = {}
        self._changing = False
        self._held: list[Answered] = []
        self._unanswered: list[Request] = []

    @property
    def console(self) -> Console:
        """The application around this screen."""
        return cast(Console, self.app)

    @property
    def desk(self) -> "Desk":
        """The desk of the signed-in agent. Raises SessionEnded when nobody is."""
        desk = self.console.desk
        if desk is None:
            raise SessionEnded("nobody is signed in")
        return desk

    @property
    def roles(self) -> frozenset[Role]:
        """The roles of whoever is signed in."""
        desk = self.console.desk
        return desk.agent.roles if desk is not None else frozenset()

    def ask(
        self,
        work: Callable[[], Answer],
        then: Callable[[Answer], None],
        *,
        refused: Callable[[Refusal], None] | None = None,
        group: str = "",
    ) -> None:
        """Run `work` in a thread and `then` with its result on the UI thread.

        In a named group only the newest request's answer counts; older ones are dropped. An answer that comes after
        this screen is gone is dropped too. `refused` replaces the notice for a Refusal, except for the end of the
        session, which always leads to the sign-in screen.
        """
        self._ask(work, then, refused, group, change=False)

    def change(
        self,
        work: Callable[[], Answer],
        then: Callable[[Answer], None],
        *,
        refused: Callable[[Refusal], None] | None = None,
    ) -> bool:
        """Like `ask`, for work that changes something: one at a time, so that a key pressed twice acts once.

        Returns False, having done nothing, while an earlier change is under way.
        """
        if self._changing:
            self.say("Still at work on the last change.", Tone.INFO)
            return False
        self._changing = True
        self._ask(work, then, refused, "", change=True)
        return True

    def _ask(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        refused: Callable[[Refusal], None] | None,
        group: str,
        change: bool,
    ) -> None:
        self._asked += 1
        if group:
            self._newest[group] = self._asked
        request = Request(self._asked, group, work, then, refused, change)
        self.run_worker(
            Once(partial(self._answer, request)),
            name="ask",
            group="ask",
            description=SERVICE_CALL,
            exit_on_error=False,
            thread=True,
        )

    def _answer(self, request: Request) -> None:
        """In the worker thread: the outermost edge, where anything unexpected becomes one plain sentence."""
        try:
            answer = Answered(request, request.work(), None)
        except Refusal as refusal:
            answer = Answered(request, None, refusal)
        except Exception as problem:  # noqa: BLE001 - the outermost edge of a worker
            answer = Answered(request, None, spot_of(problem))
        self.post_message(answer)

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
        message.stop()
        request, problem = message.request, message.problem
        if request.change:
            self._changing = False
        if isinstance(problem, SessionEnded):
            self.console.session_over(problem)
            return
        if isinstance(problem, StoreUnreachable):
            self.console.store_lost()
            if not request.change and request.refused is None:
                self._unanswered.append(request)  # asked again once the store is back; what changes something never is
                return
        if self.console.locked and self.screen is not self.app.screen:
            self._held.append(message)  # what it leads to must not come up over the lock
            return
        if not self.is_attached or (request.group and self._newest.get(request.group) != request.number):
            return
        if isinstance(problem, Refusal):
            (request.refused or self.say)(problem)
        elif problem is not None:
            self.say(f"Something went wrong here and nothing more was done ({problem}). Tell an admin.", Tone.ERROR)
        else:
            request.then(message.answer)

    def release_held(self) -> None:
        """The console is unlocked: take the answers that came meanwhile."""
        held, self._held = self._held, []
        for message in held:
            self._take_answer(message)

    def store_back(self) -> None:
        """The store answers again: ask anew what it did not answer."""
        requests, self._unanswered = self._unanswered, []
        for request in requests:
            if not request.group or self._newest.get(request.group) == request.number:
                self.ask(request.work, request.then, group=request.group)

    def say(self, what: Refusal | str, tone: Tone | None = None) -> None:
        """Show a refusal (its sentence and what to do next) or a text, literally, in the notice bar."""
        if tone is None:
            tone = Tone.INFO if isinstance(what, str) else Tone.WARNING
            if isinstance(what, Refusal) and what.exit_status == 3:
                tone = Tone.ERROR
        try:
            self.query_one(NoticeBar).say(str(what), tone)
        except NoMatches:
            self.notify(str(what), markup=False)

    def clear_notice(self) -> None:
        """Say nothing any more."""
        self.query_one(NoticeBar).clear()
