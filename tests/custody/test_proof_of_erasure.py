"""Destruction needs proof: no row, file or older keyring destroys anyone whose erasure the log does not show."""

import base64
import json
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import col
from typer.testing import CliRunner, Result

from cs_console.access_log.append import append
from cs_console.access_log.checkpoint import log_signer, write_checkpoint
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Store, back_up
from cs_console.backups.restoring import Consent, accept, finish, restore
from cs_console.casework.conversation import open_ticket
from cs_console.commands import app
from cs_console.custody import erasing
from cs_console.custody.drafts import drop_old_drafts, save_draft
from cs_console.custody.erasing import BroughtBack, apply_again, brought_back, carry_out, finish_all
from cs_console.custody.erasure_proof import proof_of
from cs_console.custody.tombstones import is_proof, put_tombstone, tombstone_lines
from cs_console.desk import Desk, operator_session
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import BadInput, ConsoleError, ErasureNotProven, NotAllowed, SignInRefused
from cs_console.opening import open_desk
from cs_console.staff import accounts
from cs_console.staff.sign_in import sign_in
from models.columns import microseconds, new_id
from models.enums import Action, ErasureCause, ErasureState, RequesterState
from models.erasure import Erasure, Hold
from models.requester import Requester
from models.roles import Role
from tests.access_log.tampering import as_older_desks_wrote
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")

NOW = "2026-11-20T09:00:00Z"


def said(desk: Desk) -> Path:
    return desk.settings.checkpoint_folder / "erased.txt"


def write(desk: Desk, *lines: str) -> None:
    said(desk).parent.mkdir(parents=True, exist_ok=True)
    with said(desk).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def is_alive(desk: Desk, ticket: MadeTicket) -> bool:
    with desk.database.reading() as db:
        state = db.get_one(Requester, ticket.requester_id).state
    return state != RequesterState.ERASED and ticket.requester_id in desk.keyring.keys([ticket.requester_id])


def alive_again(desk: Desk) -> None:
    """The data as it stood before an erasure, as far as it matters here."""
    with desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=RequesterState.ACTIVE))
        db.connection().execute(text("DELETE FROM erasure"))


# --- nothing but a proof


