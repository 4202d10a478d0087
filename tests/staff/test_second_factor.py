"""The second factor at sign-in: enrolled with a code, asked for, used once, replaced, reset by two (ASVS 6.5, 6.6)."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    BadAccount,
    BadPassword,
    ConsoleError,
    MustChangePassword,
    MustEnrol,
    NotAllowed,
    SignInMustWait,
    SignInRefused,
    WrongFactor,
)
from cs_console.staff import accounts
from cs_console.staff.second_factor import (
    RECOVERY_CODES,
    begin_enrolment,
    confirm_enrolment,
    recovery_codes_left,
    reset_factor,
)
from cs_console.staff.second_person import Confirming
from cs_console.staff.sign_in import SignedIn, first_step, second_step, sign_in
from models.enums import Action
from models.roles import Role
from models.second_factor import RecoveryCode, SecondFactor
from tests.custody.reveals import change
from tests.support.desk import TestDesk
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
OTHER = "quiet harbour seven oaks"

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]


def add(test_desk: TestDesk, name: str = "mei", *roles: Role) -> str:
    session, who = operator_session(test_desk.desk), f"{name}@staff.example"
    return accounts.add_agent(session, name, roles or (Role.AGENT,), PASSWORD, identity=who)


def shown_by_app(test_desk: TestDesk, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(test_desk.clock.now(), counter_offset=steps)


def enrol(test_desk: TestDesk, session: DeskSession, password: str = PASSWORD) -> tuple[str, tuple[str, ...]]:
    secret = begin_enrolment(session, password).secret
    codes = confirm_enrolment(session, shown_by_app(test_desk, secret))
    test_desk.clock.forward(seconds=30)
    return secret, codes


def enrolled(test_desk: TestDesk, name: str = "mei") -> tuple[DeskSession, str, tuple[str, ...]]:
    add(test_desk, name)
    session = sign_in(test_desk.desk, name, PASSWORD).session
    return session, *enrol(test_desk, session)


def refused(test_desk: TestDesk, code: str) -> ConsoleError:
    with pytest.raises((WrongFactor, SignInMustWait)) as refusal:
        sign_in(test_desk.desk, "mei", PASSWORD, code)
    return refusal.value


def test_an_account_without_one_signs_in_as_before(test_desk: TestDesk) -> None:
    add(test_desk)
    first = first_step(test_desk.desk, "mei", PASSWORD)
    assert not first.asks_for_code
    assert not second_step(test_desk.desk, first).second_factor_due


def test_once_enrolled_the_password_alone_opens_nothing(test_desk: TestDesk) -> None:
    """ASVS 6.3.3: and the right code does, with spaces in it too."""
    _, secret, _ = enrolled(test_desk)
    assert isinstance(refused(test_desk, ""), WrongFactor)
    code = shown_by_app(test_desk, secret)
    assert sign_in(test_desk.desk, "mei", PASSWORD, f"{code[:3]} {code[3:]}").session.agent.name == "mei"
    assert len(recorded(test_desk.desk, Action.FACTOR_ENROLLED)) == 1


def test_nothing_is_in_force_before_a_code_was_typed_back(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    secret = begin_enrolment(session, PASSWORD).secret
    wrong = f"{(int(shown_by_app(test_desk, secret)) + 1) % 1_000_000:06}"
    for typed in (wrong, "", "12345", "1234567", "abcdef", "１２３４５６"):
        with pytest.raises(WrongFactor):
            confirm_enrolment(session, typed)
    assert not first_step(test_desk.desk, "mei", PASSWORD).asks_for_code


def test_enrolling_asks_for_the_password(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    with pytest.raises(SignInRefused):
        begin_enrolment(session, OTHER)


def test_a_code_counts_once_and_never_again_and_none_before_it(test_desk: TestDesk) -> None:
    """ASVS 6.5.1: the last step is remembered."""
    _, secret, _ = enrolled(test_desk)
    now, before = shown_by_app(test_desk, secret), shown_by_app(test_desk, secret, -1)
    sign_in(test_desk.desk, "mei", PASSWORD, now)
    for again in (now, before):
        assert isinstance(refused(test_desk, again), WrongFactor)


def test_the_code_that_enrolled_signs_nobody_in(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    secret = begin_enrolment(session, PASSWORD).secret
    code = shown_by_app(test_desk, secret)
    confirm_enrolment(session, code)
    assert isinstance(refused(test_desk, code), WrongFactor)


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_the_clocks_may_differ_by_one_step(sqlite_desk: TestDesk, steps: int, counts: bool) -> None:
    """ASVS 6.5.5."""
    _, secret, _ = enrolled(sqlite_desk)
    sqlite_desk.clock.forward(minutes=2)
    code = shown_by_app(sqlite_desk, secret, steps)
    if counts:
        sign_in(sqlite_desk.desk, "mei", PASSWORD, code)
    else:
        assert isinstance(refused(sqlite_desk, code), WrongFactor)


@pytest.mark.engines("sqlite", "postgresql")
def test_two_consoles_cannot_use_one_code(test_desk: TestDesk) -> None:
    """ASVS 15.4.2."""
    _, secret, _ = enrolled(test_desk)
    code, desk = shown_by_app(test_desk, secret), test_desk.desk

    def one(_n: int) -> bool:
        try:
            second_step(desk, first_step(desk, "mei", PASSWORD), code)
        except WrongFactor:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(one, range(3))) == [False, False, True]


def test_wrong_codes_are_counted_and_wait_like_wrong_passwords(test_desk: TestDesk) -> None:
    """ASVS 6.3.1, 6.6.3."""
    _, secret, _ = enrolled(test_desk)
    said = [refused(test_desk, "000000") for _ in range(6)]
    assert [type(one) for one in said] == [WrongFactor] * 5 + [SignInMustWait]
    assert len(recorded(test_desk.desk, Action.SIGN_IN_FAILED)) == 6
    test_desk.clock.forward(minutes=16)
    signed = sign_in(test_desk.desk, "mei", PASSWORD, shown_by_app(test_desk, secret))
    assert signed.failures_before == 5


def test_the_right_password_forgives_no_wrong_one_before_the_code(test_desk: TestDesk) -> None:
    enrolled(test_desk)
    for _ in range(4):
        with pytest.raises(SignInRefused):
            sign_in(test_desk.desk, "mei", OTHER)
    first_step(test_desk.desk, "mei", PASSWORD)
    with pytest.raises(SignInRefused):
        sign_in(test_desk.desk, "mei", OTHER)
    with pytest.raises(SignInMustWait):
        first_step(test_desk.desk, "mei", PASSWORD)


def test_the_code_has_to_come_within_five_minutes_of_the_password(test_desk: TestDesk) -> None:
    _, secret, _ = enrolled(test_desk)
    first = first_step(test_desk.desk, "mei", PASSWORD)
    test_desk.clock.forward(minutes=6)
    with pytest.raises(WrongFactor):
        second_step(test_desk.desk, first, shown_by_app(test_desk, secret))


def test_a_factor_that_was_set_up_in_between_is_asked_for(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    first = first_step(test_desk.desk, "mei", PASSWORD)
    enrol(test_desk, session)
    with pytest.raises(SignInRefused):
        second_step(test_desk.desk, first)


def test_a_recovery_code_counts_once_and_is_on_record(test_desk: TestDesk) -> None:
    """ASVS 6.5.2: only keyed hashes are stored."""
    _, _, codes = enrolled(test_desk)
    assert len(set(codes)) == RECOVERY_CODES
    session = sign_in(test_desk.desk, "mei", PASSWORD, codes[0].upper()).session
    assert isinstance(refused(test_desk, codes[0]), WrongFactor)
    assert recovery_codes_left(session) == RECOVERY_CODES - 1
    assert [entry.actor for entry in recorded(test_desk.desk, Action.RECOVERY_CODE_USED)] == ["mei"]
    with test_desk.desk.database.reading() as db:
        kept = b"".join(db.scalars(select(col(RecoveryCode.digest))))
    assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for code in codes)


def test_replacing_it_ends_the_old_app_and_the_old_recovery_codes(test_desk: TestDesk) -> None:
    session, old, codes = enrolled(test_desk)
    begin_enrolment(session, PASSWORD)  # begun only: the old one stays in force
    session = sign_in(test_desk.desk, "mei", PASSWORD, shown_by_app(test_desk, old)).session
    test_desk.clock.forward(seconds=60)
    new, _ = enrol(test_desk, session)
    for stale in (shown_by_app(test_desk, old), codes[0]):
        assert isinstance(refused(test_desk, stale), WrongFactor)
    sign_in(test_desk.desk, "mei", PASSWORD, shown_by_app(test_desk, new))


def test_a_secret_copied_to_another_account_opens_nothing(test_desk: TestDesk) -> None:
    """A person who can write to the database cannot give an account their own app."""
    _, _, _ = enrolled(test_desk)
    add(test_desk, "eve")
    eve = sign_in(test_desk.desk, "eve", PASSWORD).session
    secret, _ = enrol(test_desk, eve)
    with test_desk.desk.database.transaction() as db:
        of_eve = db.get_one(SecondFactor, eve.agent.id).secret
        of_mei = col(SecondFactor.agent_id) != eve.agent.id
        db.connection().execute(update(SecondFactor).where(of_mei).values(secret=of_eve))
    with pytest.raises(WrongFactor):
        sign_in(test_desk.desk, "mei", PASSWORD, shown_by_app(test_desk, secret))


def demanding(test_desk: TestDesk, *roles: Role) -> None:
    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update={"second_factor": roles})


def work(signed: SignedIn) -> None:
    with signed.session.work():
        pass


def test_settings_can_demand_one_and_then_nothing_works_without(test_desk: TestDesk) -> None:
    """ASVS 6.3.3."""
    demanding(test_desk, Role.SUPERVISOR, Role.ADMIN)
    add(test_desk, "mei")
    work(sign_in(test_desk.desk, "mei", PASSWORD))
    add(test_desk, "omar", Role.AGENT, Role.SUPERVISOR)
    signed = sign_in(test_desk.desk, "omar", PASSWORD)
    assert signed.second_factor_due
    with pytest.raises(MustEnrol):
        work(signed)
    secret, _ = enrol(test_desk, signed.session)
    work(signed)
    again = sign_in(test_desk.desk, "omar", PASSWORD, shown_by_app(test_desk, secret))
    assert not again.second_factor_due
    work(again)


def test_eight_characters_are_enough_beside_a_second_factor_only(test_desk: TestDesk) -> None:
    """ASVS 6.2.1."""
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    with pytest.raises(BadPassword):
        accounts.change_own_password(session, PASSWORD, "zmqpvkwt")
    enrol(test_desk, session)
    with pytest.raises(BadPassword):
        accounts.change_own_password(session, PASSWORD, "zmqpvkw")
    accounts.change_own_password(session, PASSWORD, "zmqpvkwt")


def reset(test_desk: TestDesk, name: str, first: Confirming, second: Confirming) -> None:
    reset_factor(operator_session(test_desk.desk), name, first, second)


def test_two_other_admins_reset_it_and_a_new_password_is_due(test_desk: TestDesk) -> None:
    session, _, codes = enrolled(test_desk)
    for name in ("ada", "ben"):
        add(test_desk, name, Role.ADMIN)
    add(test_desk, "omar", Role.SUPERVISOR)
    ada, ben = Confirming("ada", PASSWORD), Confirming("ben", PASSWORD)
    wrong: tuple[tuple[Confirming, Confirming, type[ConsoleError]], ...] = (
        (ada, ada, BadAccount),
        (ada, Confirming("ben", OTHER), SignInRefused),
        (ada, Confirming("unknown-name", PASSWORD), SignInRefused),
        (ada, Confirming("omar", PASSWORD), NotAllowed),
    )
    for first, second, why in wrong:
        with pytest.raises(why):
            reset(test_desk, "mei", first, second)
    assert isinstance(refused(test_desk, ""), WrongFactor)
    reset(test_desk, "mei", ada, ben)
    with pytest.raises(ConsoleError), session.reading():
        pass
    signed = sign_in(test_desk.desk, "mei", PASSWORD)
    assert signed.must_change_password
    assert recovery_codes_left(signed.session) is None
    assert [entry.actor for entry in recorded(test_desk.desk, Action.FACTOR_RESET)] == ["operator"]
    with pytest.raises(BadAccount):
        reset(test_desk, "mei", ada, ben)
    assert codes


def test_two_accounts_of_one_person_do_not_reset_it(sqlite_desk: TestDesk) -> None:
    """DECISIONS.md, 9: who they belong to is not recorded; nor does a password count that another person set."""
    enrolled(sqlite_desk)
    for name in ("ada", "ben"):
        accounts.add_agent(operator_session(sqlite_desk.desk), name, (Role.ADMIN,), PASSWORD)
    ada, ben = Confirming("ada", PASSWORD), Confirming("ben", PASSWORD)
    with pytest.raises(BadAccount, match="Two different people"):
        reset(sqlite_desk, "mei", ada, ben)
    accounts.set_identity(operator_session(sqlite_desk.desk), "ben", "ben@staff.example")
    accounts.reset(operator_session(sqlite_desk.desk), "ben", OTHER)
    with pytest.raises(MustChangePassword):
        reset(sqlite_desk, "mei", ada, Confirming("ben", OTHER))


def test_nobody_resets_their_own(test_desk: TestDesk) -> None:
    for name in ("ada", "ben"):
        add(test_desk, name, Role.ADMIN)
    enrol(test_desk, sign_in(test_desk.desk, "ada", PASSWORD).session)
    with pytest.raises(BadAccount):
        reset(test_desk, "ada", Confirming("ada", PASSWORD), Confirming("ben", PASSWORD))


def test_no_secret_is_in_the_database(sqlite_desk: TestDesk) -> None:
    """ASVS 11.5.1, 13.3.1: what the app was given is sealed."""
    _, secret, _ = enrolled(sqlite_desk)
    home = sqlite_desk.desk.settings.home
    written = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert secret.encode() not in written


# --- what someone who can write the database, and has no keys, wins


def row_of(test_desk: TestDesk) -> SecondFactor:
    with test_desk.desk.database.reading() as db:
        return db.scalars(select(SecondFactor)).one()


def test_a_row_that_was_removed_lets_no_one_in_without_the_factor(test_desk: TestDesk) -> None:
    _, secret, codes = enrolled(test_desk)
    change(test_desk, delete(SecondFactor))
    assert first_step(test_desk.desk, "mei", PASSWORD).asks_for_code
    for typed in ("", shown_by_app(test_desk, secret), codes[0]):
        assert isinstance(refused(test_desk, typed), WrongFactor)
    ines, omar = add(test_desk, "ines", Role.ADMIN), add(test_desk, "omar", Role.ADMIN)
    assert ines != omar
    confirming = (Confirming("ines", PASSWORD), Confirming("omar", PASSWORD))
    reset_factor(operator_session(test_desk.desk), "mei", *confirming)
    assert not first_step(test_desk.desk, "mei", PASSWORD).asks_for_code


def test_a_secret_of_before_or_of_another_account_does_not_count(test_desk: TestDesk) -> None:
    session, lost, _ = enrolled(test_desk)
    with_the_lost_phone = row_of(test_desk).secret
    enrol(test_desk, session)
    change(test_desk, update(SecondFactor).values(secret=with_the_lost_phone, last_step=0))
    assert isinstance(refused(test_desk, shown_by_app(test_desk, lost)), WrongFactor)
    test_desk.clock.forward(minutes=5)
    add(test_desk, "eve")
    own, _ = enrol(test_desk, sign_in(test_desk.desk, "eve", PASSWORD).session)
    with test_desk.desk.database.reading() as db:
        eves = db.scalars(select(SecondFactor).where(col(SecondFactor.agent_id) != session.agent.id)).one()
    change(
        test_desk,
        update(SecondFactor).where(col(SecondFactor.agent_id) == session.agent.id).values(secret=eves.secret),
    )
    assert isinstance(refused(test_desk, shown_by_app(test_desk, own)), WrongFactor)


def test_a_factor_that_was_reset_is_not_put_back(test_desk: TestDesk) -> None:
    _, secret, _ = enrolled(test_desk)
    before = row_of(test_desk)
    add(test_desk, "ines", Role.ADMIN)
    add(test_desk, "omar", Role.ADMIN)
    confirming = (Confirming("ines", PASSWORD), Confirming("omar", PASSWORD))
    reset_factor(operator_session(test_desk.desk), "mei", *confirming)
    with test_desk.desk.database.transaction() as db:
        db.add(SecondFactor(agent_id=before.agent_id, secret=before.secret, enrolled_at=before.enrolled_at))
    first = first_step(test_desk.desk, "mei", PASSWORD)
    assert not first.asks_for_code, "a phone that was taken away has no say"
    assert second_step(test_desk.desk, first, shown_by_app(test_desk, secret)).must_change_password


@pytest.mark.parametrize("renamed", [False, True])
def test_a_recovery_code_whose_row_was_put_back_is_not_used_twice(test_desk: TestDesk, renamed: bool) -> None:
    _, _, codes = enrolled(test_desk)
    sign_in(test_desk.desk, "mei", PASSWORD, codes[0])
    named = {"id": "x" + col(RecoveryCode.id)} if renamed else {}
    change(test_desk, update(RecoveryCode).values(used_at=None, **named))
    assert isinstance(refused(test_desk, codes[0]), WrongFactor)
    assert sign_in(test_desk.desk, "mei", PASSWORD, codes[1]).session.agent.name == "mei"
