"""The part of a pack on how appeals, reports, complaints and inquiries end (policy I.(1)3, I.(3))."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from cs_console.policy.parts import SAID, Key, Part, Said, Sentence
from cs_console.policy.renamed_outcomes import codes_for
from models.enums import TicketKind
from models.roles import Role

LetterPart = Literal[
    "ticket",
    "received",
    "date",
    "kind",
    "outcome",
    "told",
    "reason",
    "complain_inside",
    "complain_regulator",
    "complain_court",
    "contact",
    "policy",
    "policy_version",
]
"""The variables of a settlement letter's template; `told` may use those before it."""


class SettlingRules(Part):
    """The letter that tells a requester how their ticket ended: Jinja2, rendered in a sandbox, plain text."""

    subject: Said
    template: Said
    required: tuple[LetterPart, ...]
    """Parts that the letter must hold wherever they have something to say."""


class Asked(Part):
    """The answer to an earlier question with which another question is asked."""

    question: Key
    answer: Sentence


class WorkflowQuestion(Part):
    """One thing to find out before a ticket is settled."""

    id: Key
    name: Sentence
    """What it is about in a word or two, for the list of steps."""
    text: Sentence
    kind: Literal["text", "yes_no", "choice", "basis", "citation"] = "text"
    """`basis`: the number of a consent exception; `citation`: what a basis that needs one rests on (policy I.(3))."""
    required: bool = True
    choices: dict[Key, Sentence] = {}
    when: Asked | None = None
    """Asked only where an earlier question was answered so."""
    names_matter: tuple[Key, ...] = ()
    """Answers with which the ticket, or the person, that this is about has to be named."""
    needs: dict[Key, tuple[Role, ...]] = {}
    """By answer, the roles of which the agent who settles it must hold one."""

    @property
    def is_typed(self) -> bool:
        """Whether its answers are anyone's own words, and no key of the pack's."""
        return self.kind in {"text", "citation"}


class WorkflowOutcome(Part):
    """One way in which a ticket of that kind ends."""

    title: Said
    told: Annotated[str, SAID] = ""
    """What the requester is told; without it no letter is sent."""
    reasons: Annotated[dict[Key, Sentence], SAID] = {}
    """Reasons as the letter gives them; where there are some, one is chosen."""
    needs: tuple[Role, ...] = ()
    """The roles of which the agent who settles it this way must hold one."""
    verified: bool = False
    """Whether the requester has to have been verified."""
    replied: bool = False
    """Whether a reply has to have gone out before."""
    becomes: TicketKind | None = None
    """The kind that the ticket turns into instead of being closed; it keeps its dates."""
    reopens: bool = False
    """Whether the ticket that this was about is opened again, to be decided by others."""


class WorkflowRules(Part):
    """How tickets of one kind are settled."""

    title: Sentence
    clause: Sentence
    owners: Annotated[tuple[Role, ...], Field(min_length=1)]
    """The agent who settles it must hold one of these roles."""
    matter: bool = False
    """Whether it can be about an earlier ticket or a person's decision."""
    independent: Literal["no", "decided", "took part"] = "no"
    """Who keeps away from it: no one, those who decided its matter, or everyone involved in its matter."""
    tells_claimed: bool = False
    """Whether the letter may go to a contact that a message only claims, where none is on file."""
    by_hand: bool = False
    """Whether it may also be closed by hand, without being settled."""
    questions: tuple[WorkflowQuestion, ...]
    outcomes: Annotated[dict[Key, WorkflowOutcome], Field(min_length=1)]

    def question(self, question_id: str) -> WorkflowQuestion | None:
        """The question of that id, if it is one of these."""
        return next((question for question in self.questions if question.id == question_id), None)

    def outcome_key(self, stored: str) -> str | None:
        """The key that these rules have for a stored outcome, which may be from before or after its code was renamed;
        None if it is none of theirs.
        """
        return next((code for code in codes_for(stored) if code in self.outcomes), None)

    def outcome(self, stored: str) -> WorkflowOutcome | None:
        """The outcome that was stored, as `outcome_key` finds it."""
        key = self.outcome_key(stored)
        return None if key is None else self.outcomes[key]


Found = tuple[tuple[str | int, ...], str]


def broken_workflows(workflows: Mapping[TicketKind, WorkflowRules], decides: frozenset[TicketKind]) -> Iterator[Found]:
    """What does not fit together in the workflows of a pack; `decides` are the kinds that end with the checklist."""
    for kind, rules in workflows.items():
        place = ("kinds", kind.value, "workflow")
        if kind in decides:
            yield place, "a kind that ends with the checklist has no workflow"
        for at, question in enumerate(rules.questions):
            for key, words in _broken_question(rules, at, question):
                yield (*place, "questions", at, key), words
        for name, outcome in rules.outcomes.items():
            if outcome.becomes is kind:
                yield (*place, "outcomes", name, "becomes"), f"{kind.value!r} is already its kind"
            if outcome.reopens and not rules.matter:
                yield (*place, "outcomes", name, "reopens"), "nothing can be named that would be opened again"
            if outcome.reasons and not outcome.told:
                yield (*place, "outcomes", name, "reasons"), "no letter gives them"
        if rules.independent != "no" and not rules.matter:
            yield (*place, "independent"), "nothing can be named to be independent of"


def _broken_question(rules: WorkflowRules, at: int, question: WorkflowQuestion) -> Iterator[tuple[str, str]]:
    before = {one.id: one for one in rules.questions[:at]}
    if question.id in before:
        yield "id", f"{question.id!r} occurs twice"
    if (question.kind == "choice") != bool(question.choices):
        yield "choices", "belong to a question of the kind choice, and to no other"
    if question.kind == "citation" and not any(one.kind == "basis" for one in before.values()):
        yield "kind", "a citation needs a question for the basis before it"
    known = {"choice": set(question.choices), "yes_no": {"yes", "no"}}.get(question.kind, set())
    for key, answers in (("names_matter", question.names_matter), ("needs", tuple(question.needs))):
        for answer in answers:
            if answer not in known:
                yield key, f"{answer!r} is not one of its answers"
    if question.names_matter and not rules.matter:
        yield "names_matter", "nothing can be named here; set matter"
    if question.when is None:
        return
    asked = before.get(question.when.question)
    if asked is None:
        yield "when", f"{question.when.question!r} is not asked before it"
    elif asked.kind not in {"yes_no", "choice"}:
        yield "when", f"{asked.id!r} has no fixed answers"
    elif question.when.answer not in (set(asked.choices) or {"yes", "no"}):
        yield "when", f"{question.when.answer!r} is not an answer to {asked.id!r}"
