"""What people can change of their own account: the password, and the second factor."""

from functools import partial

from screens.choice import ChoiceDialog
from screens.console_screen import ConsoleScreen
from screens.widgets.choice_list import Choice, ChoiceList

_PASSWORD = Choice("password", "Change the password", "The present one is asked for; this session goes on.")


class AccountDialog(ChoiceDialog):
    """Asks what to change; says how many recovery codes are left."""

    def __init__(self) -> None:
        super().__init__("Your account", (_PASSWORD, _second_factor(None)))

    def on_mount(self) -> None:
        super().on_mount()
        self.ask(self._read, self._show)

    def _read(self) -> int | None:
        from cs_console.staff.second_factor import recovery_codes_left

        return recovery_codes_left(self.desk)

    def _show(self, left: int | None) -> None:
        self.query_one(ChoiceList).show((_PASSWORD, _second_factor(left)))


def open_account(screen: ConsoleScreen[object]) -> None:
    """Ask on top of that screen, then go where the answer leads."""
    screen.go_on(AccountDialog(), partial(_chosen, screen))


def _chosen(screen: ConsoleScreen[object], key: str | None) -> None:
    if key == _PASSWORD.key:
        from screens.password import PasswordScreen

        screen.go_on(PasswordScreen())
    elif key is not None:
        from screens.second_factor import SecondFactorScreen

        screen.go_on(SecondFactorScreen())


def _second_factor(recovery_codes: int | None) -> Choice:
    if recovery_codes is None:
        return Choice("second factor", "Set up a second factor", "An authenticator app on your phone.")
    codes = f"{recovery_codes} recovery code{'' if recovery_codes == 1 else 's'} left"
    return Choice("second factor", "Replace the second factor", f"Another phone, or new recovery codes; {codes}.")
