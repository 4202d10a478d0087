"""The answers given so far for settling a ticket, stored as JSON between visits."""

import json
from dataclasses import dataclass, field

from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowQuestion, WorkflowRules
from cs_console.settlements.settling_rules import Settling, asked, settling_from_json, settling_to_json


@dataclass
class SettleForm:
    """The whole form; nothing in it decides anything (settling.settle does)."""

    outcome: str = ""
    reason: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    def answer(self, question: str, text: str) -> None:
        """Note an answer; an empty one removes it."""
        if text.strip():
            self.answers[question] = text
        else:
            self.answers.pop(question, None)

    def choose(self, outcome: str) -> None:
        """Choose another outcome and clear the reason, which belonged to the previous one."""
        if outcome != self.outcome:
            self.outcome, self.reason = outcome, ""

    def take_key_of(self, rules: WorkflowRules) -> None:
        """Choose the outcome of a draft by the key that the rules have for it, if its code was renamed since."""
        self.outcome = rules.outcome_key(self.outcome) or self.outcome

    def questions(self, pack: Pack, rules: WorkflowRules) -> tuple[WorkflowQuestion, ...]:
        """The questions that remain after these answers."""
        return asked(pack, rules, self.answers)

    def settling(self, pack: Pack, rules: WorkflowRules) -> Settling:
        """The form as the service takes it: without answers to questions that no longer apply."""
        kept = {one.id: self.answers[one.id] for one in self.questions(pack, rules) if one.id in self.answers}
        return Settling(self.outcome, kept, self.reason)

    def to_json(self) -> str:
        """The form as text for a draft; nothing for an empty one."""
        if not (self.outcome or self.answers):
            return ""
        return settling_to_json(Settling(self.outcome, self.answers, self.reason))


def form_from_json(text: str) -> SettleForm:
    """The form stored in a draft. Raises ValueError for a text that is not a form."""
    settling = settling_from_json(json.dumps(json.loads(text)))
    return SettleForm(settling.outcome, settling.reason, dict(settling.answers))
