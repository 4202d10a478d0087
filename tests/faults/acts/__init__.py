"""The acts that kill -9 cuts short. A new one is a subclass of `Act` in a file of its own, and a line in this table."""

from collections.abc import Mapping

from tests.faults.acts.act import Act
from tests.faults.acts.decision import Decisions
from tests.faults.acts.destruction import Destruction
from tests.faults.acts.erasure import Erasures
from tests.faults.acts.intake import Intake
from tests.faults.acts.letters import Letters
from tests.faults.acts.reveal import Reveals
from tests.faults.acts.rotation import Rotations
from tests.faults.acts.traffic import Traffic

ACTS: Mapping[str, type[Act]] = {
    "intake": Intake,
    "reveal": Reveals,
    "decision": Decisions,
    "key destruction": Destruction,
    "erasure": Erasures,
    "letters": Letters,
    "rotation": Rotations,
    "traffic": Traffic,
}
