"""Every refusal the console knows: a code for records, a sentence for the person, and what to do next.

Sentences never hold a value that a requester gave us: they may reach logs and crash reports.
"""

from collections.abc import Collection
from datetime import datetime


class Refusal(Exception):
    """Something that was not done. `code` is stable; `sentence` and `next_step` are shown to the person."""

    code = "refused"
    exit_status = 2

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


# --- the store -------------------------------------------------------------------------------------------


class StoreUnavailable(Refusal):
    """The database or the keyring cannot be reached, read or written."""

    code = "store_unavailable"
    exit_status = 3


class StoreBusy(StoreUnavailable):
    """Another process holds the store for longer than we wait."""

    code = "store_busy"


class StoreUnreachable(StoreUnavailable):
    """The store does not answer at all: a server that is down, a file that is gone. It may come back by itself."""


class StoreFull(StoreUnavailable):
    """No space left to write."""

    code = "store_full"


class StoreTooNew(StoreUnavailable):
    """The database was made by a newer cs-console."""

    code = "store_too_new"


class NotADatabase(StoreUnavailable):
    """The file is something else, or damaged."""

    code = "not_a_database"


class NoDesk(StoreUnavailable):
    """There is no desk in this home yet."""

    code = "no_desk"


class DeskExists(Refusal):
    """There is a desk already where a new one was to be made."""

    code = "desk_exists"


class BadSettings(Refusal):
    """A setting is unknown or unusable; the sentence names the file or variable and the key."""

    code = "bad_settings"


# --- keys ------------------------------------------------------------------------------------------------


class KeyUnavailable(StoreUnavailable):
    """The key-encryption key or the log key cannot be had."""

    code = "key_unavailable"


class KeysRotating(StoreBusy):
    """The keyring's keys are being rotated by another process."""

    code = "keys_rotating"

    def __init__(self) -> None:
        super().__init__("Another `keys rotate` is at work on this keyring.", "Wait until it is done.")


class KeyMissing(KeyUnavailable):
    """The keyring lacks a key that no erasure destroyed: what it sealed is there and cannot be opened."""

    code = "key_missing"

    def __init__(self, whose: str = "of this data") -> None:
        super().__init__(
            f"The key {whose} is missing from the keyring.",
            "Nothing was erased. Restore the newest backup of the keyring; `cs-console doctor` lists what is missing.",
        )


class DeskKeyMissing(KeyMissing):
    """The keyring lacks one of the desk's own keys. It is not made again: what it was used for could not be read."""

    code = "desk_key_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f'"{name}", one of the desk\'s own,')


class KeyProtected(Refusal):
    """A key that no erasure may destroy: the desk's own, an agent's, or one of an unknown owner."""

    code = "key_protected"

    def __init__(self, owner: str) -> None:
        super().__init__(f"The key of {owner} is not a requester's and is never destroyed.", "Nothing was changed.")


class KeyDestroyed(Refusal):
    """The requester was erased: the key is destroyed, and with it all of theirs and their tickets (policy I.(4)2)."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("This data has been erased.")


class SealBroken(Refusal):
    """A sealed value does not belong to the place where it was found, or was changed."""

    code = "seal_broken"

    def __init__(self, sentence: str = "A sealed value does not fit its place and was not opened.") -> None:
        super().__init__(sentence, "Tell a supervisor: somebody may have changed the database.")


class OwnerNotVouched(SealBroken):
    """A ticket's row says that it is another requester's than the access log does (DESIGN.md, invariant 12)."""

    code = "owner_not_vouched"

    def __init__(self, number: int) -> None:
        super().__init__(f"The access log says that #{number} is another requester's.")


class LogBroken(Refusal):
    """The access log cannot be appended to; nothing personal may be shown until it can."""

    code = "log_unavailable"
    exit_status = 3


class HeadNotStated(StoreUnavailable):
    """The log's head cannot be stated outside the database, so what was recorded is not shown."""

    code = "log_not_stated"