def test_an_older_keyring_and_restore_finish_erase_no_one(sqlite_desk: TestDesk) -> None:
    desk, home = sqlite_desk.desk, sqlite_desk.desk.settings.home
    make_ticket(sqlite_desk)
    old = back_up(operator_session(desk), home.parent / "old-keyring", Store.KEYRING).file
    newest = home.parent / "newest-keyring"
    living = [make_ticket(sqlite_desk) for _ in range(5)]
    desk.close()
    shutil.copy(home / "keyring.db", newest)
    shutil.copy(old, home / "keyring.db")
    done = finish(desk.settings, "the keyring was put back", sqlite_desk.clock)
    assert (done.erased_again, done.without_key) == (0, 5)
    desk.close()
    for end in ("", "-wal", "-shm"):
        (home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(newest, home / "keyring.db")  # what the message tells to do
    opened = open_desk(desk.settings, sqlite_desk.clock)
    mei = TestDesk(opened, sqlite_desk.clock).session("mei", Role.AGENT)
    for ticket in living:
        assert open_ticket(mei, ticket.number).subject == "A question"
    opened.close()


def test_no_line_of_anyones_destroys_anything(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    living, held = make_ticket(test_desk), make_ticket(test_desk)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, held.number, "court", "Order 17", until)
    erased, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    [line] = said(desk).read_text().splitlines()
    proof = line.split()[2]
    for one in (living, held):
        write(desk, f"{one.requester_id} {NOW}", f"{one.requester_id} {NOW} {proof}", one.requester_id)
    write(desk, f"desk:log-tag {NOW}", f"desk:index:mobile {NOW}", f"agent:{who.mei.agent.id} {NOW}", "%%% ?", "")
    changed = json.loads(base64.b64decode(proof)) | {"requester": living.requester_id}
    write(desk, f"{living.requester_id} {NOW} {base64.b64encode(json.dumps(changed).encode()).decode()}")
    assert apply_again(desk) == 0
    assert is_alive(desk, living)
    assert is_alive(desk, held)
    assert brought_back(desk).unproven == 2
    assert finish(desk.settings, "a look", test_desk.clock).erased_again == 0
    accounts.add_agent(operator_session(desk), "nina", (Role.AGENT,), PASSWORD)
    sign_in(desk, "nina", PASSWORD)  # and no one is kept out by such lines
    assert is_alive(desk, living)
    assert verify_log(desk).ok
    assert not is_alive(desk, erased)


def test_a_line_that_an_older_desk_signed_is_still_a_proof(test_desk: TestDesk) -> None:
    """Its entry has no salt, and the line does not say so."""
    desk, who = test_desk.desk, people(test_desk)
    _, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    as_older_desks_wrote(test_desk)
    said(desk).unlink()
    with desk.database.reading() as db:
        found = proof_of(db, desk, Action.REQUESTER_ERASED, db.get_one(Erasure, erasure_id))
        assert found is not None
        put_tombstone(db, desk, desk.settings, found)
    owner, at, proof = said(desk).read_text().split()
    shape = json.loads(base64.b64decode(proof))
    assert shape["entry"].pop() is None
    said(desk).write_text(f"{owner} {at} {base64.b64encode(json.dumps(shape).encode()).decode()}\n")
    [line] = tombstone_lines(desk.settings)
    with desk.database.reading() as db:
        assert is_proof(desk, log_signer(db, desk), line)


def test_erasing_again_asks_for_the_proof_itself(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However someone came to be named: the log, or a signed line with its entry, has to say that they were erased."""
    desk, living = test_desk.desk, make_ticket(test_desk)
    monkeypatch.setattr(erasing, "brought_back", lambda *_: BroughtBack((living.requester_id,), (), 0))
    with pytest.raises(ErasureNotProven):
        apply_again(desk)
    assert is_alive(desk, living)


@pytest.mark.parametrize("state", [ErasureState.APPROVED, ErasureState.HELD])
def test_an_erasure_that_only_a_row_states_is_not_carried_out(test_desk: TestDesk, state: ErasureState) -> None:
    desk, ticket = test_desk.desk, make_ticket(test_desk)
    forged = Erasure(
        id=new_id(),
        requester_id=ticket.requester_id,
        ticket_number=ticket.number,
        cause=ErasureCause.REQUEST,
        state=state,
        proposed_at=test_desk.clock.now(),
        approved_at=test_desk.clock.now(),
    )
    forged_id = forged.id
    with desk.database.transaction() as db:
        db.add(forged)
    with pytest.raises(ErasureNotProven, match="Nothing was erased"):
        finish_all(desk)
    if state is ErasureState.APPROVED:
        with pytest.raises(ErasureNotProven):
            carry_out(desk, forged_id)
    assert is_alive(desk, ticket)
    assert not said(desk).exists()


def test_a_genuine_erasure_does_not_stand_for_someone_elses(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    victim = make_ticket(test_desk)
    _, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with desk.database.transaction() as db:
        moved = {"requester_id": victim.requester_id, "state": ErasureState.APPROVED}
        db.connection().execute(update(Erasure).where(col(Erasure.id) == erasure_id).values(moved))
    with pytest.raises(ErasureNotProven):
        finish_all(desk)
    assert is_alive(desk, victim)


def test_a_hold_whose_row_was_removed_holds_all_the_same(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "court", "Order 17", until)
    assert not confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    with desk.database.transaction() as db:
        db.connection().execute(delete(Hold))
    with pytest.raises(ErasureNotProven, match="a hold"):
        finish_all(desk)
    assert ticket.requester_id in desk.keyring.keys([ticket.requester_id])


# --- and the honest ways still erase


def test_a_backup_from_before_the_erasure_is_erased_again_by_the_signed_line(sqlite_desk: TestDesk) -> None:
    """The restored log ends before the entry, and the keyring is of that day too: only the line proves it."""
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    ticket, erasure_id = proposed(sqlite_desk, who)
    home = desk.settings.home
    kept = back_up(operator_session(desk), home.parent / "day.backup", Store.DATABASE).file
    keys = back_up(operator_session(desk), home.parent / "day.keyring", Store.KEYRING).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    desk.close()
    for end in ("-wal", "-shm"):
        (home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(keys, home / "keyring.db")
    assert restore(desk.settings, kept, "the disk broke", sqlite_desk.clock).erased_again == 1
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        assert not opened.keyring.keys([ticket.requester_id])
        assert verify_log(opened).ok


def test_who_is_held_in_the_restored_data_is_restricted_until_then(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    alive_again(desk)
    key = desk.keyring.create(ticket.requester_id)
    now = test_desk.clock.now()
    hold = Hold(
        requester_id=ticket.requester_id,
        ticket_number=ticket.number,
        note=b"",
        agent_id=who.ines.agent.id,
        placed_at=now,
        until=now + timedelta(days=10),
    )
    with desk.database.transaction() as db:
        about = {"hold": hold.id, "until": str(microseconds(hold.until)), "by": hold.agent_id}
        db.add(hold)
        db.flush()
        append(db, desk, who.ines.actor, Entry(Action.HOLD_PLACED, ticket=ticket.number, about=about), now)
    for _ in range(2):
        assert apply_again(desk) == 0
        with desk.database.reading() as db:
            assert db.get_one(Requester, ticket.requester_id).state == RequesterState.RESTRICTED
    assert desk.keyring.key(ticket.requester_id) == key
    test_desk.clock.forward(days=11)
    finish_all(desk)
    assert not desk.keyring.keys([ticket.requester_id])


# --- the number, and a second person


def run(desk: Desk, *arguments: str, password: str | None = None) -> Result:
    return CliRunner().invoke(app, ["--home", str(desk.settings.home), *arguments], input=password)


def came_back(test_desk: TestDesk) -> MadeTicket:
    """A requester whose erasure the log proves but whose data is back."""
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    alive_again(desk)
    return ticket


def test_restore_finish_names_the_number_and_needs_a_second_person(sqlite_desk: TestDesk) -> None:
    desk, ticket = sqlite_desk.desk, came_back(sqlite_desk)
    accounts.add_agent(operator_session(desk), "vito", (Role.VERIFIER,), PASSWORD)
    finishing = ("restore", "--finish", "--reason", "put back")
    asked = run(desk, *finishing)
    assert asked.exit_code == 2
    assert "would erase 1 person again" in asked.stderr
    assert "--erases 1 --second NAME" in asked.stderr
    wrong = (
        (("--erases", "2", "--second", "omar"), PASSWORD, "would erase 1 person"),
        (("--erases", "1"), PASSWORD, "second person"),
        (("--erases", "1", "--second", "vito"), PASSWORD, "is not supervisor"),
        (("--erases", "1", "--second", "noone"), PASSWORD, "do not match"),
        (("--erases", "1", "--second", "omar"), "not the password", "do not match"),
    )
    for options, password, words in wrong:
        refused = run(desk, *finishing, *options, password=password)
        assert (refused.exit_code, words in refused.stderr) == (2, True), (options, refused.stderr)
    with desk.database.reading() as db:
        assert db.get_one(Requester, ticket.requester_id).state == RequesterState.ACTIVE
    done = run(desk, *finishing, "--erases", "1", "--second", "omar", "--json", password=PASSWORD)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["erased_again"] == 1
    with desk.database.reading() as db:
        assert db.get_one(Requester, ticket.requester_id).state == RequesterState.ERASED
    again = run(desk, *finishing, "--json")
    assert json.loads(again.stdout)["erased_again"] == 0


def test_log_accept_asks_the_same(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    write_checkpoint(desk, force=True)
    came_back(test_desk)
    write_checkpoint(desk, force=True)
    note = (desk.settings.checkpoint_folder / "checkpoints.txt").read_text()
    (desk.settings.checkpoint_folder / "checkpoints.txt").write_text(note.replace("\n\n", "\n", 1) + note)
    desk.settings.memory_folder.mkdir(exist_ok=True)
    (desk.settings.memory_folder / "someone.json").write_text("{}")  # a memory that the log does not fit
    errors_end_command: list[tuple[Consent | None, type[ConsoleError]]] = [
        (None, BadInput),
        (Consent(2, "omar", PASSWORD), BadInput),
        (Consent(1, "mei", PASSWORD), NotAllowed),
        (Consent(1, "omar", "not it"), SignInRefused),
    ]
    for consent, refusal in errors_end_command:
        with pytest.raises(refusal):
            accept(desk.settings, "reviewed", test_desk.clock, consent)
    assert accept(desk.settings, "reviewed", test_desk.clock, Consent(1, "omar", PASSWORD)).erased_again == 1


# --- drafts


def test_what_agents_typed_about_them_without_a_ticket_goes(test_desk: TestDesk) -> None:
    who = people(test_desk)
    _, erasure_id = proposed(test_desk, who)
    save_draft(who.mei, "new-ticket", "A call from ALICE@example.org: wants her order deleted.")
    save_draft(who.ines, "new-ticket", "A call from carl@example.org about his order.")
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert load_draft(who.mei, "new-ticket") == ""
    assert load_draft(who.ines, "new-ticket").startswith("A call from carl@")
    test_desk.clock.forward(days=8)
    drop_old_drafts(test_desk.desk)
    with test_desk.desk.database.reading() as db:
        assert db.connection().execute(text("SELECT count(*) FROM draft")).scalar_one() == 0
