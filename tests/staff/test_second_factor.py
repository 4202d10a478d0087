"""The second factor at sign-in: enrolled with a code, asked for, used once, replaced, reset by two (ASVS 6.5, 6.6)."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from cs_console.desk import Desk, operator_desk
from cs_console.errors import (
    BadAccount,
    BadPassword,
    MustChangePassword,
    MustEnrol,
    NotAllowed,
    Refusal,
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
from models.enums import Action, Role
from models.second_factor import RecoveryCode, SecondFactor
from tests.custody.reveals import change
from tests.support.office import TestOffice
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
OTHER = "quiet harbour seven oaks"

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def add(test_office: TestOffice, name: str = "mei", *roles: Role) -> str:
    desk, who = operator_desk(test_office.office), f"{name}@staff.example"
    return accounts.add_agent(desk, name, roles or (Role.AGENT,), PASSWORD, identity=who)


def shown_by_app(test_office: TestOffice, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(test_office.clock.now(), counter_offset=steps)


def enrol(test_office: TestOffice, desk: Desk, password: str = PASSWORD) -> tuple[str, tuple[str, ...]]:
    secret = begin_enrolment(desk, password).secret
    codes = confirm_enrolment(desk, shown_by_app(test_office, secret))
    test_office.clock.forward(seconds=30)
    return secret, codes


def enrolled(test_office: TestOffice, name: str = "mei") -> tuple[Desk, str, tuple[str, ...]]:
    add(test_office, name)
    desk = sign_in(test_office.office, name, PASSWORD).desk
    return desk, *enrol(test_office, desk)


def refused(test_office: TestOffice, code: str) -> Refusal:
    with pytest.raises((WrongFactor, SignInMustWait)) as refusal:
        sign_in(test_office.office, "mei", PASSWORD, code)
    return refusal.value


def test_an_account_without_one_signs_in_as_before(test_office: TestOffice) -> None:
    add(test_office)
    first = first_step(test_office.office, "mei", PASSWORD)
    assert not first.asks_for_code
    assert not second_step(test_office.office, first).second_factor_due


def test_once_enrolled_the_password_alone_opens_nothing(test_office: TestOffice) -> None:
    """ASVS 6.3.3: and the right code does, with spaces in it too."""
    _, secret, _ = enrolled(test_office)
    assert isinstance(refused(test_office, ""), WrongFactor)
    code = shown_by_app(test_office, secret)
    assert sign_in(test_office.office, "mei", PASSWORD, f"{code[:3]} {code[3:]}").desk.agent.name == "mei"
    assert len(recorded(test_office.office, Action.FACTOR_ENROLLED)) == 1


def test_nothing_is_in_force_before_a_code_was_typed_back(test_office: TestOffice) -> None:
    add(test_office)
    desk = sign_in(test_office.office, "mei", PASSWORD).desk
    secret = begin_enrolment(desk, PASSWORD).secret
    wrong = f"{(int(shown_by_app(test_office, secret)) + 1) % 1_000_000:06}"
    for typed in (wrong, "", "12345", "1234567", "abcdef", "１２３４５６"):
        with pytest.raises(WrongFactor):
            confirm_enrolment(desk, typed)
    assert not first_step(test_office.office, "mei", PASSWORD).asks_for_code


def test_enrolling_asks_for_the_password(test_office: TestOffice) -> None:
    add(test_office)
    desk = sign_in(test_office.office, "mei", PASSWORD).desk
    with pytest.raises(SignInRefused):
        begin_enrolment(desk, OTHER)


def test_a_code_counts_once_and_never_again_and_none_before_it(test_office: TestOffice) -> None:
    """ASVS 6.5.1: the last step is remembered."""
    _, secret, _ = enrolled(test_office)
    now, before = shown_by_app(test_office, secret), shown_by_app(test_office, secret, -1)
    sign_in(test_office.office, "mei", PASSWORD, now)
    for again in (now, before):
        assert isinstance(refused(test_office, again), WrongFactor)


def test_the_code_that_enrolled_signs_nobody_in(test_office: TestOffice) -> None:
    add(test_office)
    desk = sign_in(test_office.office, "mei", PASSWORD).desk
    secret = begin_enrolment(desk, PASSWORD).secret
    code = shown_by_app(test_office, secret)
    confirm_enrolment(desk, code)
    assert isinstance(refused(test_office, code), WrongFactor)


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_the_clocks_may_differ_by_one_step(sqlite_office: TestOffice, steps: int, counts: bool) -> None:
    """ASVS 6.5.5."""
    _, secret, _ = enrolled(sqlite_office)
    sqlite_office.clock.forward(minutes=2)
    code = shown_by_app(sqlite_office, secret, steps)
    if counts:
        sign_in(sqlite_office.office, "mei", PASSWORD, code)
    else:
        assert isinstance(refused(sqlite_office, code), WrongFactor)


def test_two_consoles_cannot_use_one_code(test_office: TestOffice) -> None:
    """ASVS 15.4.2."""
    _, secret, _ = enrolled(test_office)
    code, office = shown_by_app(test_office, secret), test_office.office

    def one(_n: int) -> bool:
        try:
            second_step(office, first_step(office, "mei", PASSWORD), code)
        except WrongFactor:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(one, range(3))) == [False, False, True]


def test_wrong_codes_are_counted_and_wait_like_wrong_passwords(test_office: TestOffice) -> None:
    """ASVS 6.3.1, 6.6.3."""
    _, secret, _ = enrolled(test_office)
    said = [refused(test_office, "000000") for _ in range(6)]
    assert [type(one) for one in said] == [WrongFactor] * 5 + [SignInMustWait]
    assert len(recorded(test_office.office, Action.SIGN_IN_FAILED)) == 6
    test_office.clock.forward(minutes=16)
    signed = sign_in(test_office.office, "mei", PASSWORD, shown_by_app(test_office, secret))
    assert signed.failures_before == 5


def test_the_right_password_forgives_no_wrong_one_before_the_code(test_office: TestOffice) -> None:
    enrolled(test_office)
    for _ in range(4):
        with pytest.raises(SignInRefused):
            sign_in(test_office.office, "mei", OTHER)
    first_step(test_office.office, "mei", PASSWORD)
    with pytest.raises(SignInRefused):
        sign_in(test_office.office, "mei", OTHER)
    with pytest.raises(SignInMustWait):
        first_step(test_office.office, "mei", PASSWORD)


def test_the_code_has_to_come_within_five_minutes_of_the_password(test_office: TestOffice) -> None:
    _, secret, _ = enrolled(test_office)
    first = first_step(test_office.office, "mei", PASSWORD)
    test_office.clock.forward(minutes=6)
    with pytest.raises(WrongFactor):
        second_step(test_office.office, first, shown_by_app(test_office, secret))


def test_a_factor_that_was_set_up_in_between_is_asked_for(test_office: TestOffice) -> None:
    add(test_office)
    desk = sign_in(test_office.office, "mei", PASSWORD).desk
    first = first_step(test_office.office, "mei", PASSWORD)
    enrol(test_office, desk)
    with pytest.raises(SignInRefused):
        second_step(test_office.office, first)


def test_a_recovery_code_counts_once_and_is_on_record(test_office: TestOffice) -> None:
    """ASVS 6.5.2: only keyed hashes are stored."""
    _, _, codes = enrolled(test_office)
    assert len(set(codes)) == RECOVERY_CODES
    desk = sign_in(test_office.office, "mei", PASSWORD, codes[0].upper()).desk
    assert isinstance(refused(test_office, codes[0]), WrongFactor)
    assert recovery_codes_left(desk) == RECOVERY_CODES - 1
    assert [entry.actor for entry in recorded(test_office.office, Action.RECOVERY_CODE_USED)] == ["mei"]
    with test_office.office.database.reading() as session:
        kept = b"".join(session.scalars(select(col(RecoveryCode.digest))))
    assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for code in codes)


def test_replacing_it_ends_the_old_app_and_the_old_recovery_codes(test_office: TestOffice) -> None:
    desk, old, codes = enrolled(test_office)
    begin_enrolment(desk, PASSWORD)  # begun only: the old one stays in force
    desk = sign_in(test_office.office, "mei", PASSWORD, shown_by_app(test_office, old)).desk
    test_office.clock.forward(seconds=60)
    new, _ = enrol(test_office, desk)
    for stale in (shown_by_app(test_office, old), codes[0]):
        assert isinstance(refused(test_office, stale), WrongFactor)
    sign_in(test_office.office, "mei", PASSWORD, shown_by_app(test_office, new))


def test_a_secret_copied_to_another_account_opens_nothing(test_office: TestOffice) -> None:
    """A person who can write to the database cannot give an account their own app."""
    _, _, _ = enrolled(test_office)
    add(test_office, "eve")
    eve = sign_in(test_office.office, "eve", PASSWORD).desk
    secret, _ = enrol(test_office, eve)
    with test_office.office.database.transaction() as session:
        of_eve = session.get_one(SecondFactor, eve.agent.id).secret
        of_mei = col(SecondFactor.agent_id) != eve.agent.id
        session.connection().execute(update(SecondFactor).where(of_mei).values(secret=of_eve))
    with pytest.raises(WrongFactor):
        sign_in(test_office.office, "mei", PASSWORD, shown_by_app(test_office, secret))


def demanding(test_office: TestOffice, *roles: Role) -> None:
    office = test_office.office
    office.settings = office.settings.model_copy(update={"second_factor": roles})


def work(signed: SignedIn) -> None:
    with signed.desk.work():
        pass


def test_settings_can_demand_one_and_then_nothing_works_without(test_office: TestOffice) -> None:
    """ASVS 6.3.3."""
    demanding(test_office, Role.SUPERVISOR, Role.ADMIN)
    add(test_office, "mei")
    work(sign_in(test_office.office, "mei", PASSWORD))
    add(test_office, "omar", Role.AGENT, Role.SUPERVISOR)
    signed = sign_in(test_office.office, "omar", PASSWORD)
    assert signed.second_factor_due
    with pytest.raises(MustEnrol):
        work(signed)
    secret, _ = enrol(test_office, signed.desk)
    work(signed)
    again = sign_in(test_office.office, "omar", PASSWORD, shown_by_app(test_office, secret))
    assert not again.second_factor_due
    work(again)


def test_eight_characters_are_enough_beside_a_second_factor_only(test_office: TestOffice) -> None:
    """ASVS 6.2.1."""
    add(test_office)
    desk = sign_in(test_office.office, "mei", PASSWORD).desk
    with pytest.raises(BadPassword):
        accounts.change_own_password(desk, PASSWORD, "zmqpvkwt")
    enrol(test_office, desk)
    with pytest.raises(BadPassword):
        accounts.change_own_password(desk, PASSWORD, "zmqpvkw")
    accounts.change_own_password(desk, PASSWORD, "zmqpvkwt")


def reset(test_office: TestOffice, name: str, first: Confirming, second: Confirming) -> None:
    reset_factor(operator_desk(test_office.office), name, first, second)


def test_two_other_admins_reset_it_and_a_new_password_is_due(test_office: TestOffice) -> None:
    desk, _, codes = enrolled(test_office)
    for name in ("ada", "ben"):
        add(test_office, name, Role.ADMIN)
    add(test_office, "omar", Role.SUPERVISOR)
    ada, ben = Confirming("ada", PASSWORD), Confirming("ben", PASSWORD)
    wrong: tuple[tuple[Confirming, Confirming, type[Refusal]], ...] = (
        (ada, ada, BadAccount),
        (ada, Confirming("ben", OTHER), SignInRefused),
        (ada, Confirming("unknown-name", PASSWORD), SignInRefused),
        (ada, Confirming("omar", PASSWORD), NotAllowed),
    )
    for first, second, why in wrong:
        with pytest.raises(why):
            reset(test_office, "mei", first, second)
    assert isinstance(refused(test_office, ""), WrongFactor)
    reset(test_office, "mei", ada, ben)
    with pytest.raises(Refusal), desk.reading():
        pass
    signed = sign_in(test_office.office, "mei", PASSWORD)
    assert signed.must_change_password
    assert recovery_codes_left(signed.desk) is None
    assert [entry.actor for entry in recorded(test_office.office, Action.FACTOR_RESET)] == ["operator"]
    with pytest.raises(BadAccount):
        reset(test_office, "mei", ada, ben)
    assert codes


def test_two_accounts_of_one_person_do_not_reset_it(sqlite_office: TestOffice) -> None:
    """DECISIONS.md, 9: who they belong to is not recorded; nor does a password count that another person set."""
    enrolled(sqlite_office)
    for name in ("ada", "ben"):
        accounts.add_agent(operator_desk(sqlite_office.office), name, (Role.ADMIN,), PASSWORD)
    ada, ben = Confirming("ada", PASSWORD), Confirming("ben", PASSWORD)
    with pytest.raises(BadAccount, match="Two different people"):
        reset(sqlite_office, "mei", ada, ben)
    accounts.set_identity(operator_desk(sqlite_office.office), "ben", "ben@staff.example")
    accounts.reset(operator_desk(sqlite_office.office), "ben", OTHER)
    with pytest.raises(MustChangePassword):
        reset(sqlite_office, "mei", ada, Confirming("ben", OTHER))


def test_nobody_resets_their_own(test_office: TestOffice) -> None:
    for name in ("ada", "ben"):
        add(test_office, name, Role.ADMIN)
    enrol(test_office, sign_in(test_office.office, "ada", PASSWORD).desk)
    with pytest.raises(BadAccount):
        reset(test_office, "ada", Confirming("ada", PASSWORD), Confirming("ben", PASSWORD))


def test_no_secret_is_in_the_database(sqlite_office: TestOffice) -> None:
    """ASVS 11.5.1, 13.3.1: what the app was given is sealed."""
    _, secret, _ = enrolled(sqlite_office)
    home = sqlite_office.office.settings.home
    written = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert secret.encode() not in written


# --- what someone who can write the database, and has no keys, wins


def row_of(test_office: TestOffice) -> SecondFactor:
    with test_office.office.database.reading() as session:
        return session.scalars(select(SecondFactor)).one()


def test_a_row_that_was_removed_lets_no_one_in_without_the_factor(test_office: TestOffice) -> None:
    _, secret, codes = enrolled(test_office)
    change(test_office, delete(SecondFactor))
    assert first_step(test_office.office, "mei", PASSWORD).asks_for_code
    for typed in ("", shown_by_app(test_office, secret), codes[0]):
        assert isinstance(refused(test_office, typed), WrongFactor)
    ines, omar = add(test_office, "ines", Role.ADMIN), add(test_office, "omar", Role.ADMIN)
    assert ines != omar
    confirming = (Confirming("ines", PASSWORD), Confirming("omar", PASSWORD))
    reset_factor(operator_desk(test_office.office), "mei", *confirming)
    assert not first_step(test_office.office, "mei", PASSWORD).asks_for_code


def test_a_secret_of_before_or_of_another_account_does_not_count(test_office: TestOffice) -> None:
    desk, lost, _ = enrolled(test_office)
    with_the_lost_phone = row_of(test_office).secret
    enrol(test_office, desk)
    change(test_office, update(SecondFactor).values(secret=with_the_lost_phone, last_step=0))
    assert isinstance(refused(test_office, shown_by_app(test_office, lost)), WrongFactor)
    test_office.clock.forward(minutes=5)
    add(test_office, "eve")
    own, _ = enrol(test_office, sign_in(test_office.office, "eve", PASSWORD).desk)
    with test_office.office.database.reading() as session:
        eves = session.scalars(select(SecondFactor).where(col(SecondFactor.agent_id) != desk.agent.id)).one()
    change(
        test_office,
        update(SecondFactor).where(col(SecondFactor.agent_id) == desk.agent.id).values(secret=eves.secret),
    )
    assert isinstance(refused(test_office, shown_by_app(test_office, own)), WrongFactor)


def test_a_factor_that_was_reset_is_not_put_back(test_office: TestOffice) -> None:
    _, secret, _ = enrolled(test_office)
    before = row_of(test_office)
    add(test_office, "ines", Role.ADMIN)
    add(test_office, "omar", Role.ADMIN)
    confirming = (Confirming("ines", PASSWORD), Confirming("omar", PASSWORD))
    reset_factor(operator_desk(test_office.office), "mei", *confirming)
    with test_office.office.database.transaction() as session:
        session.add(SecondFactor(agent_id=before.agent_id, secret=before.secret, enrolled_at=before.enrolled_at))
    first = first_step(test_office.office, "mei", PASSWORD)
    assert not first.asks_for_code, "a phone that was taken away has no say"
    assert second_step(test_office.office, first, shown_by_app(test_office, secret)).must_change_password


@pytest.mark.parametrize("renamed", [False, True])
def test_a_recovery_code_whose_row_was_put_back_is_not_used_twice(test_office: TestOffice, renamed: bool) -> None:
    _, _, codes = enrolled(test_office)
    sign_in(test_office.office, "mei", PASSWORD, codes[0])
    named = {"id": "x" + col(RecoveryCode.id)} if renamed else {}
    change(test_office, update(RecoveryCode).values(used_at=None, **named))
    assert isinstance(refused(test_office, codes[0]), WrongFactor)
    assert sign_in(test_office.office, "mei", PASSWORD, codes[1]).desk.agent.name == "mei"
