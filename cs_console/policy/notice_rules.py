"""The part of a pack about the letter that is sent (policy V.4)."""

from typing import Annotated, Literal

from cs_console.policy.parts import SAID, Part, Said, Sentence

NoticePart = Literal[
    "ticket",
    "received",
    "verified",
    "on_behalf",
    "asked",
    "outcome",
    "granted",
    "refused",
    "ground",
    "clause",
    "law",
    "fee",
    "pay_by",
    "warning",
    "complain_inside",
    "complain_regulator",
    "complain_court",
    "date",
    "contact",
    "policy",
    "policy_version",
]
"""The variables of a notice's template. `pay_by`: the last day to pay the fee, where the ticket waits for it."""


class NoticeRules(Part):
    """The letter that is sent. Its texts with `{{ }}` are templates (templates.py), filled in as plain text."""

    subject: Said
    template: Said
    required: tuple[NoticePart, ...]
    """Parts that the rendered notice must hold wherever they have something to say."""
    neutral_sentence: Said
    """Stands for outcome reasons and ground where they must not be known: the same words whatever the ground."""
    neutral_outcome: Said
    neutral_clause: Said
    neutral_law: Said
    complain_inside: Said
    complain_regulator: Said
    complain_court: Said
    outcome_words: Annotated[dict[Literal["grant", "partial", "refuse", "fee"], Sentence], SAID]
    date: Said = "{{ day }} {{ month_name }} {{ year }}"
    """How a date is written; also `{{ month }}`, its number. `month_name` is English."""
    fee: Said = "{{ currency }} {{ amount }} ({{ items }})"
    comma: Said = ", "
    """Between the things of a list."""
    semicolon: Said = "; "
    """Between clauses, and between laws."""
    colon: Said = ": "
    """Between what something is about and what is said of it."""
