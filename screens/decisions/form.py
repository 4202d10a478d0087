"""The checklist as filled in so far: typed answers, stored as JSON between visits, turned into a proposal."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cs_console.decisions.checklist import Answer, AskedFor, Fee, Finding, Proposal
from cs_console.decisions.evidence import ATTACHMENT
from models.enums import Outcome

_DECIMAL_COMMA = re.compile(r"^([0-9]+),([0-9]{1,2})$")


@dataclass
class GroundSheet:
    """One ground as far as it has been filled in. `applies` is None until an agent has answered."""

    applies: bool | None = None
    fields: set[str] = field(default_factory=set)
    answers: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    evidence: str = ""
    attachments: set[str] = field(default_factory=set)
    offers: set[str] = field(default_factory=set)

    def answer(self, question: str, text: str, at: datetime) -> None:
        """Note an answer and when it was given; the same answer again keeps its date."""
        if self.answers.get(question, ("", at))[0] != text:
            self.answers[question] = (text, at)

    def again(self, question: str, at: datetime) -> None:
        """Give the same answer again, with a new date."""
        if question in self.answers:
            self.answers[question] = (self.answers[question][0], at)

    def finding(self, code: str) -> Finding:
        """The sheet as the service takes it."""
        return Finding(
            ground=code,
            applies=bool(self.applies),
            fields=tuple(sorted(self.fields)) if self.applies else (),
            answers=tuple(
                Answer(question, text.strip(), at) for question, (text, at) in self.answers.items() if text.strip()
            ),
            evidence=(*lines(self.evidence), *(f"{ATTACHMENT}{one}" for one in sorted(self.attachments))),
            offers=tuple(sorted(self.offers)),
        )


@dataclass
class ChecklistForm:
    """The whole form; nothing in it decides anything (checklist.check does).

    `fee_ground` is the code of the pack's fee; where it applies, the fee, in the pack's `currency`, belongs to the
    proposal.
    """

    request: str = ""
    asked: set[str] = field(default_factory=set)
    outcome: Outcome | None = None
    granted: set[str] = field(default_factory=set)
    neutral: bool = False
    language: str = "en"
    amount: str = ""
    currency: str = ""
    items: str = ""
    told_before: bool = False
    fee_ground: str = ""
    sheets: dict[str, GroundSheet] = field(default_factory=dict)

    def sheet(self, code: str) -> GroundSheet:
        """The sheet of a ground, started if necessary."""
        return self.sheets.setdefault(code, GroundSheet())

    def applies(self, code: str) -> bool:
        """Whether that ground was found to apply."""
        return code in self.sheets and bool(self.sheets[code].applies)

    def is_asked(self, recorded: AskedFor | None) -> bool:
        """Whether what the form says is asked is what is on record."""
        return recorded is not None and (recorded.right, set(recorded.fields)) == (self.request, self.asked)

    def take_asked(self, recorded: AskedFor) -> None:
        """Set the form to what is on record as asked."""
        self.request, self.asked = recorded.right, set(recorded.fields)

    @property
    def asked_for(self) -> AskedFor | None:
        """What the form says is asked; None until both parts are filled in."""
        return AskedFor(self.request, tuple(sorted(self.asked))) if self.request and self.asked else None

    def left_over(self) -> set[str]:
        """The data asked for that no applying ground covers; a fee withholds no data."""
        under = (sheet.fields for code, sheet in self.sheets.items() if sheet.applies and code != self.fee_ground)
        return self.asked.difference(*under)

    def proposal(self) -> Proposal | None:
        """What would be proposed; None until the outcome is chosen."""
        if self.outcome is None:
            return None
        return Proposal(
            request=self.request,
            outcome=self.outcome,
            granted=tuple(sorted(self.granted)),
            findings=tuple(
                sheet.finding(code) for code, sheet in sorted(self.sheets.items()) if sheet.applies is not None
            ),
            fee=self.fee() if self.applies(self.fee_ground) else None,
            neutral=self.neutral,
            language=self.language,
        )

    def fee(self) -> Fee:
        """The fee as typed; each line of `items` is "what: amount"."""
        return Fee(
            amount=_amount(self.amount),
            currency=self.currency,
            items=tuple(_item(line) for line in lines(self.items)),
            told_before=self.told_before,
        )

    def to_json(self) -> str:
        """The form as text for a draft."""
        return json.dumps(
            {
                "request": self.request,
                "asked": sorted(self.asked),
                "outcome": self.outcome.value if self.outcome else "",
                "granted": sorted(self.granted),
                "neutral": self.neutral,
                "language": self.language,
                "fee": [self.amount, self.currency, self.items, self.told_before],
                "sheets": {code: _sheet_out(sheet) for code, sheet in self.sheets.items()},
            },
            ensure_ascii=False,
        )


def form_from_json(text: str) -> ChecklistForm:
    """The form stored in a draft. Raises ValueError for a text that is not a form."""
    try:
        values: dict[str, Any] = json.loads(text)
        amount, currency, items, told_before = values["fee"]
        return ChecklistForm(
            request=str(values["request"]),
            asked=set(values.get("asked", ())),
            outcome=Outcome(values["outcome"]) if values["outcome"] else None,
            granted=set(values["granted"]),
            neutral=bool(values["neutral"]),
            language=str(values["language"]),
            amount=str(amount),
            currency=str(currency),
            items=str(items),
            told_before=bool(told_before),
            sheets={code: _sheet_in(sheet) for code, sheet in values["sheets"].items()},
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError("not a checklist") from problem


def lines(text: str) -> tuple[str, ...]:
    """The lines that are not empty."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _item(line: str) -> tuple[str, str]:
    what, _, amount = line.replace("\uff1a", ":").rpartition(":")
    return (what.strip(), _amount(amount)) if what else (line, "")


def _amount(typed: str) -> str:
    """An amount with a point for its decimals, also where a comma was typed: "12,50"."""
    comma = _DECIMAL_COMMA.match(typed.strip())
    return f"{comma[1]}.{comma[2]}" if comma else typed.strip()


def _sheet_out(sheet: GroundSheet) -> dict[str, Any]:
    return {
        "applies": sheet.applies,
        "fields": sorted(sheet.fields),
        "answers": {question: [text, at.isoformat()] for question, (text, at) in sheet.answers.items()},
        "evidence": sheet.evidence,
        "attachments": sorted(sheet.attachments),
        "offers": sorted(sheet.offers),
    }


def _sheet_in(values: dict[str, Any]) -> GroundSheet:
    applies = values["applies"]
    return GroundSheet(
        applies=None if applies is None else bool(applies),
        fields=set(values["fields"]),
        answers={
            question: (str(text), datetime.fromisoformat(at).astimezone(UTC))
            for question, (text, at) in values["answers"].items()
        },
        evidence=str(values["evidence"]),
        attachments=set(values.get("attachments", ())),
        offers=set(values["offers"]),
    )
