"""Every error of the console: a code for records, a sentence for the person, and what to do next.

Sentences never contain a value that a requester gave us: they may reach logs and crash reports.
"""

from collections.abc import Collection
from datetime import datetime

from cs_console.local_time import in_utc


class ConsoleError(Exception):
    """The console did not do what was asked. `code` is stable; `sentence` and `next_step` are shown to the person."""

    code = "refused"
    exit_status = 2

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


# --- the store -------------------------------------------------------------------------------------------


class StoreUnavailable(ConsoleError):
    """The database or the keyring cannot be reached, read or written."""

    code = "store_unavailable"
    exit_status = 3


class StoreBusy(StoreUnavailable):
    """Another process kept the store locked for longer than we wait."""

    code = "store_busy"


class StoreUnreachable(StoreUnavailable):
    """The store does not answer: the server is down or the file is gone. It may come back by itself."""


class StoreFull(StoreUnavailable):
    """There is no space left to write."""

    code = "store_full"


class StoreTooNew(StoreUnavailable):
    """The database was made by a newer cs-console."""

    code = "store_too_new"


class NotADatabase(StoreUnavailable):
    """The file is not a database, or it is damaged."""

    code = "not_a_database"


class NoDesk(StoreUnavailable):
    """There is no desk in this home yet."""

    code = "no_desk"


class DeskExists(ConsoleError):
    """A new desk was to be made where a desk already exists."""

    code = "desk_exists"


class BadSettings(ConsoleError):
    """A setting is unknown or unusable; the sentence names the file or variable and the key."""

    code = "bad_settings"


# --- keys ------------------------------------------------------------------------------------------------


class KeyUnavailable(StoreUnavailable):
    """The key-encryption key or the log key cannot be read."""

    code = "key_unavailable"


class KeysRotating(StoreBusy):
    """Another process is rotating the keyring's keys."""

    code = "keys_rotating"

    def __init__(self) -> None:
        super().__init__("Another `keys rotate` is running on this keyring.", "Wait until it has finished.")


class KeyMissing(KeyUnavailable):
    """The keyring lacks a key that no erasure destroyed: the data it sealed still exists but cannot be opened."""

    code = "key_missing"

    def __init__(self, whose: str = "of this data") -> None:
        super().__init__(
            f"The key {whose} is missing from the keyring.",
            "Nothing was erased. Restore the newest backup of the keyring; `cs-console doctor` lists what is missing.",
        )


class DeskKeyMissing(KeyMissing):
    """The keyring lacks one of the desk's own keys. No new one is made: it could not read what the old one sealed."""

    code = "desk_key_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f'"{name}", which belongs to the desk itself,')


class KeyProtected(ConsoleError):
    """A key that no erasure may destroy: it belongs to the desk, to an agent or to an unknown owner."""

    code = "key_protected"

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"The key of {owner} does not belong to a requester, so it is never destroyed.", "Nothing was changed."
        )


class KeyDestroyed(ConsoleError):
    """The requester was erased: with the key, all their data and tickets became unreadable (policy I.(4)2)."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("This data has been erased.")


class SealBroken(ConsoleError):
    """A sealed value was changed, or was moved from the place for which it was sealed."""

    code = "seal_broken"

    def __init__(self, sentence: str = "A sealed value was changed or moved, so it was not opened.") -> None:
        super().__init__(sentence, "Tell a supervisor: the database may have been changed by hand.")


class OwnerNotVouched(SealBroken):
    """A ticket's row names a different requester than the access log does (DESIGN.md, invariant 12)."""

    code = "owner_not_vouched"

    def __init__(self, number: int) -> None:
        super().__init__(f"According to the access log, #{number} belongs to a different requester.")


class LogBroken(ConsoleError):
    """No entry can be added to the access log; no personal data may be shown until that works again."""

    code = "log_unavailable"
    exit_status = 3


class HeadNotStated(StoreUnavailable):
    """The log's head cannot be written outside the database, so the data of the recorded view is not shown."""

    code = "log_not_stated"


class TimeNotConfirmed(ConsoleError):
    """The machine's clock is not trusted, so nothing is erased, closed or escalated by date."""

    code = "time_not_confirmed"

    def __init__(self, machine: datetime, desk_time: datetime) -> None:
        super().__init__(
            f"This machine's clock shows {in_utc(machine)}; the desk's time is {in_utc(desk_time)}.",
            "Correct the clock, or have a supervisor or an admin confirm it: `cs-console time confirm --second NAME`.",
        )


