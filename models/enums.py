"""The words that stored columns may hold."""

from enum import IntEnum, StrEnum


class TicketKind(StrEnum):
    INQUIRY = "inquiry"
    APPEAL = "appeal"
    REPORT = "report"
    COMPLAINT = "complaint"
    RIGHTS = "rights"


class TicketState(StrEnum):
    OPEN = "open"
    TO_VERIFY = "to verify"
    VERIFIED = "verified"
    WAITING = "waiting"
    IN_APPROVAL = "in approval"
    CLOSED = "closed"


class Link(StrEnum):
    """How surely a ticket is its requester's."""

    NONE = "none"
    """An unverified sender's: no person on file is known to have sent it."""
    PRESUMED = "presumed"
    """Its sender is on file with exactly one account."""
    PROVEN = "proven"
    """A route of the pack believed it, or a person linked it on record."""


class Priority(IntEnum):
    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3


class Channel(StrEnum):
    MAIL = "mail"
    SMS = "sms"
    CALL = "call"
    LETTER = "letter"
    FORM = "form"


class MailClass(StrEnum):
    """What a mail is: only a person's, and a mailing list's, is work of its own (DECISIONS 23)."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    """A program answered for someone: out of office, a receipt, a calendar's answer."""
    BOUNCE = "bounce"
    """A mail server could not deliver a mail of ours, or not yet (RFC 3464)."""
    FEEDBACK = "feedback"
    """A provider says that its user took a mail of ours for spam (RFC 5965)."""
    LIST = "list"
    OWN = "own"
    """Our own mail come back."""
    SPAM = "spam"


class SetAside(StrEnum):
    """Why mail is kept apart from the tickets: what it is, or that it cannot be read."""

    UNREADABLE = "unreadable"
    SPAM = "spam"
    AUTOMATIC = "automatic"
    """A program's answer that names no ticket."""
    BOUNCE = "bounce"
    """A mail server's report about no mail of ours that is known here."""
    OWN = "own"
    """Our own mail come back, where it is not one that was sent from here."""


class SetAsideState(StrEnum):
    KEPT = "kept"
    RELEASED = "released"
    DROPPED = "dropped"
    DESTROYED = "destroyed"
    """Its term ended, or its sender was erased."""


class SetAsideKey(StrEnum):
    """What a mail set aside is sealed under."""

    OF_DESK = "desk"
    """The desk's quarantine key: it is from before each had a key of its own."""
    OWN = "own"
    DESTROYED = "destroyed"
    """Its own, which is gone."""


class SenderCheck(StrEnum):
    """What the desk's own mail server found out about a mail's sender: a label, never a verification (DECISIONS 3)."""

    NOT_CHECKED = "not checked"
    CONFIRMED = "confirmed"
    """The mail is from the domain that it names."""
    FAILED = "failed"


class MessageSort(StrEnum):
    """Who speaks in a line of the conversation."""

    RECEIVED = "received"
    AUTOMATIC = "automatic"
    """What a program or a mail server wrote: it is shown, and no rule takes it for the requester's words."""
    REPLY = "reply"
    NOTE = "note"
    CODE = "code"
    NOTICE = "notice"
    REMINDER = "reminder"
    """What the console writes by itself about an unverified request."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """To the address that a web form names, without content: only its owner's answer opens the way there."""


class DeliveryState(StrEnum):
    NONE = "none"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    SENDING = "sending"
    """It is being handed over: if the console dies now, only the other side knows whether it went out."""
    HELD = "held"
    """It goes out at its time, and until then its writer can take it back."""
    CAME_BACK = "came back"
    """It went out, and a mail server reported later that it could not deliver it."""
    REFUSED = "refused"
    """Told, never stored: it failed for good, and trying again is useless (stored as failed, without a next time)."""
    TAKEN_BACK = "taken back"
    """Told, never stored: its writer took it back, and it is a draft again."""


WAITING_TO_GO = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD, DeliveryState.FAILED)
"""What may still go out by itself."""


class VerificationMethod(StrEnum):
    CODE = "code"
    WRITTEN = "written request"
    DOCUMENTS = "documents seen"


class AuthoritySort(StrEnum):
    """Who asks for another person: a minor's guardian, or a representative with written authority."""

    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


