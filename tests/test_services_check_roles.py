"""Invariant 8: a service does not trust its caller's role."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import cs_console
from cs_console.adoption.adopting import adopt
from cs_console.backups.making import Store, back_up
from cs_console.custody.rotation import rotate
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import NotAllowed
from cs_console.intake.intake import import_jsonl
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import one_at_a_time
from cs_console.intake.on_file import put_on_file
from models.contact_fields import Field
from models.roles import Role
from tests.support.desk import TestDesk

RECORD = RequesterRecord(account="u1", contacts=((Field.EMAIL, "alice@example.org"),), language="en", changed_at=None)

OPERATORS_ALONE: dict[str, Callable[[DeskSession, Path], object]] = {
    "adopt": lambda session, folder: adopt(session, "gdpr-2018-05"),
    "import_jsonl": lambda session, folder: import_jsonl(session, folder / "lines.jsonl"),
    "put_on_file": lambda session, folder: put_on_file(session, RECORD, one_at_a_time(session.desk.keyring)),
    "rotate": lambda session, folder: rotate(session),
    "back_up": lambda session, folder: back_up(session, folder / "copy.db", Store.DATABASE),
}

CHECK_INSIDE = {
    "staff/undertakings.py:accept": "one's own undertaking",
    "custody/drafts.py:discard_draft": "one's own draft",
    "erasure/erasure.py:confirm_erasure": "the approvers that the pack names, read in the same transaction",
    "decisions/approval.py:approve": "the roles that the proposal needs, read in the same transaction",
    "decisions/approval.py:return_proposal": "the roles that the proposal needs, read in the same transaction",
    "decisions/approval.py:withdraw": "one's own proposal",
    "decisions/approval.py:require_may_approve": "the roles that the proposal needs",
}
"""Services that any live session may call, and what they ask instead of a role."""


@pytest.mark.parametrize("name", OPERATORS_ALONE)
def test_no_agents_session_does_what_is_the_operators(sqlite_desk: TestDesk, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "lines.jsonl").write_text('{"type": "message", "id": "1", "text": "x"}\n')
    everything = sqlite_desk.session("eve", *Role)
    with pytest.raises(NotAllowed):
        OPERATORS_ALONE[name](everything, folder)
    assert [file.name for file in folder.iterdir()] == ["lines.jsonl"]


def test_the_operator_does_it(sqlite_desk: TestDesk) -> None:
    put_on_file(operator_session(sqlite_desk.desk), RECORD, one_at_a_time(sqlite_desk.desk.keyring))


@pytest.mark.core
def test_every_service_that_changes_something_names_who_may() -> None:
    """It begins its work for a role or for the operator, by itself or by a function beside it; the rest is listed."""
    root = Path(cs_console.__file__).parent
    open_to_all = set()
    for file in sorted(root.rglob("*.py")):
        tree = ast.parse(file.read_text())
        here = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name, node in here.items():
            first = node.args.args[0] if node.args.args else None
            if name.startswith("_") or first is None or first.annotation is None:
                continue
            if ast.unparse(first.annotation).strip("'\"") != "DeskSession" or first.arg != "session":
                continue
            begun = [call for part in _reached(name, here) for call in _begins(here[part])]
            if any(not call.args and not call.keywords for call in begun):
                open_to_all.add(f"{file.relative_to(root).as_posix()}:{name}")
    changing = {one for one in open_to_all if one not in READ_ONLY}
    assert changing == set(CHECK_INSIDE)


READ_ONLY = {
    "casework/needs.py:needs_of",
    "custody/drafts.py:find_draft",
    "custody/drafts.py:load_draft",
    "tickets/ticket_record.py:refusals_on_record",
}
"""One's own draft, counts of what waits for oneself; and a refusal that is written down."""


def _reached(name: str, here: dict[str, ast.FunctionDef]) -> set[str]:
    """The functions of the same file that this one calls, in as many steps as it takes."""
    seen, left = set(), [name]
    while left:
        one = left.pop()
        seen.add(one)
        names = {node.id for node in ast.walk(here[one]) if isinstance(node, ast.Name)}
        left += [other for other in names & set(here) if other not in seen]
    return seen


def _begins(node: ast.FunctionDef) -> list[ast.Call]:
    return [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr in {"work", "reading"}
        and isinstance(one.func.value, ast.Name)
        and one.func.value.id == "session"
    ]