class ClockBehind(ConsoleError):
    """The machine's clock is earlier than an entry already on record; no one can confirm that."""

    code = "clock_behind"

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"The time cannot be confirmed: {difference}.",
            "Correct this machine's clock; until then the desk's time advances without it.",
        )


class LogPutBack(ConsoleError):
    """The access log is not the one that a reviewer saw: they cannot sign in until an operator has checked it."""

    code = "log_put_back"
    exit_status = 3

    def __init__(self, sentence: str) -> None:
        super().__init__(
            sentence,
            "Change nothing and call an operator, who runs `cs-console log verify`, or, after an intended restore, "
            "`cs-console log accept --reason ...`.",
        )


# --- people ----------------------------------------------------------------------------------------------


class SignInRefused(ConsoleError):
    """Unknown name or wrong password: the same message for both (ASVS 6.3.8)."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("Name and password do not match.", "Check both and try again.")


class SignInMustWait(ConsoleError):
    """Too many failures in a row on this account."""

    code = "sign_in_wait"

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many failed attempts.", f"Wait {seconds} s, then try again.")
        self.seconds = seconds


class SessionEnded(ConsoleError):
    """The session is over: signed out, timed out, suspended, or signed in elsewhere."""

    code = "session_ended"

    def __init__(self, why: str) -> None:
        super().__init__(f"You are signed out: {why}.", "Sign in again; your drafts are saved.")


class BadPassword(ConsoleError):
    """A new password that does not meet SECURITY.md's rules."""

    code = "bad_password"


class UnknownAgent(ConsoleError):
    """No account has that name."""

    code = "unknown_agent"


class BadAccount(ConsoleError):
    """The account cannot be created or changed as asked."""

    code = "bad_account"


class LastAdmin(ConsoleError):
    """A desk keeps at least one admin who can sign in: no one else could appoint another."""

    code = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the only active admin.", "Give another account the role admin first.")


class NotAllowed(ConsoleError):
    """The agent lacks the role that this needs (deny by default, policy IV.(1)2)."""

    code = "role_required"


class AccountSuspended(ConsoleError):
    """The password was correct, but the account is suspended: only its owner learns that."""

    code = "account_suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended.", "Ask an admin to lift the suspension.")


class MustChangePassword(ConsoleError):
    """Another person set the password; the owner has to choose their own before anything else."""

    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Another person set your password.", "Choose your own before you continue.")


class MustEnrol(ConsoleError):
    """The settings require a second factor that this account does not have yet."""

    code = "second_factor_required"

    def __init__(self) -> None:
        super().__init__("Your account needs a second factor.", "Set up your authenticator app before you continue.")


class WrongFactor(ConsoleError):
    """A second-factor code was not accepted: it is wrong, used before, or expired."""

    code = "second_factor_wrong"

    def __init__(self, next_step: str = "Type the newest code from your app, or a recovery code.") -> None:
        super().__init__("That code was not accepted.", next_step)


class NoUndertaking(ConsoleError):
    """The agent has no current confidentiality undertaking (policy IV.(1)2)."""

    code = "no_undertaking"

    def __init__(self) -> None:
        super().__init__(
            "Your confidentiality undertaking is missing or out of date.",
            "Sign out and in again to read and accept the current one.",
        )


# --- disclosure ------------------------------------------------------------------------------------------


class NotAssigned(ConsoleError):
    """The ticket is not assigned to the agent (policy I.(1)3). What to do next depends on their roles."""

    code = "not_assigned"

    def __init__(self, roles: Collection[str] = ("agent",), *, closed: bool = False, taken: bool = False) -> None:
        if closed:
            step = "A supervisor can reopen it."
        elif taken and "supervisor" not in roles:
            step = "The assignee or a supervisor can reassign it to you."
        elif "agent" in roles:
            step = "Claim it first (c), or ask a supervisor to assign it to you."
        else:
            step = "Assign it to yourself (a)." if "supervisor" in roles else "Ask a supervisor to assign it to you."
        super().__init__("This ticket is not assigned to you.", step)


class NotVerified(ConsoleError):
    """This ticket has no open verification window."""

    code = "not_verified"

    def __init__(self) -> None:
        super().__init__("The requester's identity is not verified.", "Request a verification (v).")


class FieldNotAllowed(ConsoleError):
    """The pack's matrix does not list the field for this kind of ticket."""

    code = "field_not_allowed"


class PurposeNotAllowed(ConsoleError):
    """The pack's matrix does not list the purpose for this kind of ticket, or the field for this purpose."""

    code = "purpose_not_allowed"


class NothingThere(ConsoleError):
    """The requested item does not exist (or the answer has to look as if it did not)."""

    code = "not_found"


