"""Where key-encryption keys come from, the present one and the next: files for their owner alone, or commands."""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cs_console.errors import BadSettings, KeyUnavailable
from cs_console.operator_command import CommandFailed, run_command
from cs_console.settings import Settings

KEY_BYTES = 32
COMMAND_SECONDS = 30


def make_wrapping_key(path: Path) -> None:
    """Write a new key-encryption key, readable by its owner alone. An existing file is left as it is."""
    write_key_file(path, secrets.token_bytes(KEY_BYTES))


def write_key_file(path: Path, key: bytes) -> None:
    """Write 32 bytes as base64 with mode 0600, durably, never over an existing file. Raises KeyUnavailable."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        if isinstance(problem, FileExistsError) and path.is_file():
            return
        raise _not_written(path, problem) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _settle(path.parent)
    except OSError as problem:
        path.unlink(missing_ok=True)  # half a key would be kept as if it were one
        raise _not_written(path, problem) from None


def read_key_file(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises KeyUnavailable naming the file."""
    try:
        return _decode(path.read_bytes(), str(path))
    except OSError as problem:
        raise KeyUnavailable(
            f"The key file {path} cannot be read: {problem.strerror}.", "Restore it, or name another key file."
        ) from None


def wrapping_key(settings: Settings) -> bytes:
    """The key-encryption key from the command or the file that the settings name. Raises KeyUnavailable."""
    if settings.key_command:
        return printed_key(settings.key_command, "CS_CONSOLE_KEY_COMMAND")
    return read_key_file(settings.key_path)


def wrapping_keys(settings: Settings) -> tuple[bytes, ...]:
    """Every key-encryption key that can be had now: the next one, where there is one, and the present one.

    Raises KeyUnavailable where there is neither.
    """
    found: list[bytes] = []
    with suppress(KeyUnavailable):
        # the next one is asked for first: when it is there no more, it has become the present one
        if settings.next_key_command:
            found.append(printed_key(settings.next_key_command, "CS_CONSOLE_NEXT_KEY_COMMAND"))
        elif not settings.key_command:
            found.append(read_key_file(settings.next_key_path))
    try:
        found.append(wrapping_key(settings))
    except KeyUnavailable:
        if not found:
            raise
    return tuple(found)


def next_key(settings: Settings) -> bytes:
    """The key that takes over in a rotation: what the next command prints, else a new one, durable in its file.

    A next key that is there already, left by a rotation that was cut short, is kept. Raises BadSettings where the
    present key comes from a command and no next command is named, and KeyUnavailable.
    """
    if settings.next_key_command:
        return printed_key(settings.next_key_command, "CS_CONSOLE_NEXT_KEY_COMMAND")
    if settings.key_command:
        raise BadSettings(
            "CS_CONSOLE_NEXT_KEY_COMMAND is not set.",
            "Set it on every console to a command that prints a new key (32 random bytes in base64).",
        )
    path = settings.next_key_path
    try:
        if not path.exists():
            draft = path.with_name(path.name + ".new")  # the file has its name only once it is whole
            draft.unlink(missing_ok=True)
            make_wrapping_key(draft)
            draft.replace(path)
        _settle(path.parent)
    except OSError as problem:
        raise _not_written(path, problem) from None
    return read_key_file(path)


def put_next_in_place(settings: Settings) -> None:
    """Let the next key's file, if it is still there, become the present one's: no file of the old key is left.

    One durable step, which may be taken again. Raises KeyUnavailable naming the file.
    """
    place = settings.key_path.resolve()
    try:
        with suppress(FileNotFoundError):
            settings.next_key_path.replace(place)
        _settle(place.parent)
    except OSError as problem:
        raise _not_written(place, problem) from None


def _settle(folder: Path) -> None:
    """Make the names in a folder durable; Windows does so by itself."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def printed_key(command: str, name: str) -> bytes:
    """The key that the command prints. Raises KeyUnavailable, which names the setting and nothing of the command."""
    try:
        printed = run_command(command, COMMAND_SECONDS)
    except CommandFailed as problem:
        raise KeyUnavailable(f"{name} did not print a key: {problem.why}.", "Run it by hand to see why.") from None
    return _decode(printed, name)


def _not_written(path: Path, problem: OSError) -> KeyUnavailable:
    return KeyUnavailable(
        f"The key file {path} cannot be written: {problem.strerror}.", "Check the folder's permissions and space."
    )


def _decode(text: bytes, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(f"{where} does not contain 32 bytes in base64.", "Restore the right key.")
    return key
