"""What the fault suites stand on: a desk with both of its stores on one engine, and counters."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.tally import Tally
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import empty_database, fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def desk_on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A fresh desk, database and keyring on one engine, at the machine's time: other processes have no other."""
    on_server = request.param == "postgresql"
    made = make_desk(
        tmp_path / "home", fresh_database() if on_server else "", keyring_url=empty_database() if on_server else ""
    )
    made.clock.at = datetime.now(UTC)
    yield made
    made.desk.close()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counters under the name that the suite has (SUITE); CS_SOAK_SEED repeats a run as far as chance decides it."""
    seed = int(os.environ.get("CS_SOAK_SEED") or random.randrange(2**32))
    return Tally(request.module.SUITE, seed, request.node.user_properties)
