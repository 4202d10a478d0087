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
from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Store, back_up
from cs_console.backups.restoring import Consent, accept, finish, restore
from cs_console.casework.conversation import open_ticket
from cs_console.commands import app
from cs_console.custody import erasing
from cs_console.custody.drafts import drop_old_drafts, load_draft, save_draft
from cs_console.custody.erasing import BroughtBack, apply_again, brought_back, carry_out, finish_all
from cs_console.desk import Office, operator_desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import BadInput, ErasureNotProven, NotAllowed, Refusal, SignInRefused
from cs_console.opening import open_office
from cs_console.staff import accounts
from cs_console.staff.sign_in import sign_in
from models.columns import microseconds, new_id
from models.enums import Action, ErasureCause, ErasureState, RequesterState, Role
from models.erasure import Erasure, Hold
from models.requester import Requester
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.support.office import TestOffice
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")

NOW = "2026-11-20T09:00:00Z"


def said(office: Office) -> Path:
    return office.settings.checkpoint_folder / "erased.txt"


def write(office: Office, *lines: str) -> None:
    said(office).parent.mkdir(parents=True, exist_ok=True)
    with said(office).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def is_alive(office: Office, ticket: MadeTicket) -> bool:
    with office.database.reading() as session:
        state = session.get_one(Requester, ticket.requester_id).state
    return state != RequesterState.ERASED and ticket.requester_id in office.keyring.keys([ticket.requester_id])


def alive_again(office: Office) -> None:
    """The data as it stood before an erasure, as far as it matters here."""
    with office.database.transaction() as session:
        session.connection().execute(update(Requester).values(state=RequesterState.ACTIVE))
        session.connection().execute(text("DELETE FROM erasure"))


# --- nothing but a proof


