"""The part of a pack on the letter that goes out (policy V.4)."""

from typing import Literal

from cs_console.policy.parts import Part, Sentence

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
    "warning",
    "complain_inside",
    "complain_regulator",
    "complain_court",
    "date",
    "contact",
    "policy",
    "policy_version",
]
"""The variables of a notice's template."""


class NoticeRules(Part):
    """The letter that goes out. `template` and `neutral_sentence` are Jinja2, rendered in a sandbox, plain text."""

    subject: Sentence
    template: Sentence
    required: tuple[NoticePart, ...]
    """Parts that the rendered notice must hold wherever they have something to say."""
    neutral_sentence: Sentence
    """Stands for outcome reasons and ground where they must not be known: the same words whatever the ground."""
    neutral_outcome: Sentence
    neutral_clause: Sentence
    neutral_law: Sentence
    complain_inside: Sentence
    complain_regulator: Sentence
    complain_court: Sentence
    outcome_words: dict[Literal["grant", "partial", "refuse", "fee"], Sentence]