class SenderBlocked(ConsoleError):
    """The sender is blocked already."""

    code = "sender_blocked"

    def __init__(self) -> None:
        super().__init__("This sender is blocked already.", "Their mail is set aside as spam.")


# --- tickets ---------------------------------------------------------------------------------------------


class TakenBy(ConsoleError):
    """Another agent claimed the ticket first."""

    code = "taken"

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"{name} has just claimed #{number}.", "Choose another ticket, or ask them to reassign it.")
        self.name = name


class ChangedElsewhere(ConsoleError):
    """The ticket was changed after the agent opened it (optimistic lock)."""

    code = "changed_elsewhere"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Someone else changed #{number} after you opened it.",
            "It has been reloaded. Check it, then repeat your change if it is still needed.",
        )


class WrongState(ConsoleError):
    """The ticket's state does not allow this."""

    code = "wrong_state"


class BadFilter(ConsoleError):
    """A filter expression cannot be understood; the sentence names the term.

    `wrong` is the piece of the line that is not understood, `at` where it starts there (None where that is not known).
    """

    code = "bad_filter"

    def __init__(self, sentence: str, next_step: str = "", wrong: str = "") -> None:
        super().__init__(sentence, next_step)
        self.wrong = wrong
        self.at: int | None = None


class BadInput(ConsoleError):
    """The input cannot be used; the sentence says what is wrong."""

    code = "bad_input"


class SwitchedOff(ConsoleError):
    """The operator has not set up what this needs; the sentence names the setting."""

    code = "switched_off"


class FileRefused(ConsoleError):
    """A file cannot be attached; the sentence says what is wrong with it."""

    code = "file_refused"


class FileNotSaved(ConsoleError):
    """A file could not be written to the operator's folder, or its command did not run."""

    code = "file_not_saved"


class Unreadable(ConsoleError):
    """A message from outside breaks a limit or cannot be parsed; it goes to quarantine with `code`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class TooManyLookUps(ConsoleError):
    """The limit on look-ups by contact was reached."""

    code = "look_up_limit"


# --- verification ----------------------------------------------------------------------------------------


class ContactNotOnFile(ConsoleError):
    """The contact is not on file: codes are sent only to contacts on file."""

    code = "contact_not_on_file"


class ContactRecent(ConsoleError):
    """The contact was changed recently, so no code is sent to it."""

    code = "contact_recent"


class ContactShared(ConsoleError):
    """A contact that is on file with several accounts proves none of them: no code is sent to it."""

    code = "contact_shared"

    def __init__(self) -> None:
        super().__init__(
            "This contact is on file with several accounts.", "Use another contact, or verify by a written request."
        )


class CodeWrong(ConsoleError):
    """The digits do not match."""

    code = "code_wrong"


class CodeExpired(ConsoleError):
    """The code has expired, was already used, or was replaced by a newer one."""

    code = "code_expired"


class VerificationLocked(ConsoleError):
    """All attempts are used up; a supervisor can lift the lock."""

    code = "verification_locked"

    def __init__(self, until: datetime | None, until_text: str) -> None:
        super().__init__(
            f"Verification of this requester is locked until {until_text}.",
            "A supervisor can lift the lock. Verifying by a written request is still possible.",
        )
        self.until = until


class SendLimit(ConsoleError):
    """Too many codes were sent within an hour or a day."""

    code = "send_limit"


class DeliveryFailed(ConsoleError):
    """A message could not be handed over; the sentence contains no address. `permanent`: another attempt is useless.

    `unreached`: as far as we can tell, the mail server or provider did not answer, so the next message would wait as
    long.
    """

    code = "delivery_failed"

    def __init__(self, sentence: str, next_step: str = "", *, permanent: bool = False, unreached: bool = False) -> None:
        super().__init__(sentence, next_step)
        self.permanent = permanent
        self.unreached = unreached


class LetterStopped(ConsoleError):
    """A held letter may no longer go out: what its writer could do when they wrote it they cannot do now."""

    code = "letter_stopped"


class HandedOn(LetterStopped):
    """The ticket is not its writer's any more."""

    code = "ticket_handed_on"

    def __init__(self) -> None:
        super().__init__("The ticket changed hands before the message was sent.", "Its assignee can write it again.")


class WriterSuspended(LetterStopped):
    """Its writer's account is suspended, or has lost the role."""

    code = "writer_suspended"

    def __init__(self) -> None:
        super().__init__("The account of its writer was suspended before the message was sent.", "Write it again.")


