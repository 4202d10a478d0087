"""What people can change on their own account: the password and the second factor."""

from functools import partial

from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.widgets.choice_list import Choice, ChoiceList

_PASSWORD = Choice("password", "Change the password", "You need your current password. This session stays open.")


class AccountDialog(ChoiceDialog):
    """Asks what to change and shows how many recovery codes are left."""

    def __init__(self) -> None:
        super().__init__("Your account", (_PASSWORD, _second_factor(None)))

    def on_mount(self) -> None:
        super().on_mount()
        self.call_then(self._read, self._show)

    def _read(self) -> int | None:
        from cs_console.staff.second_factor import recovery_codes_left

        return recovery_codes_left(self.session)

    def _show(self, left: int | None) -> None:
        self.query_one(ChoiceList).show((_PASSWORD, _second_factor(left)))


def open_account(screen: ConsoleScreen[object]) -> None:
    """Open the dialog on top of that screen, then open what was chosen."""
    screen.go_on(AccountDialog(), partial(_chosen, screen))


def _chosen(screen: ConsoleScreen[object], key: str | None) -> None:
    if key == _PASSWORD.key:
        from screens.sign_in.password import PasswordScreen

        screen.go_on(PasswordScreen())
    elif key is not None:
        from screens.sign_in.second_factor import SecondFactorScreen

        screen.go_on(SecondFactorScreen())


def _second_factor(recovery_codes: int | None) -> Choice:
    if recovery_codes is None:
        return Choice("second factor", "Set up a second factor", "An authenticator app on your phone.")
    codes = f"{recovery_codes} recovery code{'' if recovery_codes == 1 else 's'} left"
    return Choice(
        "second factor", "Replace the second factor", f"Use another phone or get new recovery codes; {codes}."
    )
