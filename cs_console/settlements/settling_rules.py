"""What is wrong with a settlement: the pack's workflow applied to the answers, without any store."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from cs_console.decisions.rules import Problem
from cs_console.errors import BasisRequired, ConsoleError, SettlementIncomplete, WrongList
from cs_console.policy.ground_rules import ConsentException
from cs_console.policy.parts import nearest
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowQuestion, WorkflowRules
from models.roles import Role


@dataclass(frozen=True)
class Settling:
    """How a ticket is to end: a key of the workflow's outcomes, one of its reasons, an answer by question."""

    outcome: str
    answers: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def asked(pack: Pack, rules: WorkflowRules, answers: dict[str, str]) -> tuple[WorkflowQuestion, ...]:
    """The questions that these answers leave to be asked, in the pack's order."""
    found: list[WorkflowQuestion] = []
    for question in rules.questions:
        when = question.when
        if when is not None and said(pack, rules, answers, when.question) != when.answer:
            continue
        if question.kind == "citation" and not any(_cited(pack, answers.get(one.id, "")) for one in found):
            continue
        found.append(question)
    return tuple(found)


def said(pack: Pack, rules: WorkflowRules, answers: dict[str, str], question_id: str) -> str:
    """One answer as the pack spells it: "yes" or "no" in whatever language, a key of the choices, the text itself."""
    text, question = answers.get(question_id, "").strip(), rules.question(question_id)
    return pack.checklist.plain_word(text) if question is not None and question.kind == "yes_no" else text


def names_matter(pack: Pack, rules: WorkflowRules, answers: dict[str, str]) -> bool:
    """Whether these answers need what the ticket is about to be named."""
    questions = asked(pack, rules, answers)
    return any(said(pack, rules, answers, one.id) in one.names_matter for one in questions)


def needed_roles(pack: Pack, rules: WorkflowRules, settling: Settling) -> tuple[tuple[Role, ...], ...]:
    """Sets of roles; the agent who settles it this way holds one of each."""
    answers = settling.answers
    by_answer = (
        one.needs.get(said(pack, rules, answers, one.id), ()) for one in asked(pack, rules, answers) if one.needs
    )
    outcome = rules.outcomes.get(settling.outcome)
    wanted = [rules.owners, *by_answer, outcome.needs if outcome is not None else ()]
    return tuple(roles for roles in wanted if roles)


def settling_problems(pack: Pack, rules: WorkflowRules, settling: Settling) -> Iterator[Problem]:
    """Everything that blocks this settlement: wrong lists and bases first, then what is missing or cannot be used."""
    questions = asked(pack, rules, settling.answers)
    for question in questions:
        if question.kind in {"basis", "citation"}:
            yield from _basis_problems(pack, question, settling.answers.get(question.id, "").strip())
    known = {question.id for question in rules.questions}
    for name in settling.answers:
        if name not in known:
            yield _incomplete(f"{name!r} is not asked{nearest(name, known)}.")
    for question in questions:
        if question.kind not in {"basis", "citation"}:
            yield from _answer_problems(pack, rules, question, settling.answers)
    yield from _outcome_problems(rules, settling)


def settling_to_json(settling: Settling) -> str:
    """The settlement as one JSON object."""
    values = {"outcome": settling.outcome, "reason": settling.reason, "answers": settling.answers}
    return json.dumps(values, ensure_ascii=False)


def settling_from_json(text: str) -> Settling:
    """The settlement again. Raises ValueError for anything that `settling_to_json` did not write."""
    try:
        values = json.loads(text)
        answers = {str(key): str(words) for key, words in values["answers"].items()}
        return Settling(str(values["outcome"]), answers, str(values["reason"]))
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError("not a settlement") from problem


def exception_of(pack: Pack, text: str) -> ConsentException | None:
    """The consent exception of that number."""
    number = text.strip().strip("()")
    return next((one for one in pack.consent_exceptions if str(one.number) == number), None)


def _cited(pack: Pack, text: str) -> bool:
    found = exception_of(pack, text)
    return found is not None and found.needs_citation


def _basis_problems(pack: Pack, question: WorkflowQuestion, text: str) -> Iterator[Problem]:
    if len(text) > pack.checklist.answer_limit:
        yield _incomplete(f'The answer to "{question.text}" is too long.')
    elif question.kind == "citation":
        if pack.checklist.says_nothing(text):
            yield Problem(BasisRequired, f'"{question.text}" has no answer, and this basis needs one.')
    elif pack.ground(text.upper()) is not None:
        words = f"{text.upper()} is a ground to refuse a request, not a basis for collecting without consent."
        yield Problem(WrongList, words)
    elif exception_of(pack, text) is None:
        yield Problem(BasisRequired, f'"{question.text}" needs one of the {len(pack.consent_exceptions)} bases.')


def _answer_problems(
    pack: Pack, rules: WorkflowRules, question: WorkflowQuestion, answers: dict[str, str]
) -> Iterator[Problem]:
    text, words = answers.get(question.id, ""), f'"{question.text}"'
    if pack.checklist.says_nothing(text):
        if question.required:
            yield _incomplete(f"{words} has no answer.")
        return
    if len(text) > pack.checklist.answer_limit:
        yield _incomplete(f"The answer to {words} is too long.")
    answer = said(pack, rules, answers, question.id)
    if question.kind == "yes_no" and answer not in {"yes", "no"}:
        yield _incomplete(f"{words} needs yes or no.")
    if question.kind == "choice" and answer not in question.choices:
        yield _incomplete(f"{words} needs one of {', '.join(question.choices)}{nearest(answer, question.choices)}.")


def _outcome_problems(rules: WorkflowRules, settling: Settling) -> Iterator[Problem]:
    outcome = rules.outcomes.get(settling.outcome)
    if outcome is None:
        yield _incomplete("Choose an outcome.")
        return
    if outcome.reasons and settling.reason not in outcome.reasons:
        yield _incomplete(f"{outcome.title}: choose the reason that the letter gives.")
    if settling.reason and not outcome.reasons:
        yield _incomplete(f"{outcome.title}: there is no reason to choose from.")


def _incomplete(text: str) -> Problem:
    return Problem(SettlementIncomplete, text)


def refuse_first(found: Iterator[Problem]) -> None:
    """Raise the first problem as its refusal, if there is one."""
    first = next(found, None)
    if first is not None:
        refusal: type[ConsoleError] = first.refusal
        raise refusal(first.text, "Go back to the questions and correct it.")
