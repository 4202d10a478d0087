"""Proofs from a stored log: every entry's holds, reading it is recorded, and a changed log gives none."""

import tracemalloc
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from cs_console.access_log import prove, stored_log
from cs_console.access_log.append import record
from cs_console.access_log.checkpoint import LogSigner, LogVerifier, latest, log_signer, write_checkpoint
from cs_console.access_log.entry import Entry
from cs_console.access_log.proof_check import check_proof
from cs_console.access_log.proof_file import ConsistencyProof, InclusionProof, proof_text, read_proof
from cs_console.access_log.prove import By, Proven, Wanted, prove_entries, prove_since
from cs_console.access_log.review import LogFilter, entries, entry
from cs_console.access_log.signed_note import read_note
from cs_console.access_log.stored_log import StoredLog
from cs_console.access_log.verify import verify_log
from cs_console.database import Database
from cs_console.desk import operator_session
from cs_console.errors import BadFilter, BadInput, LogBroken, NotAllowed, NothingThere, NotProvable
from models.enums import Action
from models.roles import Role
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.desk import TestDesk

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both

TICKET = Wanted(By.TICKET, 10_482)
REQUESTER = Wanted(By.REQUESTER, "ab99cd34ef56ab78")


def signer_of(made: TestDesk) -> LogSigner:
    with made.desk.database.reading() as db:
        return log_signer(db, made.desk)


def verifier_of(made: TestDesk) -> LogVerifier:
    return signer_of(made).verifier


def proven(made: TestDesk, wanted: Wanted) -> InclusionProof:
    """A proof that went through its file and holds."""
    proof = read_proof(proof_text(prove_entries(operator_session(made.desk), wanted).proof).encode())
    assert isinstance(proof, InclusionProof)
    assert check_proof(proof, verifier_of(made)).ok
    return proof


def grown(made: TestDesk, note: str) -> ConsistencyProof:
    proof = read_proof(proof_text(prove_since(operator_session(made.desk), note).proof).encode())
    assert isinstance(proof, ConsistencyProof)
    assert check_proof(proof, verifier_of(made)).ok
    return proof


def signed(made: TestDesk) -> str:
    newest = write_checkpoint(made.desk, force=True) or latest(made.desk)
    assert newest is not None
    return newest.note


def numbers(proof: InclusionProof) -> list[object]:
    return [proven.row[0] for proven in proof.entries]


