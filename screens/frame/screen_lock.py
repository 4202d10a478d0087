"""Locking the screen: everything is hidden until the agent's password is typed."""

from screens.frame.autosave import Drafting
from screens.frame.session_app import SessionApp
from screens.widgets.notice_bar import Said


class ScreenLock:
    """What is to be said meanwhile waits until the console is unlocked."""

    def __init__(self, app: SessionApp) -> None:
        self._app = app
        self._to_say: list[Said] = []

    def lock(self) -> None:
        """Hide everything."""
        from screens.sign_in.lock import LockScreen

        self._app.locked = True
        self._app.hide_values()
        self._app.forget_clipboard()
        self._app.push_screen(LockScreen())

    def unlock(self) -> None:
        """Show everything again, and handle what arrived in the meantime."""
        from screens.sign_in.lock import LockScreen

        self._app.locked = False
        for screen in self._app.all_screens():
            if isinstance(screen, LockScreen):
                screen.dismiss()
        for screen in self._app.all_screens():
            if isinstance(screen, Drafting):
                screen.release_held()
        to_say, self._to_say = self._to_say, []
        for said in to_say:
            self.say_late(said)

    def forget(self) -> None:
        """The session is over: nothing is locked, and nothing is to be said."""
        self._app.locked = False
        self._to_say = []

    def say_late(self, said: Said) -> None:
        """Say what became of a change whose own screen is gone, on the screen that is on top; not over the lock."""
        if self._app.locked:
            self._to_say.append(said)
            return
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, Drafting):
                screen.say(said)
                return
