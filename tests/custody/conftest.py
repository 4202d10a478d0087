"""A desk for the tests of custody whose keyring, too, is on either engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def keyring_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A desk whose keyring is on SQLite or on PostgreSQL."""
    made = make_desk(tmp_path / "home", keyring_url="" if request.param == "sqlite" else empty_database())
    yield made
    made.desk.close()
