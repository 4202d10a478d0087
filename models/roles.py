"""The roles, and which may do what: one table for the services, and for the keys that screens show.

It lives in models because the access log and custody ask it too, and they are below staff. Each is in the order in
which a message lists the roles. Two that are equal today have two names where one could change without the other. A
policy pack names further roles of its own: who approves a decision, confirms an erasure, extends a term, holds data.
"""

from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    VERIFIER = "verifier"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy officer"
    ADMIN = "admin"


# --- tickets
WORKS_ON_TICKETS = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Everyone but an admin, who runs the accounts and has no business with requesters."""
SEES_PERSONAL_DATA = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Reveals a sealed field or finds a person's tickets by a contact; an admin alone never does."""
OPENS_TICKETS = (Role.AGENT,)
"""Takes in what a requester said or wrote: that is the first step of handling it."""
CLAIMS = (Role.AGENT,)
"""Takes a ticket from the queue; a supervisor assigns instead."""
HANDLES_TICKETS = (Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Brings a ticket to its end: proposes a decision, settles, sends its notice. A verifier alone cannot, so that the
person who says who the requester is does not also decide."""
CORRECTS_CONTACTS = (Role.AGENT,)
"""Changes a contact on file, on a ticket of their own, where the requester asked for it."""
KEEPS_TAGS = (Role.SUPERVISOR,)
"""Adds to the desk's list of tags: it is the team's common language, and no place for a requester's data."""
MOVES_POLICY = (Role.SUPERVISOR,)
"""Puts a ticket under another policy: it changes the rules in the middle of a case."""
NAMES_REVIEWERS = (Role.PRIVACY_OFFICER,)
"""Names a person where independence leaves no one: an exception to it, so not for those who lead the work."""
SEES_QUARANTINE = (Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN)
"""Lists mail that is set aside, by reason and size: running the desk, with no personal data in it."""
HANDLES_SET_ASIDE = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Sees its redacted subjects; files it as a person's, has it read again, or drops it. Not those who work the queue:
what is dropped never reaches anyone."""
READS_SET_ASIDE = (Role.PRIVACY_OFFICER,)
"""Reads one as it came: it belongs to no ticket, so no agent's work needs it."""
BLOCKS_SENDERS = (Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Has a sender's mail set aside from now on, on a ticket that came from there."""

# --- verification
STARTS_VERIFICATION = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR)
"""An agent asks for it, a verifier does it, a supervisor lifts its lock."""
VERIFIES = (Role.VERIFIER,)
"""Believes that a requester is who they say, and links tickets to people."""
LIFTS_LOCKS = (Role.SUPERVISOR,)
"""Gives a requester new tries: never the person who used them up."""
ASKS_FOR_PROOF = (Role.AGENT, Role.VERIFIER)
"""Asks a requester for proof of identity, which can stop the clock."""

# --- decisions
APPROVES = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Is the second person of a decision, so sees all proposals; a pack says which of them each one needs."""
RECORDS_FEES = (Role.AGENT, Role.SUPERVISOR)
"""Records that a fee was or was not paid."""
SENDS_ANY_NOTICE = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Sends the notice of a ticket that is not their own: a term runs while its assignee is away."""

# --- erasure
PROPOSES_ERASURES = (Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Proposes to erase a requester; a second person confirms it."""
CONFIRMS_ERASURES = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Is offered the key that confirms an erasure; the service asks the approvers that the pack names."""
HOLDS_DATA = (Role.PRIVACY_OFFICER,)
"""Is offered the key that keeps data from being erased; the service asks the role that the pack names."""
CONFIRMS_RESTORE = (Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN)
"""Is the second person beside the operator when a restore erases again."""

# --- the access log, accounts and the desk
REVIEWS_LOG = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Reads, verifies and exports the access log; an admin, whose acts are in it too, does not."""
REVIEWS_STAFF = (Role.SUPERVISOR,)
"""Sees at sign-in what admins did to accounts."""
MANAGES_ACCOUNTS = (Role.ADMIN,)
"""Opens and suspends accounts, gives roles, resets passwords."""
UNLOCKS_ACCOUNTS = (Role.ADMIN, Role.SUPERVISOR)
"""Lists the accounts and lifts the wait after failed sign-ins, so that a shift need not wait for an admin."""
CONFIRMED_ROLES = frozenset({Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN})
"""The roles that one admin does not give alone: they see or decide more than a ticket of their own."""
CONFIRMS_ROLES = (Role.ADMIN, Role.SUPERVISOR)
"""Is the second person when one of those is given."""
CONFIRMS_TIME = (Role.SUPERVISOR, Role.ADMIN)
"""Says, beside the operator, that the machine's clock is right."""