class ClockMove(StrEnum):
    """What a clock event says happened."""

    IDENTITY_ASKED = "identity asked for"
    FEE_ASKED = "fee asked for"
    FEE_PAID = "fee paid"
    FEE_UNPAID = "fee not paid"
    EXTENDED = "extended"
    WENT_ON = "went on"
    REVIEWED = "review began"
    ESCALATED = "escalated"
    PACK_MOVED = "moved to another pack"


class Outcome(StrEnum):
    """How a rights request is answered."""

    GRANT = "grant"
    PARTIAL = "partial"
    REFUSE = "refuse"
    FEE = "fee"


REFUSING = (Outcome.REFUSE, Outcome.PARTIAL)
"""Outcomes that leave a requester something to appeal against; a fee is answered, not appealed."""


class DecisionState(StrEnum):
    PROPOSED = "proposed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    FINAL = "final"


class AccountState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Doing(StrEnum):
    """What a person does on a ticket while others can know of it."""

    READS = "reads"
    ANSWERS = "answers"
    NOTES = "notes"


class RequesterState(StrEnum):
    ACTIVE = "active"
    RESTRICTED = "restricted"
    ERASED = "erased"


class ErasureState(StrEnum):
    """`HELD`: approved, but something keeps the data for now. `APPROVED`: decided for good, not yet carried out."""

    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    APPROVED = "approved"
    DONE = "done"


class ErasureCause(StrEnum):
    REQUEST = "request"
    TERM = "term"
    RESTORE = "restore"


