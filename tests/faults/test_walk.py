"""Whatever is typed, pasted, clicked and resized over a real terminal: the console lives, and Escape leads home.

First what once went wrong, then walks that chance decides. `make soak` walks for an hour in all.
"""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from cs_console.sample.accounts import ACCOUNTS, SampleAccount
from models.enums import MessageSort
from screens.registry import commands_for
from tests.faults.pty_console import SEQUENCES, PtyConsole, Trouble, clicked
from tests.faults.tally import Tally
from tests.faults.walker import HELP, RARE, RAW, SIZES, SMALLEST, Walk
from tests.support.sample_desk import copied
from tests.support.soak import rounds, seconds

SUITE = "walk"
BURSTS = rounds(3, 3)
"""Of each account, at least."""
SECONDS = seconds(1200)
"""Of each account, at least; there are three."""
LEG_BURSTS = 60
"""After so many a fresh desk, another size, and the next seed, which repeats it from there."""
SEED = 13
"""Of the walks in `make test`, which are the same each time."""

WORDS = "Your account is open again."
MEI = ACCOUNTS[0]


@pytest.fixture(scope="module")
def long_walk(sample_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """An agent at a console of 80x24 which the cases below share."""
    with PtyConsole(copied(sample_desk, tmp_path_factory.mktemp("walk") / "home"), 80, 24) as console:
        walk = Walk(console, MEI, SEED)
        walk.come_in()
        yield walk


@pytest.fixture
def walk(long_walk: Walk) -> Iterator[Walk]:
    """The same at the queue, where it has to be again afterwards; begun again where a case before ended it."""
    if not long_walk.console.lives:
        long_walk.begin_again()
        long_walk.home()
    long_walk.console.resize(80, 24)
    yield long_walk
    if long_walk.console.lives:
        long_walk.home()


def open_inquiry(walk: Walk) -> None:
    """An inquiry that is the agent's own, which the sample has."""
    console = walk.console
    console.press("1")  # the view without a filter, which another case may have left
    console.wait_for("rights")
    console.press("slash")
    console.wait_for("filter ▸")
    console.type("kind:inquiry")
    console.wait_for("kind:inquiry")
    console.press("enter")
    console.wait(lambda: "rights" not in console.shown and "inquiry " in console.shown, "the filtered queue")
    console.press("enter")
    console.wait_for("Inquiry")
    console.wait_for(", mail  ")


def write_reply(walk: Walk) -> None:
    open_inquiry(walk)
    walk.console.press("m")
    walk.console.wait_for("Write to the requester", WORDS)
    walk.console.wait(lambda: "Reply to" in walk.console.shown and "•••" in walk.console.shown, "the address")


def test_a_console_ends_with_its_terminal_also_where_hang_ups_are_ignored(sample_desk: Path, tmp_path: Path) -> None:
    """Started by nohup it went on for good, with a session that no one saw."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which the console inherits
    try:
        with PtyConsole(copied(sample_desk, tmp_path / "home"), 80, 24) as console:
            console.wait_for("Password")
            assert console.hang_up() == 128 + signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.timeout(600)
def test_go_to_typed_faster_than_its_dialog_opens(walk: Walk) -> None:
    """ScreenStackError ended the console: a key that came late dismissed the reminder a second time."""
    for after in ("e j k g z z z", "e enter g a escape e", "x g g e g q", "ctrl+p e g e f1"):
        walk.console.press("g", *after.split())
        walk.home()


@pytest.mark.timeout(600)
def test_the_palette_chosen_from_and_left_in_one_burst(walk: Walk) -> None:
    """ScreenStackError ended the console: the palette went away twice, the queue with it."""
    for after in ("enter enter escape", "enter escape pagedown", "pagedown enter enter f8 escape"):
        walk.console.press("ctrl+p")
        walk.console.wait_for("Search for commands")
        walk.console.press("down", *after.split())
        walk.home()


@pytest.mark.timeout(600)
def test_a_long_paste_taken_back_again_and_again(walk: Walk) -> None:
    """Textual's issue 6686: the console ended, with what was typed."""
    write_reply(walk)
    console = walk.console
    text = "\n".join(f"line {number} of a long letter" for number in range(1, 3001))
    for size in (SMALLEST, (80, 24)):
        console.resize(*size)
        console.paste(text)
        console.wait_for("line 3000 of a long letter")
        console.press("ctrl+z")
        console.wait(lambda: "of a long letter" not in console.shown, "an empty area")
        console.press("ctrl+y")
        console.wait_for("line 3000 of a long letter")
        console.press("ctrl+z")
        console.wait(lambda: "of a long letter" not in console.shown, "an empty area")
    console.type(WORDS)
    console.wait_for(WORDS)
    console.press("escape")
    console.wait_for(", mail  ")
    console.press("m")
    console.wait_for(WORDS)  # nothing typed is lost


@pytest.mark.timeout(600)
def test_a_letter_goes_out_once_however_its_keys_come(walk: Walk) -> None:
    """`ctrl+s`, then help before the answer was there: the letter went out twice, and the console ended."""
    write_reply(walk)
    console = walk.console
    console.press("ctrl+a")  # and the words in the same burst
    console.type(WORDS)
    console.wait_for(WORDS)
    console.wait_for("•••")  # the recipient: until the ticket is read nothing is sent
    before = replies(console)
    console.press("ctrl+s", "ctrl+s", "f1")
    console.wait(lambda: HELP in console.shown or "Sent" in console.shown, "the help, or the letter on its way")
    walk.home()
    console.wait(lambda: replies(console) > before, "the letter")
    walk.home()
    assert replies(console) == before + 1


def replies(console: PtyConsole) -> int:
    """How many letters have gone out from this desk; read beside the console, so as to be in nothing's way."""
    file = (console.home / "console.db").as_uri()
    with closing(sqlite3.connect(f"{file}?mode=ro", uri=True)) as store:
        (count,) = store.execute("SELECT count(*) FROM message WHERE sort = ?", (MessageSort.REPLY.value,)).fetchone()
    return int(count)


@pytest.mark.timeout(900)
def test_a_resize_in_the_middle_of_every_dialog_of_a_ticket(walk: Walk) -> None:
    console = walk.console
    open_inquiry(walk)
    sizes = [size for size in SIZES if size != (80, 24)]
    for number, key in enumerate(key for one in commands_for("ticket") for key in one.keys.split(",")):
        if key in RARE or key not in SEQUENCES:
            continue
        console.press(key)
        received = console.received
        console.resize(*sizes[number % len(sizes)])
        console.wait(lambda received=received: console.received > received, "a repaint")  # type: ignore[misc]
        console.press("escape", "f5")
        console.check()


@pytest.mark.timeout(600)
def test_clicks_everywhere(walk: Walk) -> None:
    console = walk.console
    places = [(column, line) for line in range(1, 25, 3) for column in range(1, 81, 8)]
    for press in ("f5", "enter", "n"):
        console.press(press)
        console.send(b"".join(clicked(*place) for place in places), "clicks everywhere")
    walk.home()


@pytest.mark.timeout(600)
def test_what_no_keyboard_sends(walk: Walk) -> None:
    """A byte that is no UTF-8 ended the console."""
    walk.console.send(b"a".join(RAW), "what no keyboard sends")
    walk.console.press("escape", "n")
    walk.console.send(b"a".join(RAW), "what no keyboard sends")


@pytest.mark.timeout(600 + 2 * SECONDS)
@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda one: one.name)
def test_no_walk_ends_the_console_or_loses_the_way_home(
    sample_desk: Path, tmp_path: Path, account: SampleAccount, tally: Tally
) -> None:
    chosen = SECONDS or "CS_SOAK_SEED" in os.environ
    begun, seed = monotonic(), tally.seed if chosen else SEED + ACCOUNTS.index(account)
    with tally:
        while tally.rounds < BURSTS or monotonic() - begun < SECONDS:
            walk_one_leg(copied(sample_desk, tmp_path / "walked"), account, seed, tally, begun)
            seed += 1
        tally.seconds = monotonic() - begun


def walk_one_leg(home: Path, account: SampleAccount, seed: int, tally: Tally, begun: float) -> None:
    """One desk, one size, one seed, which a failure names with what was typed in the last minute."""
    with PtyConsole(home, *SIZES[seed % len(SIZES)]) as console:
        walk = Walk(console, account, seed)
        try:
            walk.come_in()
            while walk.counts.bursts < LEG_BURSTS and (tally.rounds < BURSTS or monotonic() - begun < SECONDS):
                walk.burst()
                tally.rounds += 1
            walk.end()
        except Trouble as trouble:
            trouble.add_note(f"{account.name}, burst {walk.counts.bursts}; again with CS_SOAK_SEED={seed}")
            raise
        tally.faults += walk.counts.rough
