"""The one table of commands: what it promises about keys, footers, palette and help."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

import screens
from cs_console.app import ConsoleApp
from cs_console.errors import BadSettings
from models.roles import Role
from screens import registry
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import Dialog
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.places import PLACES as PLACES_OF_G
from tests.support.consoles import console
from tests.support.desk import TestDesk

DESIGN_KEYS = {
    "move_down": "j,down",
    "move_up": "k,up",
    "open": "enter",
    "back": "escape",
    "claim": "c",
    "new": "n",
    "filter": "slash",
    "verify": "v",
    "reveal": "r",
    "reply": "m",
    "note": "i",
    "decide": "d",
    "assign": "a",
    "state": "s",
    "select": "x",
    "bulk": "X",
    "help": "question_mark,f1",
    "command_palette": "ctrl+p",
    "lock": "ctrl+l",
    "quit": "ctrl+q",
    "phone": "f9",
    **{f"view_{number}": str(number) for number in range(1, 10)},
}
PLACES = sorted({place for one in registry.COMMANDS for place in one.where} - {registry.EVERYWHERE})


def screen_classes() -> Iterator[type[ConsoleScreen[Any]] | type[Dialog[Any]]]:
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        for thing in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(thing, type)
                and issubclass(thing, ConsoleScreen | Dialog)
                and thing.__module__ == module.name
            ):
                yield thing


def test_every_key_of_the_design_is_there() -> None:
    assert {one: registry.command(one).keys for one in DESIGN_KEYS} == DESIGN_KEYS


def test_no_two_commands_of_a_screen_share_a_key() -> None:
    assert registry.key_problems({}) == ()


def test_every_binding_has_its_commands_id() -> None:
    ids = {one.id for one in registry.COMMANDS}
    for place in PLACES:
        for binding in registry.bindings_for(place):
            assert not isinstance(binding, tuple)
            assert binding.id in ids


@pytest.mark.parametrize("place", PLACES)
def test_a_footer_has_at_most_seven_keys_and_fits_80_columns(place: str) -> None:
    named = [one for one in registry.COMMANDS if place in one.footer]
    assert len(named) <= registry.FOOTER_KEYS
    width = sum(len(registry.shown_key(one, {})[0]) + len(one.title) + 4 for one in named) - 3
    assert width <= 76


@pytest.mark.core
def test_every_command_of_a_screen_does_something_there() -> None:
    missing = []
    for kind in screen_classes():
        if not kind.WHERE or kind in (ConsoleScreen, Dialog):
            continue
        for one in registry.commands_for(kind.WHERE):
            owner: type = ConsoleApp if one.app_wide else kind
            name = one.runs.partition("(")[0]
            if not hasattr(owner, f"action_{name}"):
                missing.append(f"{kind.__name__}.action_{name}")
    assert missing == []


@pytest.mark.core
def test_every_place_has_its_screen_and_its_help() -> None:
    places = {kind.WHERE for kind in screen_classes()}
    assert set(PLACES) - {"form", "words"} <= places
    helped = [kind for kind in screen_classes() if "help" in {one.id for one in registry.commands_for(kind.WHERE)}]
    assert {"sign_in", "queue", "ticket", "decision"} <= {kind.WHERE for kind in helped}
    for kind in helped:
        if issubclass(kind, ConsoleScreen) and kind.WHERE and kind is not HelpScreen:
            assert {"HELP_TITLE", "HELP"} <= vars(kind).keys(), f"{kind.__name__} says nothing about itself"
            assert kind.HELP_TITLE and kind.HELP.endswith((".", "?"))


def test_every_screen_finds_its_styles() -> None:
    """Textual looks for a style sheet beside the class that is opened, though a class above it may have named it."""
    for kind in screen_classes():
        named = kind.CSS_PATH if isinstance(kind.CSS_PATH, list) else [kind.CSS_PATH] if kind.CSS_PATH else []
        missing = [one for one in named if not (Path(inspect.getfile(kind)).parent / one).is_file()]
        assert not missing, f"{kind.__name__}: {missing}"


def test_commands_of_other_roles_are_not_offered() -> None:
    agent = frozenset({Role.AGENT})
    assert "go_log" not in {one.id for one in registry.palette_for("go", agent)}
    assert "go_log" in {one.id for one in registry.palette_for("go", frozenset({Role.SUPERVISOR}))}
    admin = frozenset({Role.ADMIN})
    assert not {"claim", "verify", "new"} & {one.id for one in registry.footer_for("queue", admin)}


async def test_g_leads_to_every_place_on_the_list(sqlite_desk: TestDesk) -> None:
    """One line in `screens/places.py` makes a place: its key after `g`, its title there, and its screen."""
    everyone = sqlite_desk.session("who", *Role)
    async with console(sqlite_desk, everyone) as shown:
        for place in reversed(PLACES_OF_G):  # the queue is where it starts
            await shown.press("g")
            await shown.until_on(GoTo)
            assert place.title in shown.words()
            await shown.press(place.key)
            await shown.until_on(resolve_name(place.screen))
            assert shown.app.current_mode == place.name
            assert isinstance(shown.app.screen, ConsoleScreen)
            assert place.name == shown.app.screen.WHERE


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"clame": "f2"}, "clame"),
        ({"claim": "v"}, "claim and verify"),
    ],
)
def test_unusable_keys_are_named_before_the_console_opens(
    sqlite_desk: TestDesk, keys: dict[str, str], said: str
) -> None:
    settings = sqlite_desk.desk.settings.model_copy(update={"keys": keys})
    with pytest.raises(BadSettings, match=said):
        ConsoleApp(settings)


async def test_a_rebound_key_works_and_stands_in_the_footer(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"keys": {"filter": "f4"}})
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: "f4 filter" in shown.drawn(), "the footer")
        await shown.press("f4")
        await shown.until(lambda: shown.app.focused is not None and shown.app.focused.id == "filter-text")
