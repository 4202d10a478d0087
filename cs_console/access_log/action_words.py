"""What people read of an entry's action: "opened the ticket". What a machine reads is the action's code."""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import Action

WORDS: Mapping[Action, str] = MappingProxyType(
    {
        Action.SIGNED_IN: "signed in",
        Action.SIGN_IN_FAILED: "sign-in refused",
        Action.SIGNED_OUT: "signed out",
        Action.UNDERTAKING_ACCEPTED: "signed undertaking",
        Action.TICKET_OPENED: "opened the ticket",
        Action.TICKET_PREVIEWED: "read in the queue",
        Action.TICKET_CREATED: "new ticket",
        Action.TICKET_CLAIMED: "claimed the ticket",
        Action.TICKET_ASSIGNED: "assigned the ticket",
        Action.TICKET_RELEASED: "released the ticket",
        Action.TICKET_FOLLOW_UP: "follow-up arrived",
        Action.TICKET_STATE_SET: "changed the state",
        Action.TICKET_PRIORITY_SET: "changed the priority",
        Action.TICKET_KIND_SET: "changed the kind",
        Action.TICKET_SNOOZED: "snoozed the ticket",
        Action.TICKET_UNSNOOZED: "ended the snooze",
        Action.TICKET_TAGGED: "changed the tags",
        Action.TAG_ADDED: "added a tag",
        Action.VIEW_SAVED: "shared a view",
        Action.VIEW_REMOVED: "removed a team view",
        Action.TICKET_CHANGED: "changed the ticket",
        Action.FIELD_REVEALED: "revealed a field",
        Action.REVEAL_REFUSED: "reveal refused",
        Action.VIEW_ENDED: "view ended",
        Action.ATTACHMENT_OPENED: "opened an attachment",
        Action.ATTACHMENT_SAVED: "saved an attachment",
        Action.ATTACHMENT_PASSED_ON: "passed on a file",
        Action.FILE_ATTACHED: "attached a file",
        Action.DOCUMENT_DELETED: "deleted a document",
        Action.CONTACT_LOOKED_UP: "looked up a contact",
        Action.TICKETS_SEARCHED: "searched the tickets",
        Action.CONTACT_CHANGED: "changed a contact",
        Action.CODE_SENT: "sent a code",
        Action.CODE_CHECKED: "checked a code",
        Action.VERIFIED: "verified requester",
        Action.VERIFICATION_LOCKED: "verification locked",
        Action.VERIFICATION_UNLOCKED: "lifted the lock",
        Action.WINDOW_CLOSED: "verification closed",
        Action.MESSAGE_SENT: "sent a message",
        Action.MESSAGE_HELD: "wrote a letter",
        Action.MESSAGE_TAKEN_BACK: "took a letter back",
        Action.NOTICE_SENT_AGAIN: "resent the notice",
        Action.NOTICE_POSTED: "posted the notice",
        Action.NOTE_ADDED: "added a note",
        Action.WORDS_MARKED: "marked words to hide",
        Action.MARK_REMOVED: "removed a mark",
        Action.PROPOSAL_OPENED: "opened a proposal",
        Action.DECISION_PROPOSED: "proposed a decision",
        Action.DECISION_APPROVED: "approved a decision",
        Action.DECISION_RETURNED: "returned a proposal",
        Action.DECISION_WITHDRAWN: "withdrew an answer",
        Action.DECISION_MADE: "made the decision",
        Action.DECISION_REFUSED: "decision not allowed",
        Action.ERASURE_PROPOSED: "proposed an erasure",
        Action.ERASURE_APPROVED: "approved an erasure",
        Action.ERASURE_WITHDRAWN: "withdrew an erasure",
        Action.ERASURE_REFUSED: "erasure not allowed",
        Action.REQUESTER_ERASED: "erased a requester",
        Action.HOLD_PLACED: "placed a hold",
        Action.HOLD_LIFTED: "lifted a hold",
        Action.LOG_READ: "read the log",
        Action.LOG_VERIFIED: "verified the log",
        Action.LOG_EXPORTED: "exported the log",
        Action.MAIL_IMPORTED: "imported mail",
        Action.REDACTED_AGAIN: "redacted again",
        Action.ACCOUNT_ADDED: "added an account",
        Action.ACCOUNT_CHANGED: "changed an account",
        Action.FACTOR_ENROLLED: "added second factor",
        Action.FACTOR_RESET: "reset second factor",
        Action.RECOVERY_CODE_USED: "used recovery code",
        Action.DESK_CREATED: "created the desk",
        Action.KEYS_ROTATED: "rotated keys",
        Action.POLICY_ADOPTED: "adopted a policy",
        Action.POLICY_MOVED: "changed its policy",
        Action.ASKED_RECORDED: "recorded the request",
        Action.CALLER_CHECKED: "checked a caller",
        Action.AUTHORITY_SEEN: "recorded authority",
        Action.AUTHORITY_ENDED: "ended authority",
        Action.AGE_RECORDED: "recorded the age",
        Action.REQUESTER_REMINDED: "sent a reminder",
        Action.TICKET_LAPSED: "closed as unverified",
        Action.CLOCK_EXTENDED: "extended the term",
        Action.CLOCK_STOPPED: "stopped the clock",
        Action.CLOCK_ESCALATED: "escalated the ticket",
        Action.FEE_PAID: "fee paid",
        Action.FEE_UNPAID: "fee not paid",
        Action.ENDING_ASKED: "first of two agreed",
        Action.REVIEW_BEGAN: "review began",
        Action.REVIEWER_NAMED: "named a reviewer",
        Action.MATTER_NAMED: "set what it is about",
        Action.TICKET_LINKED: "linked the ticket",
        Action.TICKET_UNLINKED: "unlinked the ticket",
        Action.TICKET_SETTLED: "settled the ticket",
        Action.SETTLEMENT_REFUSED: "settling not allowed",
        Action.SETTLEMENT_WITHDRAWN: "took settlement back",
        Action.BACKUP_MADE: "made a backup",
        Action.DESK_RESTORED: "restored the desk",
        Action.LOG_ACCEPTED: "accepted the log",
        Action.UNCONFIRMED_RECEIVED: "unconfirmed message",
        Action.AUTOMATIC_RECEIVED: "automatic reply",
        Action.MAIL_CAME_BACK: "mail came back",
        Action.SET_ASIDE_READ: "read mail set aside",
        Action.SET_ASIDE_RELEASED: "released mail",
        Action.SET_ASIDE_RETRIED: "tried mail again",
        Action.SET_ASIDE_DROPPED: "dropped mail",
        Action.SET_ASIDE_DESTROYED: "destroyed mail",
        Action.SENDER_BLOCKED: "blocked a sender",
        Action.SENDER_UNBLOCKED: "unblocked a sender",
        Action.TIME_PARTED: "clocks disagreed",
        Action.TIME_CONFIRMED: "confirmed the time",
    }
)
VIEWS = (
    Action.FIELD_REVEALED,
    Action.ATTACHMENT_OPENED,
    Action.ATTACHMENT_SAVED,
    Action.ATTACHMENT_PASSED_ON,
    Action.SET_ASIDE_READ,
)
"""The actions by which a person saw something that is sealed."""
ANY_VIEW = "views"
"""What a filter calls all of them: `what:views`."""
LONGEST = 20
"""As wide as the list of entries shows them."""
_BY_WORDS = {words: action for action, words in WORDS.items()}


def action_words(code: str) -> str:
    """The words for an action's code; the code itself where this version does not know it."""
    try:
        return WORDS[Action(code)]
    except (ValueError, KeyError):
        return code


def action_of_words(words: str) -> str:
    """The code of the action shown in these words; the words themselves if there is none."""
    found = _BY_WORDS.get(words)
    return words if found is None else found.value
