"""The application's own service calls, made in worker threads."""

from datetime import datetime
from typing import TYPE_CHECKING

from screens.frame.autosave import Drafts, save_all

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession


def warm_up() -> None:
    """Import what the first keys need, so that no one waits for it later."""
    import holidays  # noqa: F401 - importing is all that is wanted

    import screens.queue.queue  # noqa: F401


def leave(session: "DeskSession", drafts: Drafts, why: str = "signed out") -> None:
    """Save what is typed, then end the session, which signs a checkpoint. Raises StoreUnavailable."""
    from cs_console.staff.sign_in import sign_out

    save_all(session, drafts)
    sign_out(session, why)


def stay_awake(session: "DeskSession") -> None:
    """Note that the agent is at work. Raises SessionEnded."""
    from cs_console.staff.sign_in import touch

    touch(session)


def staff_news(session: "DeskSession", since: datetime | None) -> str:
    """What others changed on accounts since the supervisor's last sign-in, in words. Raises SessionEnded."""
    from cs_console.staff.staff_changes import in_words, staff_changes

    return in_words(staff_changes(session, since))


def deliver_held(desk: "Desk", number: int) -> None:
    """Hand over what was held on a ticket and is due. Raises StoreUnavailable."""
    from cs_console.delivery.outgoing import deliver_held as deliver

    deliver(desk, number)


def keep_up(desk: "Desk") -> None:
    """Sign the log, send again what is queued, reopen what is due for review."""
    from cs_console.upkeep import keep_up as keep_desk_up

    keep_desk_up(desk)
