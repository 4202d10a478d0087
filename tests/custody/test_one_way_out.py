"""Nothing but custody's own few modules can open what was sealed."""

import ast
from functools import cache
from pathlib import Path

import pytest

from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.safe_views import SAFE_COLUMNS, open_safe
from cs_console.custody.sealing import Place, seal
from cs_console.errors import SealBroken

ROOT = Path(__file__).parents[2]
OPENERS = {
    *("contact_match", "disclosure", "contacts", "on_file", "safe_views", "sending", "attachment_labels"),
    "answered_mail",
    *("ticket_keys", "ticket_key_upgrade", "handing_over", "index_rotation", "suppression"),
    *("taken_back", "factor_secrets", "drafts", "reply_files", "set_aside", "marked_terms"),
}
"""disclosure: for a person, on record. contact_match, contacts, on_file, sending, answered_mail: for machines.
safe_views: masks and redactions. attachment_labels: redacted at once. ticket_keys to suppression: keys and look-ups,
sealed again at once. taken_back to reply_files: what an agent's own account gave. set_aside: mail that belongs to
no requester, on record for a person. marked_terms: to redact, never to show.
"""
KEY = bytes(range(32))
PLACE = Place("requester", "contact", "value", "row")


@cache
def _imports(file: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    return tuple(names)


def _who_imports(module: str) -> set[str]:
    files = [file for folder in ("cs_console", "screens", "models") for file in (ROOT / folder).rglob("*.py")]
    return {
        file.relative_to(ROOT).as_posix()
        for file in files
        if any(name == module or name.startswith(f"{module}.") for name in _imports(file))
    }


@pytest.mark.core
def test_only_the_named_modules_of_custody_import_the_opening() -> None:
    allowed = {f"cs_console/custody/{name}.py" for name in OPENERS}
    found = _who_imports("cs_console.custody.opening")
    assert "cs_console/custody/disclosure.py" in found  # the search finds something
    assert found <= allowed


@pytest.mark.parametrize(
    "opener",
    [
        "contacts.known_values",
        "contacts.address_for_sending",
        "sending.line_for_sending",
        "answered_mail.answered_mail",
        "set_aside.set_aside_for_filing",
    ],
)
def test_what_is_opened_for_a_machine_is_opened_by_no_screen_and_no_command(opener: str) -> None:
    found = _who_imports(f"cs_console.custody.{opener}")
    assert found
    assert not [name for name in found if name.startswith(("screens/", "cs_console/commands/", "cs_console/app"))]


def test_typed_words_are_opened_as_they_were_stored_by_few() -> None:
    """For rules (proposal), a letter sent again (resend_notice), a form brought back to its writer
    (taking_back), or to hide what is known in a part of it at once."""
    assert _who_imports("cs_console.custody.safe_views.open_typed") == {
        "cs_console/custody/typed_words.py",
        "cs_console/decisions/proposal.py",
        "cs_console/decisions/resend_notice.py",
        "cs_console/erasure/holds.py",
        "cs_console/settlements/settled.py",
        "cs_console/settlements/taking_back.py",
    }


def test_ciphers_are_imported_under_custody_and_by_the_logs_signature_alone() -> None:
    found = _who_imports("cryptography")
    assert "cs_console/custody/opening.py" in found
    assert all(name.startswith(("cs_console/custody/", "cs_console/access_log/")) for name in found)


def test_what_was_sealed_opens_in_its_place_alone() -> None:
    """ASVS 11.3.3."""
    sealed = seal(KEY, PLACE, "värde 王 \ud800")
    assert open_text(KEY, PLACE, sealed) == "värde 王 \ud800"
    elsewhere = (
        Place("other", "contact", "value", "row"),
        Place("requester", "ticket", "value", "row"),
        Place("requester", "contact", "mask", "row"),
        Place("requester", "contact", "value", "row2"),
    )
    for place in elsewhere:
        with pytest.raises(SealBroken):
            open_sealed(KEY, place, sealed)
    with pytest.raises(SealBroken):
        open_sealed(bytes(32), PLACE, sealed)


@pytest.mark.parametrize("at", [0, 1, 12, 13, -1])
def test_one_changed_byte_anywhere_breaks_the_seal(at: int) -> None:
    sealed = bytearray(seal(KEY, PLACE, "value"))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        open_sealed(KEY, PLACE, bytes(sealed))


def test_no_two_seals_are_alike() -> None:
    """A fresh nonce each time (ASVS 11.3.4)."""
    assert len({seal(KEY, PLACE, "value") for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("contact", "value"),
        ("ticket", "subject"),
        ("message", "text"),
        ("message", "headers"),
        ("attachment", "label"),
        ("attachment", "content"),
        ("quarantined", "content"),
        ("quarantined", "subject"),
    ],
)
def test_originals_do_not_open_as_safe_views(table: str, column: str) -> None:
    place = Place("requester", table, column, "row")
    assert (table, column) not in SAFE_COLUMNS
    with pytest.raises(SealBroken):
        open_safe(KEY, place, seal(KEY, place, "value"))
