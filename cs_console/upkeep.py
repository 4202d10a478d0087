"""What a console does every minute beside what its agents ask for."""

from threading import Lock

from cs_console.access_log.checkpoint import copy_to_second_place, write_checkpoint
from cs_console.acts import drop_old_acts
from cs_console.adoption.adopting import read_adopted
from cs_console.casework.file_handing import remove_left_over
from cs_console.casework.presence import forget_absent
from cs_console.casework.snoozing import wake_snoozed
from cs_console.custody.desk_keys import list_desk_keys
from cs_console.custody.disclosure import record_waiting_attempts
from cs_console.custody.drafts import drop_old_drafts
from cs_console.custody.erasing import apply_again, finish_all
from cs_console.custody.index_rotation import carry_on
from cs_console.custody.late_redaction import redact_waiting
from cs_console.custody.set_aside_ends import destroy_expired, finish_destroying
from cs_console.custody.ticket_key_upgrade import give_keys
from cs_console.deadlines.escalation import escalate_overdue
from cs_console.decisions.review import reopen_due
from cs_console.delivery.acknowledging import acknowledge_waiting
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import Desk
from cs_console.errors import ConsoleError
from cs_console.intake.set_aside_due import waits_for_a_key, waits_to_be_read
from cs_console.staff.desk_time import record_parted_clock
from cs_console.tickets.search.index import index_waiting
from cs_console.tickets.view_counts import add_up
from cs_console.verification.closure import close_unverified
from cs_console.verification.documents import delete_documents

_delivering = Lock()


def keep_up(desk: Desk) -> None:
    """Do in turn what is due: record what was refused while the store was busy, sign the log, look which policy is the
    desk's, open again what is due for review, wake what was snoozed until now, escalate what is overdue, erase what
    waits for it, destroy the keys of mail that was set aside and is no more, list the desk's own keys, drop old drafts
    that have no ticket, forget acts of long ago and who was on a ticket, go on with a renewal of the look-up keys that
    was cut short, remind of and close unverified requests, delete documents that were sent for a verification and files
    that a killed console left with the operator's command, redact texts again that were read before a contact was
    known, index the words of tickets that changed, add up what the views' counts are kept in, read mail again that an
    earlier version could not read, destroy what was set aside long enough, queue acknowledgements that waited for their
    turn, send what is queued, give tickets and mail from before a key of their own.

    Each step has its turn whatever became of the one before. A refusal (a busy store, a missing key) waits for the
    next minute; a fault of the program is raised as an ExceptionGroup after the last step.
    """
    faults: list[Exception] = []
    steps = (
        record_parted_clock,
        record_waiting_attempts,
        _sign,
        read_adopted,
        reopen_due,
        wake_snoozed,
        escalate_overdue,
        apply_again,
        finish_all,
        finish_destroying,
        list_desk_keys,
        drop_old_drafts,
        drop_old_acts,
        forget_absent,
        carry_on,
        close_unverified,
        delete_documents,
        remove_left_over,
        redact_waiting,
        index_waiting,
        add_up,
        _read_again,
        destroy_expired,
        acknowledge_waiting,
        _deliver,
        give_keys,
        _give_keys_apart,
    )
    for step in steps:
        try:
            step(desk)
        except ConsoleError:
            continue
        except Exception as fault:  # noqa: BLE001 - the other steps come first
            faults.append(fault)
    if faults:
        raise ExceptionGroup("upkeep", faults)


def _sign(desk: Desk) -> None:
    """Sign the log, or, where nothing is due, offer the second place again what it did not take before."""
    if write_checkpoint(desk) is None:
        copy_to_second_place(desk)


def _read_again(desk: Desk) -> None:
    """Read mail again that an earlier version could not read, where there is any."""
    if waits_to_be_read(desk):
        from cs_console.intake.set_aside_acts import retry_after_update  # all that reads mail

        retry_after_update(desk)


def _give_keys_apart(desk: Desk) -> None:
    """Give a key of its own to mail that was set aside before such mail had one, where there is any."""
    if waits_for_a_key(desk):
        from cs_console.intake.set_aside_upgrade import give_keys_apart  # all that reads mail

        give_keys_apart(desk)


def _deliver(desk: Desk) -> None:
    """Deliver in one thread at a time: a mail server that does not answer must not fill the pool minute by minute."""
    if not _delivering.acquire(blocking=False):
        return
    try:
        deliver_queued(desk)
    finally:
        _delivering.release()
