"""How a screen calls services without blocking the keyboard."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.await_complete import AwaitComplete
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget

from cs_console.act_id import ActId, new_act
from cs_console.errors import ConsoleError, DoneBefore, SessionEnded, StoreUnavailable, StoreUnreachable
from cs_console.faults import spot_of
from models.roles import Role
from screens.frame.console import Console
from screens.frame.run_once import Once
from screens.frame.steps import Waiting
from screens.widgets.notice_bar import NoticeBar, Said, Tone

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

Answer = TypeVar("Answer")
Result = TypeVar("Result")

SERVICE_CALL = "service call"
"""The description in Textual's worker lists: a constant, where Textual would put the arguments (SECURITY.md)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a service and what to do with its answer.

    `session` is that of the agent who called; `late` reports the outcome when the screen is gone. A `held` answer
    waits while another screen is on top. `retry`: if the store is away, ask again when it is back.
    """

    number: int
    group: str
    work: Callable[[], Any]
    then: Callable[[Any], object]
    refused: Callable[[ConsoleError], None] | None
    change: bool
    held: bool = False
    late: Callable[[Any], Said | None] | None = None
    session: "DeskSession | None" = None
    retry: bool = False


class Answered:
    """The answer of a service. It deliberately has no `repr` of its own: the answer may be a revealed value."""

    __slots__ = ("answer", "problem", "request")

    def __init__(self, request: Request, answer: Any, problem: ConsoleError | str | None) -> None:
        self.request = request
        self.answer = answer
        self.problem = problem


class Asking(Widget):
    """The part of a screen that calls services in worker threads; answers return on the UI thread.

    An answer acts only on its own screen (invariant 9). While another screen is on top, the follow-up of a change
    waits. Once the screen is gone, the screen shown then reports the outcome in a sentence.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = 0
        self._newest: dict[str, int] = {}
        self._changing = False
        self._held: list[Answered] = []
        self._unanswered: list[Request] = []
        self._going = False
        self._pop_on_top: Callable[[], AwaitComplete] | None = None
        self._acts: dict[tuple[object, ...], ActId] = {}

    @property
    def console(self) -> Console:
        """The application around this screen."""
        return cast(Console, self.app)

    @property
    def session(self) -> "DeskSession":
        """The session of the signed-in agent. Raises SessionEnded when no one is signed in."""
        session = self.console.session
        if session is None:
            raise SessionEnded("no one is signed in")
        return session

    @property
    def roles(self) -> frozenset[Role]:
        """The roles of the signed-in agent."""
        session = self.console.session
        return session.agent.roles if session is not None else frozenset()

    def call(self, work: Callable[[], Answer], *, group: str = "", retry: bool = True) -> Waiting[Answer]:
        """The answer of `work`, which runs in a thread; await it in a method that runs `in_steps`.

        In a named group only the newest call is answered; a function that waits for an older one ends there. So does
        one whose screen is gone. Raises what `work` raises, but not the end of the session, which always leads to the
        sign-in screen, nor an unexpected error, which is shown. While the store is away, `retry` waits for it.
        """
        return Waiting(lambda then, refused: self._ask(work, then, refused, group, retry=retry))

    def change(
        self, work: Callable[[], Answer], *, late: Callable[[Answer], Said | None] | None = None
    ) -> Waiting[Answer]:
        """Like `call`, for work that changes something: one at a time, so that a key pressed twice acts once.

        While another screen is on top, the answer waits. When this screen is gone, `late` returns what to say of it.
        While an earlier change is running, or when this screen is gone, nothing is done, and the function ends there.
        """
        return Waiting(lambda then, refused: self.change_then(work, then, refused=refused, late=late))

    def ask(self, dialog: Screen[Result]) -> Waiting[Result | None]:
        """What the person answers to a dialog, or to any other screen put on top of this one; None means no.

        If this screen is no longer on top, the function ends there: the person has moved on to something else.
        """
        return Waiting(lambda then, _refused: self.go_on(dialog, then))

    def change_then(
        self,
        work: Callable[[], Answer],
        then: Callable[[Answer], object],
        *,
        refused: Callable[[ConsoleError], None] | None = None,
        late: Callable[[Answer], Said | None] | None = None,
        held: bool = True,
    ) -> bool:
        """As `change`, with functions for the answer and a refusal: for secrets, which an async function would keep.

        Without `held`, `then` is called at once, whatever is on top. Returns False, having done nothing,
        while an earlier change is running or when this screen is gone.
        """
        if not self.console.has_open(self.screen):
            return False
        if self._changing:
            self.say("The last change is still being saved.", Tone.INFO)
            return False
        self._changing = True
        self._ask(work, then, refused, change=True, held=held, late=late)
        return True

    def do_anyway(self, session: "DeskSession", work: Callable[[], object]) -> None:
        """Do `work` in a thread, even if this screen closes right now: its workers are cancelled then, this is not."""
        request = Request(0, "", work, _nothing, None, change=False, session=session)
        asyncio.get_running_loop().run_in_executor(None, self._answer, self.console, request)

    def act_for(self, *what: object) -> ActId:
        """The id of an act of this screen: it stays the same for the same act until its outcome is known."""
        return self._acts.setdefault(what, new_act())

    def act_was_before(self) -> None:
        """The act was done before with different content, so what the screen shows now is a new act."""

    def _ask(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], object],
        refused: Callable[[ConsoleError], None] | None,
        group: str = "",
        change: bool = False,
        held: bool = False,
        late: Callable[[Any], Said | None] | None = None,
        retry: bool = False,
    ) -> None:
        self._asked += 1
        if group:
            self._newest[group] = self._asked
        console = self.console
        request = Request(self._asked, group, work, then, refused, change, held, late, console.session, retry)
        keeper = self.app if change else self  # a screen's workers are cancelled when it closes; a change must not be
        keeper.run_worker(
            Once(partial(self._answer, console, request)),
            name="ask",
            group="ask",
            description=SERVICE_CALL,
            exit_on_error=False,
            thread=True,
        )

    def _answer(self, console: Console, request: Request) -> None:
        """Run in the worker thread: the outermost edge, where anything unexpected becomes one plain sentence."""
        try:
            answer = Answered(request, request.work(), None)
        except ConsoleError as error:
            answer = Answered(request, None, error)
        except Exception as problem:  # noqa: BLE001 - the outermost edge of a worker
            answer = Answered(request, None, spot_of(problem))
        console.on_ui(partial(self._take_answer, console, answer))  # this screen may be gone and take no messages

    def _take_answer(self, console: Console, message: Answered) -> None:
        request, problem = message.request, message.problem
        if (
            console.session is not request.session
        ):  # the agent who asked has signed out, and no one else may see the answer
            if request.late is not None and problem is None:
                request.late(message.answer)
            return
        if isinstance(problem, SessionEnded):
            console.session_over(problem)
            return
        gone = not console.has_open(self.screen)
        if isinstance(problem, StoreUnreachable):
            console.store_lost()
            if request.retry:
                if not gone:
                    self._unanswered.append(request)  # repeated once the store is back; a change never is
                return
        if gone:
            self._say_late(console, message)
        elif self._has_to_wait(request):
            self._held.append(message)
        else:
            with self._context():  # so that a dialog it opens answers to this screen
                self._act_on(message)

    def _has_to_wait(self, request: Request) -> bool:
        if self.app.screen is self.screen:
            return False
        return request.held or (self.console.locked and not request.change)

    def _act_on(self, message: Answered) -> None:
        request, problem = message.request, message.problem
        if request.change:
            self._changing = False
            self._end_act(problem)
        if request.group and self._newest.get(request.group) != request.number:
            return
        if isinstance(problem, ConsoleError):
            (request.refused or self.say)(problem)
        elif problem is not None:
            self.say(_unexpected(problem), Tone.ERROR)
        else:
            request.then(message.answer)

    def _end_act(self, problem: ConsoleError | str | None) -> None:
        """Forget the act's id when the outcome is known. After a lost store or a fault it is not: the id is kept."""
        if problem is None or (isinstance(problem, ConsoleError) and not isinstance(problem, StoreUnavailable)):
            self._acts.clear()
        if isinstance(problem, DoneBefore):
            self.act_was_before()

    def _say_late(self, console: Console, message: Answered) -> None:
        """Report on the current screen the outcome of a change that was made on this one."""
        request, problem = message.request, message.problem
        if not request.change:
            return
        if isinstance(problem, ConsoleError):
            said: Said | None = Said(str(problem), tone_of(problem))
        elif problem is not None:
            said = Said(_unexpected(problem), Tone.ERROR)
        else:
            said = Said("saved.") if request.late is None else request.late(message.answer)
        if said is not None:
            console.say_late(replace(said, words=f"{self.called}: {said.words}"))

    @property
    def called(self) -> str:
        """The name of this screen in a sentence about it."""
        return "The last change"

    def go_on(self, screen: Screen[Result], then: Callable[[Result | None], None] | None = None) -> None:
        """Put another screen or a dialog on top of this one; `then` gets its answer.

        If this screen is no longer on top, nothing happens: the person has moved on to something else.
        """
        if self.app.screen is self.screen:
            with self._context():
                self.app.push_screen(screen, then)

    def go_away(self, pop: Callable[[], AwaitComplete]) -> AwaitComplete:
        """Close this screen, once, and no other. While another screen is on top, wait until that has closed."""
        if self._going or not self.console.has_open(self.screen):
            return AwaitComplete()
        if self.app.screen is not self.screen:
            self._pop_on_top = pop
            return AwaitComplete()
        if len(self.app.screen_stack) == 1:  # where a mode begins; there is nothing below it
            return AwaitComplete()
        self._going = True
        return pop()

    def on_screen_resume(self) -> None:
        pop, self._pop_on_top = self._pop_on_top, None
        if pop is not None:
            self.go_away(pop)
        else:
            self.release_held()

    def on_unmount(self) -> None:
        held, self._held = self._held, []
        for message in held:
            self._take_answer(self.console, message)

    def release_held(self) -> None:
        """This screen is on top again: handle the answers that arrived in the meantime."""
        held, self._held = self._held, []
        for message in held:
            self._take_answer(self.console, message)

    def store_back(self) -> None:
        """The store answers again: repeat the calls that it did not answer."""
        requests, self._unanswered = self._unanswered, []
        for request in requests:
            if not request.group or self._newest.get(request.group) == request.number:
                self._ask(request.work, request.then, request.refused, request.group, retry=True)

    def say(self, what: ConsoleError | Said | str, tone: Tone | None = None) -> None:
        """Show an error (its sentence and what to do next) or a text, literally, in the notice bar."""
        if isinstance(what, Said):
            self.say(what.words, what.tone)
            return
        if tone is None:
            tone = Tone.INFO if isinstance(what, str) else tone_of(what)
        try:
            self.query_one(NoticeBar).say(str(what), tone)
        except NoMatches:
            self.notify(str(what), markup=False)

    def clear_notice(self) -> None:
        """Clear the notice bar."""
        self.query_one(NoticeBar).clear()


def tone_of(refusal: ConsoleError) -> Tone:
    """The tone of an error's notice: error if the store cannot be reached, otherwise warning."""
    return Tone.ERROR if refusal.exit_status == 3 else Tone.WARNING


def _unexpected(spot: str) -> str:
    return f"Unexpected error ({spot}); the console stopped there. Tell an admin."


def _nothing(_answer: object) -> None:
    """Ignore the answer."""
