"""The palette finds commands by name; the theme can be changed without leaving."""

import pytest
from textual.widgets import Input

from models.enums import Role
from screens.palette import Palette
from tests.support.consoles import console
from tests.support.office import TestOffice


@pytest.mark.parametrize("by_palette", [True, False])
async def test_the_theme_is_changed_from_the_palette_and_by_its_key(
    sqlite_office: TestOffice, by_palette: bool
) -> None:
    async with console(sqlite_office, sqlite_office.desk("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: nothing here.")
        if by_palette:
            await shown.press("ctrl+p")
            await shown.until_on(Palette)
            await shown.type("theme")
            await shown.until_words("Dark, light or high contrast")
            await shown.press("enter")
        else:
            await shown.press("f8")
        await shown.until(
            lambda: isinstance(shown.app.screen, Palette) and shown.app.screen.query_one(Input).placeholder == "Theme"
        )
        await shown.type("light")
        await shown.until_words("cs-light")
        await shown.press("enter")
        await shown.until(lambda: shown.app.theme == "cs-light")
