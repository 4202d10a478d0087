"""The part of a pack on what can be asked for and on which grounds it is refused (policy V)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from cs_console.policy.parts import SAID, Days, Key, Letter, Part, Said, Sentence
from models.roles import Role


class ChecklistRules(Part):
    """What counts as an answer on the checklist."""

    empty_words: tuple[str, ...]
    """Fillers that do not count as an answer, casefolded: "-", "n/a"."""
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    answer_limit: Annotated[int, Field(ge=100, le=20_000)]
    """Characters at most in one answer or one item of evidence."""

    def says_nothing(self, text: str) -> bool:
        """Whether a text is empty or a mere filler."""
        folded = " ".join(text.casefold().split())
        return not folded or folded in self.empty_words or not any(sign.isalnum() for sign in folded)

    def plain_word(self, text: str) -> str:
        """ "yes" or "no" where a text is a plain yes or no in any of the pack's languages, else the text folded."""
        folded = " ".join(text.casefold().split()).strip(" .!。")
        if folded in self.yes_words:
            return "yes"
        return "no" if folded in self.no_words else folded


class LegalReviewRules(Part):
    """What every decision that others may only know as "legal review" has in common, so that nothing tells which."""

    approvers: tuple[Role, ...]
    review_days: Days
    waits_days: Days
    """A proposal that waited longer for its approvals has to be made again, whichever ground it is."""


class FeeRules(Part):
    """A fee for repeated or excessive requests (policy V.4)."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    clause: Sentence
    keeps_open: bool
    """Whether the ticket waits for the payment instead of being closed."""
    wait_days: Days = 0
    """So many days after the fee was asked for it can be paid; from the day after them on the request may be closed."""
    unpaid: Letter | None = None
    """What tells the requester that it is closed unpaid: `{{ ticket }}`, `{{ received }}`, `{{ days }}`,
    `{{ contact }}`, and the notice's `{{ complain_inside }}`, `{{ complain_regulator }}`, `{{ complain_court }}`.
    """

    @model_validator(mode="after")
    def _says_how_long(self) -> Self:
        if self.keeps_open and not (self.wait_days and self.unpaid):
            words = "needs wait_days and unpaid, a letter: keeps_open lets the ticket wait for the fee"
            raise PydanticCustomError("waits", "{words}", {"words": words})
        return self


class Question(Part):
    id: Key
    text: Sentence
    stale_days: Days = 0
    """An answer older than this has to be given again; 0 never."""
    contradicts: tuple[str, ...] = ()
    """`"no"` when a plain no to this question contradicts finding the ground applies."""
    kind: Literal["text", "yes_no", "date"] = "text"
    ahead: bool = False
    """Whether a date has to be still to come, like the one until which a ground holds; a statutory ground is looked at
    again on that day at the latest, unless it is under legal review.
    """

    @model_validator(mode="after")
    def _ahead_is_of_dates(self) -> Self:
        if self.ahead and self.kind != "date":
            words = 'only a question of the kind "date" can be ahead'
            raise PydanticCustomError("ahead", "{words}", {"words": words})
        return self


class EvidenceRules(Part):
    text: Sentence
    items: Annotated[int, Field(ge=0, le=10)] = 1
    """How many separate items are needed."""
    kind: Literal["text", "tickets"] = "text"
    """`tickets`: each item is the number of an earlier ticket of the same requester."""


class Ground(Part):
    """A reason to refuse. `list` keeps the policy's lists apart; the fee belongs to neither."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{0,2}$")]
    list: Literal["statutory", "discretionary", "fee"]
    title: Sentence
    clause: Said
    law: Said
    rights: tuple[Key, ...] = ()
    """The rights against which it can stand, the others never; all of them where none is named."""
    questions: tuple[Question, ...]
    evidence: EvidenceRules
    approvers: tuple[Role, ...]
    """Each role has to approve once, by different people, none the proposer."""
    partial: Literal["always", "yes", "rarely", "no"]
    """Whether it can cover a part only; `always`: never the whole request, `no`: never a part of it."""
    partial_words: str = ""
    """Which part it covers, for the person at the checklist."""
    neutral: Literal["always", "may", "never"] = "never"
    """Whether the notice uses the neutral sentence and others read "legal review" (no tipping off)."""
    review_days: Days = 0
    """A statutory ground's review date, in days from the decision; 0 for none."""
    offers: tuple[str, ...] = ()
    """Keys of `offers`; one of them must have been made before this ground is used."""
    plain_words: Said
    """The ground as the notice says it."""


class ConsentException(Part):
    """One of the nine bases for collecting without consent (policy I.(3)): no reason to refuse anything."""

    number: Annotated[int, Field(ge=1, le=99)]
    title: Sentence
    needs_citation: bool = False


class RightRules(Part):
    """What can be asked for (policy V)."""

    title: Said
    clause: Sentence
    warning: Annotated[str, SAID] = ""
    erases: bool = False
    """Whether granting it is a reason to erase the requester: for all that is held of them here."""
    whole_account: bool = False
    """Whether it erases all of that whichever data was marked as asked, like giving up an account."""