class TicketLinked(LetterStopped):
    """The ticket is another requester's now: the recipient has to be chosen again (DECISIONS.md, 19)."""

    code = "ticket_linked"

    def __init__(self) -> None:
        super().__init__(
            "The ticket was linked to another requester before the message was sent.",
            "Write it again and choose the recipient.",
        )


class DeliveryUnknown(ConsoleError):
    """No one said what became of a message that was handed over: the console died over it, or the other side fell
    silent. It may have gone out, so it is not sent again by itself.
    """

    code = "delivery_unknown"

    def __init__(self) -> None:
        super().__init__(
            "Sending this message broke off before there was an answer: it may or may not have gone out.",
            "Write it again only if the requester did not receive it.",
        )


class NothingToTakeBack(ConsoleError):
    """No letter of the agent's on this ticket is still held."""

    code = "nothing_to_take_back"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no message of yours on #{number} to take back.", "What has gone out cannot be recalled."
        )


class AnswerStays(ConsoleError):
    """The letter is still held, but what its answer did besides is not undone by one person (DECISIONS.md, 20)."""

    code = "answer_stays"


# --- decisions -------------------------------------------------------------------------------------------


class GroundKind(ConsoleError):
    """A statutory ground was used as a discretionary one, or the reverse (policy V.4)."""

    code = "ground_kind"


class WrongList(ConsoleError):
    """One of the nine consent exceptions was used as a ground (policy I.(3))."""

    code = "wrong_list"


class ChecklistIncomplete(ConsoleError):
    """Answers are missing, contradictory or outdated; the sentence names the first."""

    code = "checklist_incomplete"


class NotVouched(ConsoleError):
    """The access log does not confirm what a row of the store says, so the row is ignored (DESIGN.md, invariant 12)."""

    code = "not_vouched"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "Tell a supervisor; an admin runs `cs-console log verify`.")


class OwnProposal(ConsoleError):
    """No one approves their own proposal."""

    code = "own_proposal"

    def __init__(self) -> None:
        super().__init__(
            "You made this proposal, or it came from an account that may also be yours.",
            "Another person must approve it. Admins record who owns an account (`cs-console agents identity`).",
        )


class OnHold(ConsoleError):
    """The data is kept only for a listed reason, and must not be used for anything else (policy I.(4)2, IV.(2)3)."""

    code = "on_hold"

    def __init__(self) -> None:
        super().__init__(
            "This requester's data is due for erasure and kept only because of a hold.",
            "It cannot be used. A privacy officer can lift the hold (h).",
        )


class NotErasable(ConsoleError):
    """The erasure's conditions are not met: a granted request or an ended term, closed tickets, no unsent message."""

    code = "not_erasable"


class ErasureNotProven(ConsoleError):
    """The access log does not prove what an erasure needs, so nothing is destroyed."""

    code = "erasure_not_proven"

    def __init__(self, sentence: str = "The access log does not show that this erasure was approved.") -> None:
        super().__init__(
            f"{sentence} Nothing was erased.", "Tell a supervisor: the database may have been changed by hand."
        )


class OwnErasure(ConsoleError):
    """No one confirms an erasure that they proposed."""

    code = "own_erasure"

    def __init__(self) -> None:
        super().__init__(
            "You proposed this erasure, or an account that may also be yours did.",
            "Another person must confirm it. Admins record who owns an account (`cs-console agents identity`).",
        )


_BY_OTHERS = "An uninvolved agent must handle this. Reassign it (a) or ask a supervisor."


class OwnDecision(ConsoleError):
    """No one handles an appeal against their own decision (DESIGN.md, separation)."""

    code = "own_decision"

    def __init__(self) -> None:
        super().__init__(
            "The requester wrote after you refused this, and no one handles an appeal against their own decision.",
            _BY_OTHERS,
        )


class WrongPassword(ConsoleError):
    """The password, asked for again before an approval or to unlock, does not match (ASVS 7.5.1)."""

    code = "wrong_password"

    def __init__(self, then: str = "Nothing was approved. Try again.") -> None:
        super().__init__("Wrong password.", then)


class StaleProposal(ConsoleError):
    """The ticket was changed after the proposal was made, or the proposal's answers are outdated."""

    code = "stale_proposal"


class FeeUnreasonable(ConsoleError):
    """The fee is higher than the recorded cost (policy V.4)."""

    code = "fee_unreasonable"


class NoticeIncomplete(ConsoleError):
    """The notice lacks a required part."""

    code = "notice_incomplete"


# --- policy packs and the log ----------------------------------------------------------------------------


class BadPack(ConsoleError):
    """A policy pack breaks the schema; `problems` has a line for each problem."""

    code = "bad_pack"

    def __init__(self, name: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"The policy pack {name} cannot be used.", "See its problems with `cs-console policy check`.")
        self.problems = problems