def test_one_entry_is_proven_as_it_is_recorded(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    fill(test_desk, 4)
    proof = proven(test_desk, Wanted(By.ENTRY, 12))
    (one,) = proof.entries
    assert (one.index, one.row[0], one.row[2], one.row[7]) == (11, 12, 'Zoë "Z"\n', 10_482)
    assert proof.checkpoint.size == 35  # signed with the record of this
    assert verify_log(test_desk.desk).ok


def test_every_entry_of_a_ticket_or_a_requester_has_its_proof(test_desk: TestDesk) -> None:
    fill(test_desk, 1203)  # more than a batch
    proof = proven(test_desk, TICKET)
    assert numbers(proof) == [seq for seq in range(1, 1204) if seq % 5 in (1, 2)] + [1204]
    assert {proven.row[7] for proven in proof.entries} == {10_482}
    proof = proven(test_desk, Wanted(By.REQUESTER, "AB99"))
    assert numbers(proof) == [*range(5, 1204, 5), 1205]
    assert {proven.row[8] for proven in proof.entries} == {"ab99cd34ef56ab78"}


@pytest.mark.parametrize(
    ("wanted", "column", "ticket", "requester", "reason"),
    [
        (Wanted(By.ENTRY, 7), "entry", 10_484, None, "proof of entry 7"),
        (TICKET, "ticket", 10_482, None, "proof of a ticket's entries"),
        (REQUESTER, "requester", None, "ab99cd34ef56ab78", "proof of a requester's entries"),
    ],
)
def test_showing_entries_is_on_record(
    test_desk: TestDesk, wanted: Wanted, column: str, ticket: int | None, requester: str | None, reason: str
) -> None:
    supervisor = test_desk.session("ines", Role.SUPERVISOR)
    fill(test_desk, 9)
    prove_entries(supervisor, wanted)
    newest = entries(supervisor, LogFilter(action="log.exported")).entries[0]
    assert (newest.seq, newest.actor, newest.fields) == (12, "ines", column)
    assert (newest.ticket, newest.requester, newest.reason) == (ticket, requester, reason)


def test_the_record_is_committed_before_the_log_is_read(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(test_desk, 10)

    def unread(_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(prove, "stored_log", unread)
    with pytest.raises(ConnectionError):
        prove_entries(operator_session(test_desk.desk), TICKET)
    assert entry(operator_session(test_desk.desk), 11).action == "log.exported"


def test_without_a_record_nothing_is_shown(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    with hand(test_desk) as store:
        store.run("UPDATE log_head SET size = 9")
    with pytest.raises(LogBroken):
        prove_entries(operator_session(test_desk.desk), TICKET)


@pytest.mark.parametrize(
    "wanted", [Wanted(By.ENTRY, 11), Wanted(By.TICKET, 1), Wanted(By.REQUESTER, "0000"), Wanted(By.ENTRY, 0)]
)
def test_what_is_not_there_is_not_proven_and_not_recorded(test_desk: TestDesk, wanted: Wanted) -> None:
    fill(test_desk, 10)
    with pytest.raises(NothingThere, match="has no entry"):
        prove_entries(operator_session(test_desk.desk), wanted)
    assert verify_log(test_desk.desk).size == 10


@pytest.mark.parametrize("pseudonym", ["ab", "mei", "", "ab12 agent:mei", "ab12\x00", "\udcff" * 4])
def test_what_is_no_pseudonym_is_refused(test_desk: TestDesk, pseudonym: str) -> None:
    fill(test_desk, 5)
    with pytest.raises(BadFilter, match="neither a requester's alias nor a pseudonym"):
        prove_entries(operator_session(test_desk.desk), Wanted(By.REQUESTER, pseudonym))


def test_the_beginning_of_two_pseudonyms_is_refused(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    with test_desk.desk.database.transaction() as db:
        entry_of_another = Entry(Action.TICKET_OPENED, requester="ab12cd34ef56ab79")
        record(db, operator_session(test_desk.desk), entry_of_another)
    with pytest.raises(BadFilter, match="several requesters"):
        prove_entries(operator_session(test_desk.desk), Wanted(By.REQUESTER, "ab12"))


def test_others_may_not(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    note = signed(test_desk)
    agent = test_desk.session("mei", Role.AGENT, Role.ADMIN)
    with pytest.raises(NotAllowed):
        prove_entries(agent, Wanted(By.ENTRY, 1))
    with pytest.raises(NotAllowed):
        prove_since(agent, note)


def test_a_log_that_grew_is_proven_to_begin_with_what_was_signed(test_desk: TestDesk) -> None:
    fill(test_desk, 7)
    first = signed(test_desk)
    assert grown(test_desk, first).path == ()  # nothing has happened since
    fill(test_desk, 1200)
    proof = grown(test_desk, first)
    assert (proof.since.size, proof.checkpoint.size) == (7, 1207)
    second = signed(test_desk)
    fill(test_desk, 1)
    assert grown(test_desk, second).since.size == 1207
    assert verify_log(test_desk.desk).size == 1208  # no entry was shown, so none is recorded


def test_a_witness_beside_the_signature_is_left_out(test_desk: TestDesk) -> None:
    fill(test_desk, 7)
    note = signed(test_desk)
    other = LogSigner("example.org/witness", signer_of(test_desk).key).sign(7, b"\x00" * 32)
    fill(test_desk, 2)
    assert len(grown(test_desk, note + other.rpartition("\n\n")[2]).since.signatures) == 1


def test_a_checkpoint_of_another_log_or_a_changed_one_is_refused(sqlite_desk: TestDesk) -> None:
    fill(sqlite_desk, 7)
    note = signed(sqlite_desk)
    other = LogSigner("cs-console/1111", signer_of(sqlite_desk).key).sign(7, b"\x00" * 32)
    for text in (other, note.replace("\n7\n", "\n6\n")):
        with pytest.raises(BadInput, match="another log, or was changed"):
            prove_since(operator_session(sqlite_desk.desk), text)
    for text in ("", "hello\n", note + "\n" + note):
        with pytest.raises(BadInput, match="not a single checkpoint"):
            prove_since(operator_session(sqlite_desk.desk), text)


def test_an_empty_log_has_nothing_to_prove(sqlite_desk: TestDesk) -> None:
    note = signer_of(sqlite_desk).sign(0, b"\x00" * 32)
    with pytest.raises(BadInput, match="empty"):
        prove_since(operator_session(sqlite_desk.desk), note)


@pytest.mark.engines("sqlite", "postgresql")
def test_what_is_appended_while_the_proof_is_made_is_left_out(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(test_desk, 13)
    note = signed(test_desk)
    fill(test_desk, 2)

    def busy_log(database: Database) -> AbstractContextManager[StoredLog]:
        fill(test_desk, 7)
        return stored_log.stored_log(database)

    monkeypatch.setattr(prove, "stored_log", busy_log)
    assert grown(test_desk, note).checkpoint.size == 15
    proof = proven(test_desk, TICKET)
    assert (proof.checkpoint.size, numbers(proof)[-1]) == (23, 23)
    assert verify_log(test_desk.desk).size == 30


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_entry SET actor = 'omar' WHERE seq = 20",
        "UPDATE log_entry SET reason = 'x' WHERE seq = 3",
        "DELETE FROM log_entry WHERE seq = 20",
        "DELETE FROM log_entry WHERE seq = 1",
        "DELETE FROM log_entry WHERE seq > 40",
        "UPDATE log_entry SET seq = 99 WHERE seq = 20",
    ],
)
def test_a_changed_log_gives_no_proof(test_desk: TestDesk, statement: str) -> None:
    fill_and_sign(test_desk, 13, 32)
    with hand(test_desk) as store:
        assert store.run(statement) > 0
    for wanted in (Wanted(By.ENTRY, 2), TICKET):
        # a log whose newest entry is gone takes no entry more, so the proof is not even begun
        with pytest.raises((NotProvable, LogBroken), match=r"was reset, cut or rewritten|lost its newest entry"):
            prove_entries(operator_session(test_desk.desk), wanted)


def test_a_log_without_its_table_gives_no_proof(test_desk: TestDesk) -> None:
    fill(test_desk, 20)
    note = signed(test_desk)
    fill(test_desk, 1)
    with hand(test_desk) as store:
        store.run("ALTER TABLE log_entry RENAME TO elsewhere")
    with pytest.raises(NotProvable):
        prove_since(operator_session(test_desk.desk), note)


def test_a_log_put_back_does_not_begin_with_what_was_signed_later(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill(sqlite_desk, 20)
    sqlite_desk.desk.database.close()
    old = file.read_bytes()
    fill(sqlite_desk, 5)
    note = signed(sqlite_desk)
    sqlite_desk.desk.database.close()
    file.write_bytes(old)
    with pytest.raises(NotProvable):  # shorter
        prove_since(operator_session(sqlite_desk.desk), note)
    fill(sqlite_desk, 9)
    with pytest.raises(NotProvable):  # and longer again, with other entries
        prove_since(operator_session(sqlite_desk.desk), note)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(steps=some.lists(some.integers(1, 40), min_size=1, max_size=4), data=some.data())
def test_every_signed_beginning_of_any_log_is_proven(
    sqlite_desk: TestDesk, steps: list[int], data: some.DataObject
) -> None:
    seq = data.draw(some.integers(1, sum(steps)))
    notes = []
    for step in steps:
        fill(sqlite_desk, step)
        notes.append(signed(sqlite_desk))
    for note in notes:
        assert grown(sqlite_desk, note).since.size == read_note(note).size
    assert numbers(proven(sqlite_desk, Wanted(By.ENTRY, seq))) == [seq]


def test_proving_keeps_a_batch_in_memory_not_the_log(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_log, "BATCH", 50)
    fill(sqlite_desk, 4000)
    session = operator_session(sqlite_desk.desk)

    def peak() -> int:
        tracemalloc.start()
        prove_entries(session, Wanted(By.ENTRY, 7))
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak()
    assert peak() < 1_000_000  # the log's rows alone are four times that


def test_the_progress_ends_at_all(test_desk: TestDesk) -> None:
    fill(test_desk, 2300)
    told: list[tuple[int, int]] = []
    prove_entries(operator_session(test_desk.desk), Wanted(By.ENTRY, 1), lambda done, size: told.append((done, size)))
    assert told == [(1000, 2301), (2000, 2301), (2301, 2301)]


def test_a_second_place_that_cannot_be_written_is_told_and_stops_no_proof(sqlite_desk: TestDesk) -> None:
    fill(sqlite_desk, 3)
    folder = sqlite_desk.desk.settings.checkpoint_folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    made: Proven = prove_entries(operator_session(sqlite_desk.desk), Wanted(By.ENTRY, 1))
    assert "could not be copied" in made.problem
    assert check_proof(made.proof, verifier_of(sqlite_desk)).ok