def test_an_older_keyring_and_restore_finish_erase_no_one(sqlite_office: TestOffice) -> None:
    office, home = sqlite_office.office, sqlite_office.office.settings.home
    make_ticket(sqlite_office)
    old = back_up(operator_desk(office), home.parent / "old-keyring", Store.KEYRING).file
    newest = home.parent / "newest-keyring"
    living = [make_ticket(sqlite_office) for _ in range(5)]
    office.close()
    shutil.copy(home / "keyring.db", newest)
    shutil.copy(old, home / "keyring.db")
    done = finish(office.settings, "the keyring was put back", sqlite_office.clock)
    assert (done.erased_again, done.without_key) == (0, 5)
    office.close()
    for end in ("", "-wal", "-shm"):
        (home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(newest, home / "keyring.db")  # what the message tells to do
    opened = open_office(office.settings, sqlite_office.clock)
    mei = TestOffice(opened, sqlite_office.clock).desk("mei", Role.AGENT)
    for ticket in living:
        assert open_ticket(mei, ticket.number).subject == "A question"
    opened.close()


def test_no_line_of_anyones_destroys_anything(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    living, held = make_ticket(test_office), make_ticket(test_office)
    until = (test_office.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, held.number, "court", "Order 17", until)
    erased, erasure_id = proposed(test_office, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    [line] = said(office).read_text().splitlines()
    proof = line.split()[2]
    for one in (living, held):
        write(office, f"{one.requester_id} {NOW}", f"{one.requester_id} {NOW} {proof}", one.requester_id)
    write(office, f"desk:log-tag {NOW}", f"desk:index:mobile {NOW}", f"agent:{who.mei.agent.id} {NOW}", "%%% ?", "")
    changed = json.loads(base64.b64decode(proof)) | {"requester": living.requester_id}
    write(office, f"{living.requester_id} {NOW} {base64.b64encode(json.dumps(changed).encode()).decode()}")
    assert apply_again(office) == 0
    assert is_alive(office, living)
    assert is_alive(office, held)
    assert brought_back(office).unproven == 2
    assert finish(office.settings, "a look", test_office.clock).erased_again == 0
    accounts.add_agent(operator_desk(office), "nina", (Role.AGENT,), PASSWORD)
    sign_in(office, "nina", PASSWORD)  # and no one is kept out by such lines
    assert is_alive(office, living)
    assert verify_log(office).ok
    assert not is_alive(office, erased)


def test_erasing_again_asks_for_the_proof_itself(test_office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """However someone came to be named: the log, or a signed line with its entry, has to say that they were erased."""
    office, living = test_office.office, make_ticket(test_office)
    monkeypatch.setattr(erasing, "brought_back", lambda *_: BroughtBack((living.requester_id,), (), 0))
    with pytest.raises(ErasureNotProven):
        apply_again(office)
    assert is_alive(office, living)


@pytest.mark.parametrize("state", [ErasureState.APPROVED, ErasureState.HELD])
def test_an_erasure_that_only_a_row_states_is_not_carried_out(test_office: TestOffice, state: ErasureState) -> None:
    office, ticket = test_office.office, make_ticket(test_office)
    forged = Erasure(
        id=new_id(),
        requester_id=ticket.requester_id,
        ticket_number=ticket.number,
        cause=ErasureCause.REQUEST,
        state=state,
        proposed_at=test_office.clock.now(),
        approved_at=test_office.clock.now(),
    )
    forged_id = forged.id
    with office.database.transaction() as session:
        session.add(forged)
    with pytest.raises(ErasureNotProven, match="Nothing was erased"):
        finish_all(office)
    if state is ErasureState.APPROVED:
        with pytest.raises(ErasureNotProven):
            carry_out(office, forged_id)
    assert is_alive(office, ticket)
    assert not said(office).exists()


def test_a_genuine_erasure_does_not_stand_for_someone_elses(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    victim = make_ticket(test_office)
    _, erasure_id = proposed(test_office, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with office.database.transaction() as session:
        moved = {"requester_id": victim.requester_id, "state": ErasureState.APPROVED}
        session.connection().execute(update(Erasure).where(col(Erasure.id) == erasure_id).values(moved))
    with pytest.raises(ErasureNotProven):
        finish_all(office)
    assert is_alive(office, victim)


def test_a_hold_whose_row_was_removed_holds_all_the_same(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    ticket, erasure_id = proposed(test_office, who)
    until = (test_office.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "court", "Order 17", until)
    assert not confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    with office.database.transaction() as session:
        session.connection().execute(delete(Hold))
    with pytest.raises(ErasureNotProven, match="a hold"):
        finish_all(office)
    assert ticket.requester_id in office.keyring.keys([ticket.requester_id])


# --- and the honest ways still erase


def test_a_backup_from_before_the_erasure_is_erased_again_by_the_signed_line(sqlite_office: TestOffice) -> None:
    """The restored log ends before the entry, and the keyring is of that day too: only the line proves it."""
    office, who = sqlite_office.office, people(sqlite_office)
    ticket, erasure_id = proposed(sqlite_office, who)
    home = office.settings.home
    kept = back_up(operator_desk(office), home.parent / "day.backup", Store.DATABASE).file
    keys = back_up(operator_desk(office), home.parent / "day.keyring", Store.KEYRING).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    office.close()
    for end in ("-wal", "-shm"):
        (home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(keys, home / "keyring.db")
    assert restore(office.settings, kept, "the disk broke", sqlite_office.clock).erased_again == 1
    with closing(open_office(office.settings, sqlite_office.clock)) as opened:
        assert not opened.keyring.keys([ticket.requester_id])
        assert verify_log(opened).ok


def test_who_is_held_in_the_restored_data_is_restricted_until_then(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    ticket, erasure_id = proposed(test_office, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    alive_again(office)
    key = office.keyring.create(ticket.requester_id)
    now = test_office.clock.now()
    hold = Hold(
        requester_id=ticket.requester_id,
        ticket_number=ticket.number,
        note=b"",
        agent_id=who.ines.agent.id,
        placed_at=now,
        until=now + timedelta(days=10),
    )
    with office.database.transaction() as session:
        about = {"hold": hold.id, "until": str(microseconds(hold.until)), "by": hold.agent_id}
        session.add(hold)
        session.flush()
        append(session, office, who.ines.actor, Entry(Action.HOLD_PLACED, ticket=ticket.number, about=about), now)
    for _ in range(2):
        assert apply_again(office) == 0
        with office.database.reading() as session:
            assert session.get_one(Requester, ticket.requester_id).state == RequesterState.RESTRICTED
    assert office.keyring.key(ticket.requester_id) == key
    test_office.clock.forward(days=11)
    finish_all(office)
    assert not office.keyring.keys([ticket.requester_id])


# --- the number, and a second person


def run(office: Office, *arguments: str, password: str | None = None) -> Result:
    return CliRunner().invoke(app, ["--home", str(office.settings.home), *arguments], input=password)


def came_back(test_office: TestOffice) -> MadeTicket:
    """A requester whose erasure the log proves but whose data is back."""
    office, who = test_office.office, people(test_office)
    ticket, erasure_id = proposed(test_office, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    alive_again(office)
    return ticket


def test_restore_finish_names_the_number_and_needs_a_second_person(sqlite_office: TestOffice) -> None:
    office, ticket = sqlite_office.office, came_back(sqlite_office)
    accounts.add_agent(operator_desk(office), "vito", (Role.VERIFIER,), PASSWORD)
    finishing = ("restore", "--finish", "--reason", "put back")
    asked = run(office, *finishing)
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
        refused = run(office, *finishing, *options, password=password)
        assert (refused.exit_code, words in refused.stderr) == (2, True), (options, refused.stderr)
    with office.database.reading() as session:
        assert session.get_one(Requester, ticket.requester_id).state == RequesterState.ACTIVE
    done = run(office, *finishing, "--erases", "1", "--second", "omar", "--json", password=PASSWORD)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["erased_again"] == 1
    with office.database.reading() as session:
        assert session.get_one(Requester, ticket.requester_id).state == RequesterState.ERASED
    again = run(office, *finishing, "--json")
    assert json.loads(again.stdout)["erased_again"] == 0


def test_log_accept_asks_the_same(test_office: TestOffice) -> None:
    office = test_office.office
    write_checkpoint(office, force=True)
    came_back(test_office)
    write_checkpoint(office, force=True)
    note = (office.settings.checkpoint_folder / "checkpoints.txt").read_text()
    (office.settings.checkpoint_folder / "checkpoints.txt").write_text(note.replace("\n\n", "\n", 1) + note)
    office.settings.memory_folder.mkdir(exist_ok=True)
    (office.settings.memory_folder / "someone.json").write_text("{}")  # a memory that the log does not fit
    refusals: list[tuple[Consent | None, type[Refusal]]] = [
        (None, BadInput),
        (Consent(2, "omar", PASSWORD), BadInput),
        (Consent(1, "mei", PASSWORD), NotAllowed),
        (Consent(1, "omar", "not it"), SignInRefused),
    ]
    for consent, refusal in refusals:
        with pytest.raises(refusal):
            accept(office.settings, "reviewed", test_office.clock, consent)
    assert accept(office.settings, "reviewed", test_office.clock, Consent(1, "omar", PASSWORD)).erased_again == 1


# --- drafts


def test_what_agents_typed_about_them_without_a_ticket_goes(test_office: TestOffice) -> None:
    who = people(test_office)
    _, erasure_id = proposed(test_office, who)
    save_draft(who.mei, "new-ticket", "A call from ALICE@example.org: wants her order deleted.")
    save_draft(who.ines, "new-ticket", "A call from carl@example.org about his order.")
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert load_draft(who.mei, "new-ticket") == ""
    assert load_draft(who.ines, "new-ticket").startswith("A call from carl@")
    test_office.clock.forward(days=8)
    drop_old_drafts(test_office.office)
    with test_office.office.database.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM draft")).scalar_one() == 0