class TimeNotConfirmed(Refusal):
    """The machine's clock is not believed, so nothing is erased, closed or escalated by date."""

    code = "time_not_confirmed"

    def __init__(self, machine: datetime, desk: datetime) -> None:
        self.machine, self.desk = machine, desk
        super().__init__(
            f"This machine's clock says {machine:%Y-%m-%d %H:%M} UTC, and the desk's time is {desk:%Y-%m-%d %H:%M}.",
            "Set it right, or have a supervisor or an admin confirm it: `cs-console time confirm --second NAME`.",
        )


class ClockBehind(Refusal):
    """The machine's clock is before what is on record already; no one can confirm that."""

    code = "clock_behind"

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"The time cannot be confirmed: {difference}.",
            "Set this machine's clock right; until then the desk's time goes on by itself.",
        )


class LogPutBack(Refusal):
    """The access log is not the one that a reviewer saw: their sign-in stops until an operator has looked."""

    code = "log_put_back"
    exit_status = 3

    def __init__(self, sentence: str) -> None:
        super().__init__(
            sentence,
            "Touch nothing and call an operator: `cs-console log verify`; after an honest restore, "
            "`cs-console log accept --reason ...`.",
        )


# --- people ----------------------------------------------------------------------------------------------


class SignInRefused(Refusal):
    """Unknown name or wrong password: the same words for both (ASVS 6.3.8)."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("That name and password do not match.", "Check both and try again.")


class SignInMustWait(Refusal):
    """Too many failures in a row on this account."""

    code = "sign_in_wait"

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many failed tries.", f"Wait {seconds} s, then try again.")
        self.seconds = seconds


class SessionEnded(Refusal):
    """The session is over: signed out, timed out, suspended, or signed in elsewhere."""

    code = "session_ended"

    def __init__(self, why: str) -> None:
        super().__init__(f"You are signed out: {why}.", "Sign in again; what you typed is kept.")


class BadPassword(Refusal):
    """A new password that does not meet SECURITY.md's rules."""

    code = "bad_password"


class UnknownAgent(Refusal):
    """No account of that name."""

    code = "unknown_agent"


class BadAccount(Refusal):
    """An account that cannot be made or changed as asked."""

    code = "bad_account"


class LastAdmin(Refusal):
    """A desk keeps at least one admin who can sign in: nobody else could make another."""

    code = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the only active admin.", "Give another account the role admin first.")


class NotAllowed(Refusal):
    """The agent's roles do not include the one that this needs (deny by default, policy IV.(1)2)."""

    code = "role_required"


class AccountSuspended(Refusal):
    """The password was right, but the account is suspended: only its owner learns that."""

    code = "account_suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended.", "Ask an admin to lift the suspension.")


class MustChangePassword(Refusal):
    """The password was set by somebody else; its owner has to choose their own before anything else."""

    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Your password was set by somebody else.", "Choose your own before you go on.")


class MustEnrol(Refusal):
    """The settings ask this account for a second factor that it does not have yet."""

    code = "second_factor_required"

    def __init__(self) -> None:
        super().__init__("Your account needs a second factor.", "Set up your authenticator app before you go on.")


class WrongFactor(Refusal):
    """A code of the second factor that does not count: wrong, used before, or too late."""

    code = "second_factor_wrong"

    def __init__(self, next_step: str = "Type the newest code of your app, or a recovery code.") -> None:
        super().__init__("That code does not count.", next_step)


class NoUndertaking(Refusal):
    """No current confidentiality undertaking (policy IV.(1)2)."""

    code = "no_undertaking"

    def __init__(self) -> None:
        super().__init__(
            "Your confidentiality undertaking is missing or out of date.",
            "Sign out and in again to read and accept the current one.",
        )


# --- disclosure ------------------------------------------------------------------------------------------


