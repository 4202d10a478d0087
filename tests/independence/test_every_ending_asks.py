"""Every act that ends, turns or gives away a ticket asks who must keep away from it; a new one cannot forget to."""

import ast
from pathlib import Path

import pytest

import cs_console

QUESTIONS = {"require_not_own", "_require_independent", "excluded_agents", "require_may_settle"}
"""What asks it, by name."""

ASKED_IN = {
    "casework/workflow.py:_claim": ("casework/workflow.py:_claim",),
    "casework/workflow.py:_assign": ("casework/workflow.py:_assign",),
    "casework/workflow.py:name_reviewer": ("casework/workflow.py:name_reviewer",),
    "casework/workflow.py:_set_state": ("casework/workflow.py:_set_state",),
    "casework/workflow.py:_set_kind": ("casework/workflow.py:_set_kind",),
    "intake/filing.py:_keeps_away": ("intake/filing.py:_keeps_away",),
    "settlements/settling.py:_end": ("settlements/settling.py:_settle",),
    "decisions/fee_steps.py:_fee_unpaid": ("decisions/fee_steps.py:_fee_unpaid",),
    "decisions/finalise.py:_settle_ticket": ("decisions/checklist.py:_propose", "decisions/approval.py:_open_decision"),
}
"""The functions that write it, and those that ask before they are called."""

NEED_NOT_ASK = {
    "casework/workflow.py:_without_who_keeps_away": "it goes back to the queue because its agent has to keep away",
    "casework/workflow.py:release": "it goes back to the queue, and taking it asks",
    "decisions/review.py:open_for_review": "it is opened to be decided again, and loses the agent who had it",
    "verification/closure.py:_act": "the console closes it by the pack's own rule",
    "intake/threads.py:wake": "its requester wrote",
    "custody/erasing.py:wipe": "its requester is erased",
}


WORDS = ("assignee_id=", "'assignee_id':", "closed_at=", "'closed_at':", "turned.values")


def functions() -> dict[str, ast.FunctionDef]:
    return {name: node for name, node in top_level().items() if isinstance(node, ast.FunctionDef)}


def top_level() -> dict[str, ast.stmt]:
    """The functions, and the statements made once for a whole file, by file and name."""
    root = Path(cs_console.__file__).parent
    found: dict[str, ast.stmt] = {}
    for file in sorted(root.rglob("*.py")):
        place = file.relative_to(root).as_posix()
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                found[f"{place}:{node.name}"] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[f"{place}:{node.targets[0].id}"] = node
    return found


def called(node: ast.AST) -> set[str]:
    calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    return {
        func.id if isinstance(func, ast.Name) else func.attr
        for func in calls
        if isinstance(func, ast.Name | ast.Attribute)
    }


def writes_an_ending(node: ast.stmt) -> bool:
    """Whether it changes a ticket's row, and names whose it is, its kind, or that it is closed."""
    text = ast.unparse(node)
    changes = "change" in called(node) or "update(Ticket)" in text
    return changes and any(word in text for word in WORDS)


def endings() -> set[str]:
    """The functions that write one, themselves or by a statement that their file made once."""
    known = top_level()
    found = {name for name, node in known.items() if writes_an_ending(node)}
    prepared = {name for name in found if not isinstance(known[name], ast.FunctionDef)}
    for statement in prepared:
        place, _, name = statement.partition(":")
        assert name.startswith("_"), f"{statement} could be run from another file"
        found |= {one for one, node in functions().items() if one.startswith(f"{place}:") and name in names_in(node)}
    return found - prepared


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


@pytest.mark.core
def test_every_act_that_ends_or_turns_a_ticket_asks_who_must_keep_away() -> None:
    known = functions()
    assert endings() == set(ASKED_IN) | set(NEED_NOT_ASK)
    for name, askers in ASKED_IN.items():
        for asker in askers:
            assert called(known[asker]) & QUESTIONS, f"{name}: {asker} does not ask"
