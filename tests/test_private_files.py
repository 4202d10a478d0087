"""Whatever the console leaves in its home folder is its owner's alone, whatever the umask (ASVS 14.2.4)."""

import os
import stat
from pathlib import Path

from cs_console.access_log.pinned_log import remember
from cs_console.opening import open_desk
from cs_console.sample.demo import make_sample, sample_settings


def test_every_file_of_a_desk_that_has_worked_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        settings = sample_settings(tmp_path / "home")
        make_sample(settings)
        desk = open_desk(settings)
        remember(desk, "omar", "omar-s-account")
        found = [*settings.home.rglob("*")]
        others = [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
        desk.close()
    finally:
        os.umask(before)
    assert {"console.db", "keyring.db", "checkpoints.txt", "omar-s-account.json"} <= {path.name for path in found}
    assert others == []
    assert not [path for path in found if path.suffix in (".tmp", ".part", ".new")]
