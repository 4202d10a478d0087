"""The steps of the other kinds as the pack gives them, and what `policy check` says of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cs_console.errors import NoticeIncomplete
from cs_console.policy.schema import Pack
from cs_console.settlements.settling_letter import make_letter
from cs_console.settlements.settling_rules import Settling, asked
from models.enums import TicketKind
from models.roles import Role
from tests.adoption.test_pack_check import GOOD, broken
from tests.decisions.cases import pack
from tests.settlements.settlements import settling, workflow

NOW = datetime(2026, 11, 20, tzinfo=UTC)
APPEAL, REPORT = "kinds.appeal.workflow", "kinds.report.workflow"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('independent = "decided"', 'independent = "decide"', f"{APPEAL}.independent", "did you mean 'decided'?"),
        (
            'matter = true\nindependent = "decided"',
            'independent = "decided"',
            f"{APPEAL}.independent",
            "nothing can be named",
        ),
        ('id = "new"', 'id = "evidence"', f"{APPEAL}.questions[2].id", "occurs twice"),
        (
            'names_matter = ["ticket", "person"]',
            'names_matter = ["tickets"]',
            f"{APPEAL}.questions[0].names_matter",
            "no",
        ),
        ("needs = { yes = ", "needs = { maybe = ", f"{REPORT}.questions[1].needs", "'maybe' is not one of its answers"),
        (
            'kind = "basis", when',
            'kind = "text", when',
            f"{REPORT}.questions[3].kind",
            "a question for the basis before",
        ),
        (
            'when = { question = "third", answer = "yes" }',
            'when = { question = "fourth", answer = "yes" }',
            f"{REPORT}.questions[2].when",
            "is not asked before it",
        ),
        (
            'when = { question = "third", answer = "yes" }',
            'when = { question = "third", answer = "true" }',
            f"{REPORT}.questions[2].when",
            "is not an answer to 'third'",
        ),
        (
            'when = { question = "third", answer = "yes" }',
            'when = { question = "what", answer = "yes" }',
            f"{REPORT}.questions[2].when",
            "has no fixed answers",
        ),
        ('kind = "yes_no", needs', 'kind = "choice", needs', f"{REPORT}.questions[1].choices", "of the kind choice"),
        (
            'becomes = "rights"',
            'becomes = "inquiry"',
            "kinds.inquiry.workflow.outcomes.turned.becomes",
            "already its kind",
        ),
        ("tells_claimed", "tell_claimed", f"{REPORT}.tell_claimed", "did you mean 'tells_claimed'?"),
        (
            "taken measures",
            "taken {{ measures }}",
            f"{REPORT}.outcomes.acted.told",
            "names 'measures', which is no",
        ),
        ("{{ told }}", "", "settling.template", "does not contain {{ told }}"),
        ("{{ told }}", "{{ tld }}", "settling.template", "names 'tld', which is not a part of this text (did you mean"),
        ('#{{ ticket }}"\ntemplate', '"\ntemplate', "notice.subject", "does not contain {{ ticket }}"),
    ],
)
def test_each_mistake_in_a_workflow_is_named(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    found = [problem for problem in broken(tmp_path, old, new) if problem.key == key]
    assert len(found) == 1
    assert says in found[0].message


def test_a_pack_that_tells_has_a_letter(tmp_path: Path) -> None:
    start = GOOD.index("[settling]")
    letter = GOOD[start : GOOD.index("# --- the confidentiality undertaking")]
    [problem] = broken(tmp_path, letter, "")
    assert (problem.key, problem.message) == ("settling", "is missing, but workflows send letters about the outcome")


def test_hauthomes_kinds_have_their_steps() -> None:
    kinds = pack().kinds
    assert {kind for kind in TicketKind if kinds[kind].workflow is None} == {TicketKind.RIGHTS}
    assert workflow(TicketKind.APPEAL).independent == "decided"
    assert workflow(TicketKind.COMPLAINT).independent == "took part"
    assert Role.AGENT not in workflow(TicketKind.COMPLAINT).owners
    assert {kind for kind in TicketKind if kinds[kind].workflow and workflow(kind).by_hand} == {TicketKind.INQUIRY}
    assert workflow(TicketKind.INQUIRY).outcomes["turned"].becomes is TicketKind.RIGHTS
    third = workflow(TicketKind.REPORT).question("third")
    assert third is not None and third.needs == {"yes": (Role.SUPERVISOR,)}


def test_the_ninth_basis_alone_asks_for_its_citation() -> None:
    rules = workflow(TicketKind.REPORT)
    for exception in pack().consent_exceptions:
        ids = [one.id for one in asked(pack(), rules, {"third": "yes", "basis": str(exception.number)})]
        assert ("citation" in ids) == (exception.number == 9)
    assert "basis" not in [one.id for one in asked(pack(), rules, {"third": "no"})]


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.REPORT, TicketKind.COMPLAINT])
def test_every_letter_says_how_it_ended_and_how_to_go_on(kind: TicketKind) -> None:
    for key, outcome in workflow(kind).outcomes.items():
        letter = make_letter(pack(), kind, settling(kind, key), 10_482, NOW, NOW)
        for words in (
            *("#10482", "Received: 20 November 2026", outcome.title, outcome.told, "With us:", "With the regulator:"),
            *("In court:", pack().meta.contact, "version 2023-08"),
        ):
            assert words in letter
        assert not outcome.reasons or next(iter(outcome.reasons.values())) in letter


@pytest.mark.parametrize("part", ["reason", "complain_court", "contact", "told"])
def test_a_letter_without_a_required_part_is_refused(part: str) -> None:
    rules = pack().settling
    assert rules is not None
    template = rules.template.replace(f"{{{{ {part} }}}}", "")
    mended: Pack = pack().model_copy(update={"settling": rules.model_copy(update={"template": template})})
    with pytest.raises(NoticeIncomplete, match=part):
        make_letter(mended, TicketKind.APPEAL, settling(TicketKind.APPEAL), 10_482, NOW, NOW)


def test_an_outcome_that_tells_nothing_makes_no_letter() -> None:
    assert make_letter(pack(), TicketKind.INQUIRY, Settling("answered"), 10_482, NOW, NOW) == ""
