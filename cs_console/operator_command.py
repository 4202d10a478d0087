"""Running a command that the operator named in the settings: no shell, a time limit, one word for what went wrong."""

import shlex
import subprocess


class CommandFailed(Exception):
    """The command did not do its work. `why` holds nothing that it printed, nor its words: either may be a secret."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def run_command(command: str, seconds: float, given: bytes = b"") -> bytes:
    """Run it with `given` on its standard input and return what it printed. It has no terminal to write to.

    Exit status 0 within `seconds` is the one way to have done its work; it is killed after that. Raises CommandFailed.
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
            process.kill()  # it is over, or is to be
    if process.returncode:
        raise CommandFailed(f"it ended with status {process.returncode}")
    return printed
