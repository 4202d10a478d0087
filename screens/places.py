"""The places that `g` leads to, in the order of its reminder: a screen that is to be one gets a line here."""

from dataclasses import dataclass

from models.roles import HANDLES_SET_ASIDE, HANDLES_TICKETS, PROPOSES_ERASURES, REVIEWS_LOG, Role


@dataclass(frozen=True, slots=True)
class Place:
    """A screen that `g` and then `key` lead to.

    `name` is its mode in Textual; `screen` says where its class is, which is imported when it is first visited, not
    before the first paint. `roles` are those that can go there (all when empty).
    """

    name: str
    key: str
    title: str
    help: str
    screen: str
    roles: tuple[Role, ...] = ()


PLACES = (
    Place("queue", "q", "Queue", "Go to the queue.", "screens.queue.queue:QueueScreen"),
    Place(
        "approvals",
        "a",
        "Approvals",
        "Go to the pending approvals.",
        "screens.decisions.approvals:ApprovalsScreen",
        HANDLES_TICKETS,
    ),
    Place(
        "erasures",
        "e",
        "Erasures",
        "Go to the pending erasures.",
        "screens.erasure.erasures:ErasuresScreen",
        PROPOSES_ERASURES,
    ),
    Place(
        "set_aside",
        "m",
        "Mail set aside",
        "Go to the mail that became no ticket.",
        "screens.set_aside.set_aside:SetAsideScreen",
        HANDLES_SET_ASIDE,
    ),
    Place(
        "log", "l", "Access log", "Go to the access log.", "screens.access_log.access_log:AccessLogScreen", REVIEWS_LOG
    ),
)
