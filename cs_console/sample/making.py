"""Making a sample desk: a few weeks of work, done by calling the real services at earlier times."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cs_console.desk import Desk, operator_session
from cs_console.intake import intake
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.letters import MAIL_DOMAIN, account_records, as_mail, letters
from cs_console.sample.scenes import SCENES
from cs_console.sample.story import Story, StoryClock
from cs_console.settings import Settings
from cs_console.staff import accounts
from cs_console.staff.setup import init_desk
from cs_console.tickets.search.index import index_all
from models.roles import Role

STORY = timedelta(hours=820)
"""How long before now the story begins."""
ADMIN = next(account for account in ACCOUNTS if "admin" in account.roles)


def tell(settings: Settings) -> None:
    """Make the desk in `settings.home` with accounts, mail, work done and a log of some weeks."""
    now = datetime.now(UTC)
    clock = StoryClock(now - STORY)
    desk = init_desk(settings, ADMIN.name, ADMIN.password, clock=clock, sample=True)
    try:
        story = Story(desk, clock, now)
        _hire(desk)
        _take_in_accounts(story)
        scenes = list(SCENES)
        for number, letter in enumerate(letters()):
            hours = letter.age / timedelta(hours=1)
            while scenes and scenes[0][0] > hours:
                _play(story, *scenes.pop(0))
            story.at(hours)
            taken = intake.take_in(operator_session(desk), intake.from_bytes(as_mail(letter, number, clock.at)))
            if letter.id and taken.number is not None:
                story.numbers[letter.id] = taken.number
        for scene in scenes:
            _play(story, *scene)
        index_all(desk)  # the first search finds everything
    finally:
        desk.close()


def _play(story: Story, hours: float, scene: Callable[[Story], None]) -> None:
    story.at(hours)
    scene(story)


def _hire(desk: Desk) -> None:
    session = operator_session(desk)
    for account in ACCOUNTS:
        roles = frozenset(Role(role) for role in account.roles)
        identity = f"{account.name}@staff.{MAIL_DOMAIN}"
        if account is ADMIN:
            accounts.set_roles(session, account.name, roles)
            accounts.set_identity(session, account.name, identity)
        else:
            accounts.add_agent(session, account.name, roles, account.password, identity=identity)


def _take_in_accounts(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "accounts.jsonl"
        file.write_text(account_records(story.now), "utf-8")
        intake.import_jsonl(operator_session(story.desk), file)
