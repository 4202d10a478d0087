"""Runs a command that the operator named in the settings: no shell, a time limit, a short reason on failure."""

import shlex
import subprocess


class CommandFailed(Exception):
    """The command failed. `why` contains neither its output nor its arguments: either may be a secret."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def run_command(command: str, seconds: float, given: bytes = b"") -> bytes:
    """Run it with `given` on standard input and return its output. It has no terminal to write to.

    Only exit status 0 within `seconds` counts as success; after that it is killed. Raises CommandFailed.
    """
    try:
        words = shlex.split(command)
        if not words:
            raise CommandFailed("it is empty")
        process = subprocess.Popen(  # noqa: S603 - the operator's own command, no shell
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except ValueError:
        raise CommandFailed("its quotes do not match") from None
    except OSError as problem:
        raise CommandFailed(f"it cannot be run: {problem.strerror}") from None
    with process:
        try:
            printed, _ = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise CommandFailed(f"it took more than {seconds:g} s") from None
        finally:
            process.kill()  # it has ended, or must end now
    if process.returncode:
        raise CommandFailed(f"it ended with status {process.returncode}")
    return printed
