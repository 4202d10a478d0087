"""The requester's phone, in the demo: codes are seen there and nowhere else."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.outbox import put
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.roles import Role
from screens.demo.phone import PhoneScreen, arrived
from tests.support.consoles import WIDE, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("size", [WIDE])
async def test_it_shows_what_the_outbox_received_newest_first_without_the_address(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = make_ticket(sqlite_desk, contacts={Field.MOBILE: "+8613800138000", Field.EMAIL: "alice@example.org"})
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    sqlite_desk.clock.forward(seconds=1)
    async with console(sqlite_desk, vera, size) as shown:
        await shown.open(PhoneScreen())
        await shown.until_words("text message", "your code is")
        send_code(vera, made.number, made.contact_ids[Field.EMAIL])
        await shown.until_words("mail", f"[#{made.number}]")
        words = shown.words()
        assert words.index("  mail") < words.index("text message")
        assert "13800138000" not in words and "alice@example.org" not in words


async def test_it_opens_by_its_key_in_the_demo_only(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    async with console(sqlite_desk, vera) as shown:
        await shown.press("f9")
        await shown.pilot.pause()
        assert not isinstance(shown.app.screen, PhoneScreen)
        sqlite_desk.desk.sample = True
        await shown.press("f9")
        await shown.until_on(PhoneScreen)
        await shown.until_words("Nothing has arrived yet.")


async def test_hostile_messages_are_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    outbox = sqlite_desk.desk.settings.outbox
    assert outbox is not None
    hostile = b"[/x]\x1b]52;c;aGk=\x07[@click=app.quit]\xe2\x80\xae"
    put(outbox, sqlite_desk.clock.now(), "0123456789abcdef", ".txt", b"To: 1\n\n" + hostile)
    put(outbox, sqlite_desk.clock.now(), "0123456789abcdef", ".eml", b"Subject: " + hostile + b"\n\n" + hostile)
    async with console(sqlite_desk, vera) as shown:
        await shown.open(PhoneScreen())
        await shown.until_words("[@click=app.quit]")
        assert not {"\x1b", "\x07", "\u202e"} & set(shown.drawn())


def test_files_that_are_being_written_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".half.txt.part").write_text("half")
    (tmp_path / "other.bin").write_bytes(os.urandom(10))
    assert arrived(tmp_path) == ()
    assert arrived(tmp_path / "nowhere") == ()


@given(st.binary(max_size=300), st.sampled_from([".eml", ".txt"]))
def test_any_file_can_be_shown(tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
    folder = tmp_path_factory.mktemp("outbox")
    (folder / f"one{suffix}").write_bytes(content)
    assert len(arrived(folder)) == 1
