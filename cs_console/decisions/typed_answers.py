"""Which words of a proposal were typed: they alone are redacted, and nothing that a rule reads."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cs_console.decisions.evidence import is_attachment
from cs_console.decisions.proposal import Answer, Finding, Proposal
from cs_console.policy.schema import Pack


def with_typed(pack: Pack, proposal: Proposal, hide: Callable[[str], str]) -> Proposal:
    """The proposal with each typed text in it as `hide` returns it: answers, evidence in words, the items of a fee.

    Answers on a ground that does not apply are left out: they were typed before that was found, and are ignored.
    """

    def hide_answers(finding: Finding) -> Iterable[Answer]:
        ground = pack.ground(finding.ground)
        typed = {question.id for question in ground.questions if question.kind == "text"} if ground else set()
        for answer in finding.answers:
            yield replace(answer, text=hide(answer.text)) if answer.question in typed else answer

    def hide_finding(finding: Finding) -> Finding:
        if not finding.applies:
            return Finding(finding.ground, applies=False)
        ground = pack.ground(finding.ground)
        numbers = ground is not None and ground.evidence.kind == "tickets"
        kept = (item if numbers or is_attachment(item) else hide(item) for item in finding.evidence)
        return replace(finding, answers=tuple(hide_answers(finding)), evidence=tuple(kept))

    fee = proposal.fee
    if fee is not None:
        fee = replace(fee, items=tuple((hide(name), cost) for name, cost in fee.items))
    return replace(proposal, findings=tuple(hide_finding(finding) for finding in proposal.findings), fee=fee)