class UnknownPack(ConsoleError):
    """No pack has that name."""

    code = "unknown_pack"


class NotProvable(ConsoleError):
    """The stored log is not the one that was signed, so nothing can be proven from it: a finding."""

    code = "not_provable"
    exit_status = 1


class NotAdopted(ConsoleError):
    """A ticket can only be moved to a policy that the desk has adopted."""

    code = "pack_not_adopted"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The policy {name} has not been adopted.", "An operator can adopt it with `cs-console policy adopt`."
        )


class AlreadyOnItsWay(ConsoleError):
    """A queued notice is sent automatically; sending it again would send it twice."""

    code = "already_on_its_way"

    def __init__(self) -> None:
        super().__init__("The notice is already being sent.", "Check again in a minute.")


class DoneBefore(ConsoleError):
    """This was done already, with other text or choices than are on the screen now."""

    code = "done_before"

    def __init__(self) -> None:
        super().__init__(
            "An earlier version of this was accepted; what you see here was not.",
            "Check the ticket first, and repeat this only if it is still needed.",
        )


class NotThisAct(ConsoleError):
    """The id of an act was reused for another kind of act, for another ticket or by another account."""

    code = "not_this_act"

    def __init__(self) -> None:
        super().__init__("This form belongs to a different act.", "Close the form and open it again.")


class NoExtension(ConsoleError):
    """The term cannot be extended: the policy allows no extension, or not now (policy V.4)."""

    code = "no_extension"


class GuardianRequired(ConsoleError):
    """A request for a minor of this age needs a guardian (policy VII)."""

    code = "guardian_required"

    def __init__(self, band: str) -> None:
        super().__init__(
            f"The requester is a minor ({band.lower()}), and no guardian's authority is recorded.",
            "A verifier must record the guardian's authority first (v).",
        )


class PrincipalOnly(ConsoleError):
    """A representative is asking: only the requester can confirm it, from a contact on file."""

    code = "principal_only"

    def __init__(self) -> None:
        super().__init__(
            "A representative is asking, so only a code sent to the requester's own contact on file counts.",
            "Send a code, or end the representative's authority.",
        )


class AgeUnknown(ConsoleError):
    """A guardian's authority cannot be recorded before the requester's age band is (policy VII)."""

    code = "age_unknown"

    def __init__(self) -> None:
        super().__init__("The requester is not recorded as a minor.", "Record their age band first.")


class CheckLimit(ConsoleError):
    """The pack's limit on comparisons with what a caller says was reached."""

    code = "check_limit"


# --- what is asked ---------------------------------------------------------------------------------------


class AskedMissing(ConsoleError):
    """What the requester asks has to be on record before anything is proposed (policy V.4)."""

    code = "asked_missing"


class AskedDiffers(ConsoleError):
    """The proposal does not answer exactly what is on record as asked (policy V.4)."""

    code = "asked_differs"


# --- settling ----------------------------------------------------------------------------------------------


class NotIndependent(OwnDecision):
    """An agent who decided, or took part in, what a ticket is about must not take, settle or decide it."""

    code = "not_independent"

    def __init__(self, number: int, who: str = "You") -> None:
        were = "were" if who == "You" else "was"
        ConsoleError.__init__(self, f"{who} {were} involved in what #{number} is about.", _BY_OTHERS)


class NoOneIndependent(NotIndependent):
    """Everyone who could take the ticket was involved in what it is about (DECISIONS.md, 10)."""

    def __init__(self, number: int) -> None:
        ConsoleError.__init__(
            self,
            f"Everyone who could take #{number} was involved in what it is about.",
            "A privacy officer must choose who handles it, and give a reason.",
        )


class SecondPersonNeeded(ConsoleError):
    """Ending the ticket outside its own steps takes two people: the request is on record and waits for the second."""

    code = "second_person_needed"

    def __init__(self, what: str, key: str) -> None:
        sentence = f"Your request to {what} is on record."
        super().__init__(sentence, f"A second, uninvolved supervisor must confirm it with {key}.")


class MatterRequired(ConsoleError):
    """The ticket does not say yet which earlier ticket, or whose decision, it is about."""

    code = "matter_required"


class SettlementIncomplete(ConsoleError):
    """An answer that the settlement needs is missing or unusable; the sentence names it."""

    code = "settlement_incomplete"


class BasisRequired(ConsoleError):
    """Data about another person needs one of the nine bases, the ninth with its citation (policy I.(3))."""

    code = "basis_required"