class NotAssigned(Refusal):
    """The ticket is not the agent's own (policy I.(1)3). What to do next depends on their roles."""

    code = "not_assigned"

    def __init__(self, roles: Collection[str] = ("agent",), *, closed: bool = False, taken: bool = False) -> None:
        if closed:
            step = "A supervisor can open it again."
        elif taken and "supervisor" not in roles:
            step = "Whoever has it, or a supervisor, can hand it to you."
        elif "agent" in roles:
            step = "Claim it first with c, or have it assigned to you."
        else:
            step = "Take it with a." if "supervisor" in roles else "A supervisor can assign it to you."
        super().__init__("This ticket is not yours.", step)


class NotVerified(Refusal):
    """No open verification window for this ticket."""

    code = "not_verified"

    def __init__(self) -> None:
        super().__init__("The requester's identity is not verified.", "Ask for a verification with v.")


class FieldNotAllowed(Refusal):
    """The pack's matrix does not list the field for this kind of ticket."""

    code = "field_not_allowed"


class PurposeNotAllowed(Refusal):
    """The pack's matrix does not list the purpose for this kind of ticket, or the field for this purpose."""

    code = "purpose_not_allowed"


class NothingThere(Refusal):
    """The item asked for does not exist (or answers as if it did not)."""

    code = "not_found"


# --- tickets ---------------------------------------------------------------------------------------------


class TakenBy(Refusal):
    """Another agent claimed the ticket first."""

    code = "taken"

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"#{number} was just claimed by {name}.", "Choose another ticket, or ask them for it.")
        self.name = name


class ChangedElsewhere(Refusal):
    """The ticket changed under the agent's hands (optimistic lock)."""

    code = "changed_elsewhere"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"#{number} was changed by someone else since you opened it.",
            "It has been reloaded; look again and repeat what you meant to do.",
        )


class WrongState(Refusal):
    """The ticket is not in a state in which this can be done."""

    code = "wrong_state"


class BadFilter(Refusal):
    """A filter expression that cannot be understood; the sentence names the word."""

    code = "bad_filter"


class BadInput(Refusal):
    """Something typed cannot be used; the sentence says what is wrong."""

    code = "bad_input"


class Unreadable(Refusal):
    """A message from outside breaks a limit or cannot be parsed; it goes to quarantine with `code`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class TooManyLookUps(Refusal):
    """Look-ups by contact are limited."""

    code = "look_up_limit"


# --- verification ----------------------------------------------------------------------------------------


class ContactNotOnFile(Refusal):
    """Codes go only to contacts on file."""

    code = "contact_not_on_file"


class ContactRecent(Refusal):
    """A contact changed lately is not used for a code."""

    code = "contact_recent"


class ContactShared(Refusal):
    """A contact on file with more than one account proves neither: no code goes to it."""

    code = "contact_shared"

    def __init__(self) -> None:
        super().__init__(
            "This contact is on file with more than one account.", "Use another contact, or the written route."
        )


class CodeWrong(Refusal):
    """The digits do not match."""

    code = "code_wrong"


class CodeExpired(Refusal):
    """The code's time is over, it was used, or a newer one was sent."""

    code = "code_expired"


class VerificationLocked(Refusal):
    """All tries are used up; a supervisor can lift the lock."""

    code = "verification_locked"

    def __init__(self, until: datetime | None, until_text: str) -> None:
        super().__init__(
            f"Verification of this requester is locked until {until_text}.",
            "A supervisor can lift the lock; the written route is open.",
        )
        self.until = until


class SendLimit(Refusal):
    """Too many codes sent in the hour or the day."""

    code = "send_limit"


class DeliveryFailed(Refusal):
    """A message could not be handed over; the sentence holds no address. `permanent`: trying again is useless.

    `unreached`: it was the way out that did not answer, as far as anybody can tell: the next one would wait as long.
    """

    code = "delivery_failed"

    def __init__(self, sentence: str, next_step: str = "", *, permanent: bool = False, unreached: bool = False) -> None:
        super().__init__(sentence, next_step)
        self.permanent = permanent
        self.unreached = unreached


# --- decisions -------------------------------------------------------------------------------------------


