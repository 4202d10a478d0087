"""A complete refusal, proposed straight through the service, for the screens that come after it."""

from datetime import datetime

from cs_console.decisions.checklist import Answer, Finding, Proposal, check, fields_for, grounds_for, propose
from cs_console.desk import Desk
from cs_console.tickets.conversation import reload
from models.enums import Outcome


def refusal(desk: Desk, number: int, code: str = "S4", *, now: datetime | None = None) -> Proposal:
    """A refusal of everything on one ground of the pack, with every question answered."""
    at = now or desk.office.clock.now()
    pack = desk.office.packs.current
    ground = next(one for one in grounds_for(desk, number) if one.code == code)
    words = {"yes_no": "yes", "date": "2027-05-01", "text": "Seven requests in two days, each sent to annoy."}
    finding = Finding(
        ground=code,
        applies=True,
        fields=tuple(choice.key for choice in fields_for(desk, number)),
        answers=tuple(Answer(question.id, words[question.kind], at) for question in ground.questions),
        evidence=("Seven mails of one morning", "The note of the call on 19 November"),
        offers=tuple(key for key, _ in ground.offers[:1]),
    )
    return Proposal(request=next(iter(pack.rights)), outcome=Outcome.REFUSE, findings=(finding,))


def propose_refusal(desk: Desk, number: int, code: str = "S4") -> str:
    """Propose it and return the decision's id."""
    proposal = refusal(desk, number, code)
    problems = check(desk.office.packs.current, proposal, desk.office.clock.now())
    assert not problems, problems
    return propose(desk, number, reload(desk, number).row, proposal)
