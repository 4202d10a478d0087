"""What people can change on their own account: the password and the second factor."""

from functools import partial
from typing import TYPE_CHECKING

from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.widgets.choice_list import Choice, ChoiceList

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

_PASSWORD = Choice("password", "Change the password", "You need your current password. This session stays open.")


class AccountDialog(ChoiceDialog):
    """Asks what to change and shows how many recovery codes are left."""

    def __init__(self) -> None:
        super().__init__("Your account", (_PASSWORD, _second_factor(None)))

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    @in_steps
    async def _read(self) -> None:
        left = await self.call(partial(_codes_left, self.session))
        self.query_one(ChoiceList).show((_PASSWORD, _second_factor(left)))


def _codes_left(session: "DeskSession") -> int | None:
    """For a worker thread, which imports it too."""
    from cs_console.staff.second_factor import recovery_codes_left

    return recovery_codes_left(session)


@in_steps
async def open_account(screen: ConsoleScreen[object]) -> None:
    """Open the dialog on top of that screen, then open what was chosen."""
    key = await screen.ask(AccountDialog())
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
