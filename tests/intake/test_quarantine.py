"""What is in quarantine: listed without being opened."""

import pytest

from cs_console.custody import opening
from cs_console.desk import operator_session
from cs_console.errors import NotAllowed
from cs_console.intake.quarantine import KeptMail, listing, listing_with_subjects
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.stored import keep_apart, unreadable

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def put_aside(test_desk: TestDesk, digest: str, size: int) -> None:
    with test_desk.desk.database.transaction() as db:
        keep_apart(db, test_desk.desk, unreadable(test_desk.desk, digest, size))


def test_the_newest_come_first_and_no_more_than_asked_for(test_desk: TestDesk) -> None:
    start = test_desk.clock.now()
    for number in range(4):
        put_aside(test_desk, f"letter {number}", 1000 + number)
        test_desk.clock.forward(minutes=1)
    found = listing(operator_session(test_desk.desk), 3)
    assert [one.size for one in found] == [1003, 1002, 1001]
    assert found[-1] == KeptMail(start.replace(minute=1), 1001, "unreadable: letter 1.", 2)
    assert listing(operator_session(test_desk.desk), 50)[-1].at == start


def test_nothing_is_opened(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 1: not even for the operator."""

    def no_key(_name: str) -> bytes:
        raise AssertionError("a key was fetched")

    put_aside(test_desk, "letter", 6)
    monkeypatch.setattr(test_desk.desk.keyring, "desk_key", no_key)
    monkeypatch.setattr(opening, "open_sealed", no_key)
    assert "canary" not in repr(listing(operator_session(test_desk.desk), 50))


def test_who_may_list_it(test_desk: TestDesk) -> None:
    """Policy IV.(1)2: deny by default."""
    for role in (Role.ADMIN, Role.SUPERVISOR, Role.PRIVACY_OFFICER):
        assert listing(test_desk.session(role.value, role), 50) == ()
    with pytest.raises(NotAllowed):
        listing_with_subjects(test_desk.session("ida", Role.ADMIN), 50)
    with pytest.raises(NotAllowed):
        listing(test_desk.session("mei", Role.AGENT), 50)