class GroundKind(Refusal):
    """A statutory ground used as discretionary, or the reverse (policy V.4)."""

    code = "ground_kind"


class WrongList(Refusal):
    """One of the nine consent exceptions used as a ground (policy I.(3))."""

    code = "wrong_list"


class ChecklistIncomplete(Refusal):
    """Empty, contradictory or stale answers; the sentence names the first."""

    code = "checklist_incomplete"


class NotVouched(Refusal):
    """The access log does not hold what a row of the store says (DESIGN.md, invariant 12): it counts for nothing."""

    code = "not_vouched"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "Tell a supervisor; an admin runs `cs-console log verify`.")


class OwnProposal(Refusal):
    """Nobody approves their own proposal."""

    code = "own_proposal"

    def __init__(self) -> None:
        super().__init__(
            "This is your own proposal, or that of an account that may be yours too.",
            "Another person has to approve it; admins record whose an account is (`cs-console agents identity`).",
        )


class OnHold(Refusal):
    """The data is kept for a listed reason only, and may be used for nothing else (policy I.(4)2, IV.(2)3)."""

    code = "on_hold"

    def __init__(self) -> None:
        super().__init__(
            "This requester's data is to be erased; it is kept because of a hold.",
            "Nothing of it can be used; a hold is lifted with h.",
        )


class NotErasable(Refusal):
    """What an erasure needs is missing: a granted request or an ended term, closed tickets, nothing on its way."""

    code = "not_erasable"


class ErasureNotProven(Refusal):
    """The access log does not show what an erasure needs: nothing is destroyed."""

    code = "erasure_not_proven"

    def __init__(self, sentence: str = "The access log does not show that this erasure was approved.") -> None:
        super().__init__(
            f"{sentence} Nothing was erased.", "Tell a supervisor: the database may have been changed by hand."
        )


class OwnErasure(Refusal):
    """Nobody confirms the erasure that they proposed."""

    code = "own_erasure"

    def __init__(self) -> None:
        super().__init__(
            "You proposed this erasure, or an account did that may be yours too.",
            "Another person has to confirm it; admins record whose an account is (`cs-console agents identity`).",
        )


_BY_OTHERS = "Somebody who had no part in it has to: hand it on with a where it is yours, else a supervisor assigns it."


class OwnDecision(Refusal):
    """Nobody handles an appeal against their own decision (DESIGN.md, separation)."""

    code = "own_decision"

    def __init__(self) -> None:
        super().__init__(
            "The requester wrote after you refused this: nobody handles an appeal against their own decision.",
            _BY_OTHERS,
        )


class WrongPassword(Refusal):
    """The password asked for again, before an approval or behind the lock, does not match (ASVS 7.5.1)."""

    code = "wrong_password"

    def __init__(self, then: str = "Nothing was approved; try again.") -> None:
        super().__init__("That is not your password.", then)


class StaleProposal(Refusal):
    """The ticket changed after the proposal was made, or its answers have gone stale."""

    code = "stale_proposal"


class FeeUnreasonable(Refusal):
    """A fee above the recorded cost (policy V.4)."""

    code = "fee_unreasonable"


class NoticeIncomplete(Refusal):
    """The notice lacks a required part."""

    code = "notice_incomplete"


# --- policy packs and the log ----------------------------------------------------------------------------


class BadPack(Refusal):
    """A policy pack that breaks the schema; `problems` has a line for each."""

    code = "bad_pack"

    def __init__(self, name: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"The policy pack {name} cannot be used.", "Run `cs-console policy check` on it.")
        self.problems = problems


class UnknownPack(Refusal):
    """No pack of that name."""

    code = "unknown_pack"


class NotProvable(Refusal):
    """The stored log is not the one that was signed, so nothing can be proven of it: a finding."""

    code = "not_provable"
    exit_status = 1


class NotAdopted(Refusal):
    """A ticket can only be moved to a policy that is the desk's."""

    code = "pack_not_adopted"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has not been adopted.", "An operator adopts it: `cs-console policy adopt`.")


