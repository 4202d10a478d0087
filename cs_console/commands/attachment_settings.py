"""What the settings say about attachments, and whether it can be used: for `doctor`."""

import os
import shlex
import shutil
from collections.abc import Iterator

from cs_console.settings import Settings

OFF = "switched off"


def attachments_in_force(settings: Settings) -> dict[str, str]:
    """The settings as text; of the command only that there is one."""
    return {
        "attachments saved in": str(settings.download or OFF),
        "attachment command": "set" if settings.attachment_command else OFF,
        "files attached from": str(settings.attach_from or OFF),
    }


def attachment_findings(settings: Settings) -> Iterator[tuple[str, bool, str]]:
    """Name, whether it can be used, and words, for each of them that is set."""
    if settings.download is not None:
        usable = settings.download.is_dir() and os.access(settings.download, os.W_OK | os.X_OK)
        words = f"into {settings.download}" if usable else f"{settings.download} is no folder that can be written"
        yield "saved attachments", usable, words
    if settings.attachment_command:
        found = shutil.which((shlex.split(settings.attachment_command) or [""])[0]) is not None
        yield "attachment command", found, "is there" if found else "its program cannot be found"
    if settings.attach_from is not None:
        yield ("attached files", *_attach_from(settings))


def _attach_from(settings: Settings) -> tuple[bool, str]:
    folder = settings.attach_from
    assert folder is not None  # asked for only where it is set
    if not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
        return False, f"{folder} is no folder that can be read"
    if settings.home.resolve().is_relative_to(folder.resolve()):
        return False, f"{folder} contains the desk's own files and keys; name another one"
    return True, f"from {folder}"
