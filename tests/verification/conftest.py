"""What the tests of verification share."""

import pytest

from tests.support.desk import TestDesk
from tests.support.verifying import Verifying


@pytest.fixture
def v(test_desk: TestDesk) -> Verifying:
    """A verifier with a ticket."""
    return Verifying(test_desk)