class AlreadyOnItsWay(Refusal):
    """A notice that is queued goes out by itself; sending it again would send it twice."""

    code = "already_on_its_way"

    def __init__(self) -> None:
        super().__init__("The notice is on its way.", "Look again in a minute.")


class DoneBefore(Refusal):
    """This act happened already, with other words or choices than are on the screen now."""

    code = "done_before"

    def __init__(self) -> None:
        super().__init__(
            "An earlier version of this went through, and what is here now did not.",
            "Look at the ticket first; do it again only if that is still needed.",
        )


class NotThisAct(Refusal):
    """The id of an act was sent with another kind of act, for another ticket or by another account."""

    code = "not_this_act"

    def __init__(self) -> None:
        super().__init__("This does not belong to what was done before.", "Leave the form and open it again.")


class NoExtension(Refusal):
    """The answer is not given a longer term: the policy knows none, or not now (policy V.4)."""

    code = "no_extension"


class GuardianRequired(Refusal):
    """Nothing is done for a minor of this age without a guardian (policy VII)."""

    code = "guardian_required"

    def __init__(self, band: str) -> None:
        super().__init__(
            f"The requester is a minor ({band.lower()}) and no guardian's authority was seen.",
            "A verifier records the guardian's authority first, with v.",
        )


class PrincipalOnly(Refusal):
    """A representative asks: only the person themselves can confirm it, from a contact on file."""

    code = "principal_only"

    def __init__(self) -> None:
        super().__init__(
            "A representative asks: only a code to the requester's own contact on file verifies that.",
            "Send a code, or end the representative's authority.",
        )


class AgeUnknown(Refusal):
    """A guardian's authority is of no use before it is known how old the requester is (policy VII)."""

    code = "age_unknown"

    def __init__(self) -> None:
        super().__init__("The requester's age band is not recorded as a minor's.", "Record it first.")


class CheckLimit(Refusal):
    """The pack's limit of comparisons with what a caller says."""

    code = "check_limit"


# --- what is asked ---------------------------------------------------------------------------------------


class AskedMissing(Refusal):
    """Nothing is proposed before it is on record what was asked (policy V.4)."""

    code = "asked_missing"


class AskedDiffers(Refusal):
    """A proposal that answers something else than what is on record as asked, or less, or more (policy V.4)."""

    code = "asked_differs"


# --- settling ----------------------------------------------------------------------------------------------


class NotIndependent(OwnDecision):
    """Somebody who decided, or took part in, what a ticket is about may not take, settle or decide it."""

    code = "not_independent"

    def __init__(self, number: int, who: str = "You") -> None:
        Refusal.__init__(
            self,
            f"{who} took part in what #{number} is about, or decided it before.",
            _BY_OTHERS,
        )


class NoOneIndependent(NotIndependent):
    """Everyone who could take a ticket took part in what it is about (DECISIONS.md, 10)."""

    def __init__(self, number: int) -> None:
        Refusal.__init__(
            self,
            f"Everyone who could take #{number} took part in what it is about.",
            "A privacy officer names the person who handles it, with a reason.",
        )


class SecondPersonNeeded(Refusal):
    """What takes two people to end outside its own steps was asked for, on record, and waits for the second one."""

    code = "second_person_needed"

    def __init__(self, what: str, key: str) -> None:
        sentence = f"You asked to {what}; that is on record."
        super().__init__(sentence, f"A second, uninvolved person, a supervisor, confirms it with {key}.")


class MatterRequired(Refusal):
    """It has to be said first which earlier ticket, or whose decision, a ticket is about."""

    code = "matter_required"


class SettlementIncomplete(Refusal):
    """An answer that settling needs is missing or unusable; the sentence names it."""

    code = "settlement_incomplete"


class BasisRequired(Refusal):
    """Data about somebody else needs one of the nine bases, the ninth with its citation (policy I.(3))."""

    code = "basis_required"
