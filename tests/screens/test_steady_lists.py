"""A page key that comes before a list is laid out does nothing; it ended the console."""

import pytest
from textual.app import ComposeResult
from textual.widgets import OptionList

from screens.frame.quiet_app import QuietApp
from screens.widgets.choice_list import Choice, ChoiceList


class Lists(QuietApp):
    """One list of Textual's, one of ours."""

    def compose(self) -> ComposeResult:
        yield OptionList("one", "two")
        yield ChoiceList([Choice("1", "one"), Choice("2", "two")])


@pytest.mark.parametrize("kind", [OptionList, ChoiceList])
async def test_page_keys_before_the_list_is_laid_out(kind: type[OptionList]) -> None:
    async with Lists().run_test() as pilot:
        shown = pilot.app.query(kind).last()
        shown.highlighted = 0
        shown.styles.height = 0
        await pilot.pause()
        shown.clear_options().add_options(["three", "four"])
        shown.highlighted = 0
        shown._move_page(1)
        shown._move_page(-1)
        assert shown.highlighted == 0
        shown.styles.height = 10
        await pilot.pause()
        shown._move_page(1)
        assert shown.highlighted == 1