class Result(StrEnum):
    """The outcome column of an access-log entry."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class ActKind(StrEnum):
    """What is done with an id of its own, so that it happens once however often it is sent."""

    REPLY = "reply"
    NOTE = "note"
    NEW_TICKET = "new ticket"
    CODE_SENT = "code sent"
    CODE_CHECKED = "code checked"
    CALLER_CHECKED = "caller checked"
    VERIFIED = "verified by note"
    AUTHORITY_SEEN = "authority seen"
    CONTACT_CHANGED = "contact changed"
    PROPOSED = "proposed"
    APPROVED = "approved"
    RETURNED = "returned"
    SETTLED = "settled"
    IDENTITY_ASKED = "identity asked for"
    EXTENDED = "extended"
    FEE_PAID = "fee paid"
    FEE_UNPAID = "fee not paid"
    NOTICE_SENT_AGAIN = "notice sent again"
    NOTICE_POSTED = "notice posted"
    STATE_SET = "state set"
    HOLD_PLACED = "hold placed"


class Action(StrEnum):
    """What the access log records; the words after the dot are past tense on purpose."""

    SIGNED_IN = "session.started"
    SIGN_IN_FAILED = "session.refused"
    SIGNED_OUT = "session.ended"
    UNDERTAKING_ACCEPTED = "undertaking.accepted"
    TICKET_OPENED = "ticket.opened"
    TICKET_PREVIEWED = "ticket.previewed"
    """Its newest message was read in the queue, without opening it."""
    TICKET_CREATED = "ticket.created"
    TICKET_CLAIMED = "ticket.claimed"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_RELEASED = "ticket.released"
    TICKET_FOLLOW_UP = "ticket.follow_up"
    TICKET_STATE_SET = "ticket.state_set"
    TICKET_PRIORITY_SET = "ticket.priority_set"
    TICKET_KIND_SET = "ticket.kind_set"
    TICKET_SNOOZED = "ticket.snoozed"
    TICKET_UNSNOOZED = "ticket.unsnoozed"
    TICKET_TAGGED = "ticket.tagged"
    TAG_ADDED = "tag.added"
    VIEW_SAVED = "queue_view.saved"
    VIEW_REMOVED = "queue_view.removed"
    TICKET_CHANGED = "ticket.changed"
    """Written by older desks alone: a state, a priority, a kind, a review, a notice sent again."""
    FIELD_REVEALED = "field.revealed"
    REVEAL_REFUSED = "reveal.refused"
    VIEW_ENDED = "view.ended"
    ATTACHMENT_OPENED = "attachment.opened"
    ATTACHMENT_SAVED = "attachment.saved"
    ATTACHMENT_PASSED_ON = "attachment.passed_on"
    FILE_ATTACHED = "file.attached"
    DOCUMENT_DELETED = "document.deleted"
    CONTACT_LOOKED_UP = "contact.looked_up"
    TICKETS_SEARCHED = "tickets.searched"
    CONTACT_CHANGED = "contact.changed"
    CODE_SENT = "code.sent"
    CODE_CHECKED = "code.checked"
    VERIFIED = "requester.verified"
    VERIFICATION_LOCKED = "verification.locked"
    VERIFICATION_UNLOCKED = "verification.unlocked"
    WINDOW_CLOSED = "verification.closed"
    MESSAGE_SENT = "message.sent"
    MESSAGE_HELD = "message.held"
    MESSAGE_TAKEN_BACK = "message.taken_back"
    NOTICE_SENT_AGAIN = "notice.sent_again"
    NOTICE_POSTED = "notice.posted"
    WORDS_MARKED = "words.marked"
    MARK_REMOVED = "words.unmarked"
    NOTE_ADDED = "note.added"
    PROPOSAL_OPENED = "proposal.opened"
    DECISION_PROPOSED = "decision.proposed"
    DECISION_APPROVED = "decision.approved"
    DECISION_RETURNED = "decision.returned"
    DECISION_WITHDRAWN = "decision.withdrawn"
    DECISION_MADE = "decision.made"
    DECISION_REFUSED = "decision.refused"
    ERASURE_PROPOSED = "erasure.proposed"
    ERASURE_APPROVED = "erasure.approved"
    ERASURE_WITHDRAWN = "erasure.withdrawn"
    ERASURE_REFUSED = "erasure.refused"
    REQUESTER_ERASED = "requester.erased"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    LOG_READ = "log.read"
    LOG_VERIFIED = "log.verified"
    LOG_EXPORTED = "log.exported"
    MAIL_IMPORTED = "mail.imported"
    REDACTED_AGAIN = "ticket.redacted again"
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_CHANGED = "account.changed"
    FACTOR_ENROLLED = "second_factor.enrolled"
    FACTOR_RESET = "second_factor.reset"
    RECOVERY_CODE_USED = "recovery_code.used"
    DESK_CREATED = "desk.created"
    KEYS_ROTATED = "keys.rotated"
    POLICY_ADOPTED = "policy.adopted"
    POLICY_MOVED = "policy.moved"
    ASKED_RECORDED = "request.recorded"
    CALLER_CHECKED = "caller.checked"
    AUTHORITY_SEEN = "authority.seen"
    AUTHORITY_ENDED = "authority.ended"
    AGE_RECORDED = "age.recorded"
    REQUESTER_REMINDED = "requester.reminded"
    TICKET_LAPSED = "ticket.lapsed"
    CLOCK_EXTENDED = "clock.extended"
    CLOCK_STOPPED = "clock.stopped"
    CLOCK_ESCALATED = "clock.escalated"
    FEE_PAID = "fee.paid"
    FEE_UNPAID = "fee.unpaid"
    ENDING_ASKED = "ending.asked"
    REVIEW_BEGAN = "review.began"
    REVIEWER_NAMED = "reviewer.named"
    MATTER_NAMED = "matter.named"
    TICKET_LINKED = "ticket.linked"
    TICKET_UNLINKED = "ticket.unlinked"
    TICKET_SETTLED = "ticket.settled"
    SETTLEMENT_REFUSED = "settlement.refused"
    SETTLEMENT_WITHDRAWN = "settlement.withdrawn"
    BACKUP_MADE = "backup.made"
    DESK_RESTORED = "desk.restored"
    LOG_ACCEPTED = "log.accepted"
    UNCONFIRMED_RECEIVED = "message.unconfirmed"
    AUTOMATIC_RECEIVED = "message.automatic"
    MAIL_CAME_BACK = "message.came_back"
    SET_ASIDE_READ = "set_aside.read"
    SET_ASIDE_RELEASED = "set_aside.released"
    SET_ASIDE_RETRIED = "set_aside.retried"
    SET_ASIDE_DROPPED = "set_aside.dropped"
    SET_ASIDE_DESTROYED = "set_aside.destroyed"
    SENDER_BLOCKED = "sender.blocked"
    SENDER_UNBLOCKED = "sender.unblocked"
    TIME_PARTED = "time.parted"
    TIME_CONFIRMED = "time.confirmed"
