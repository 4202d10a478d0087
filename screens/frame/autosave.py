"""Drafts: what is typed on a screen is sealed and saved every second, so nothing is lost (invariant 9)."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from cs_console.errors import ConsoleError, StoreUnreachable
from screens.frame.console import Typed
from screens.frame.run_once import Once
from screens.frame.service_calls import Asking
from screens.frame.steps import in_steps

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

Answer = TypeVar("Answer")

AUTOSAVE_SECONDS = 1.0


class Drafting(Asking):
    """A screen that overrides `typed` has its drafts saved as they are typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._saved: dict[tuple[str, int | None], str] = {}
        self._saving = Lock()
        self._autosaving = False
        self._done_with = False

    def on_mount(self) -> None:
        if type(self).typed is not Drafting.typed:
            self.set_interval(AUTOSAVE_SECONDS, self._autosave)

    def typed(self) -> tuple[Typed, ...]:
        """What is typed here and not yet sent; nothing until an earlier draft has been loaded into its field.

        Override it, and run the work that uses the text through `used_up`.
        """
        return ()

    def used_up(
        self,
        session: "DeskSession",
        typed: tuple[Typed, ...],
        work: Callable[[], Answer],
        stays: Callable[[Answer], bool] = lambda _answer: False,
    ) -> Answer:
        """Do the work that the text was typed for, then delete its drafts and stop saving; for a worker thread.

        Where what it led to can still be taken back, the drafts stay: `stays` says so of its answer.

        This screen may be closed by then. A draft that stays because the store went away does no harm.
        """
        answer = work()
        if stays(answer):
            self.kept()
        else:
            self.forget(session, typed)
        return answer

    def kept(self) -> None:
        """The text was used, and what was saved of it stays: what it led to can still be taken back. Stop saving."""
        self._done_with = True

    def unsaved(self) -> tuple[Typed, ...]:
        """What is typed here and not yet saved."""
        if self._done_with:
            return ()
        return tuple(one for one in self.typed() if one.text != self._saved.get((one.place, one.ticket), ""))

    @in_steps
    async def _autosave(self) -> None:
        if self._autosaving or self._done_with or self.console.session is None or self.console.store_away:
            return
        unsaved = self.unsaved()
        if unsaved:
            self._autosaving = True
            try:
                await self.call(partial(self.save, self.session, unsaved), retry=False)
                self.autosaved()
            except StoreUnreachable:
                pass  # the banner reports that, and saving is tried again
            finally:
                self._autosaving = False

    def autosaved(self) -> None:
        """What is typed here has just been saved: a screen may say so."""

    def save(self, session: "DeskSession", typed: tuple[Typed, ...]) -> None:
        """Seal and save the text; for a worker thread. Raises StoreUnavailable and what `save_draft` raises."""
        from cs_console.custody.drafts import save_draft

        with self._saving:
            for one in typed:
                if self._done_with:
                    return
                save_draft(session, one.place, one.text if one.text.strip() else "", one.ticket, one.act)
                self._saved[one.place, one.ticket] = one.text

    def save_again(self) -> None:
        """Save the text again although it is unchanged: it belongs to another act now."""
        self._saved.clear()

    def sent(self) -> None:
        """The text was used or discarded on purpose: delete its drafts in the background."""
        self._done_with = True
        typed = self.typed()
        if typed and self.console.session is not None:
            work = Once(partial(self.forget, self.session, typed))
            self.app.run_worker(
                work, name="drafts", group="drafts", description="drafts", thread=True, exit_on_error=False
            )

    def forget(self, session: "DeskSession", typed: tuple[Typed, ...]) -> None:
        """Delete the text's drafts and stop saving; for a worker thread."""
        from cs_console.custody.drafts import discard_draft

        with self._saving, suppress(ConsoleError):
            self._done_with = True
            for one in typed:
                discard_draft(session, one.place)


Drafts = list[tuple[Drafting, tuple[Typed, ...]]]
"""What several screens have not saved yet."""


def save_all(session: "DeskSession", drafts: Drafts) -> None:
    """Save what several screens hold before they close; for a worker thread. Raises as `Drafting.save`."""
    for screen, typed in drafts:
        screen.save(session, typed)
