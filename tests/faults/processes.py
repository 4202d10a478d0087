"""Other processes of the fault suites, and what they say: one line at a time, each a list of words."""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import IO, Any

PATIENCE = 60.0
"""Seconds until something that has to come is given up."""

ANSWER = 20
"""Bytes of a process id at most."""

Words = list[str]


class Process:
    """A program that takes JSON lines and says lines of words."""

    def __init__(self, its_input: IO[bytes], its_output: IO[bytes]) -> None:
        self._input, self._output = its_input, its_output.fileno()
        self._lines: deque[Words] = deque()
        self._rest = b""

    def tell(self, what: Any) -> None:
        self._input.write(json.dumps(what).encode() + b"\n")
        self._input.flush()

    def says(self, seconds: float = PATIENCE) -> Iterator[Words]:
        """The lines that arrive within so many seconds; half a line of one that was killed is never among them."""
        until = monotonic() + seconds
        while self._lines or self._read_on(until - monotonic()):
            if self._lines:
                yield self._lines.popleft()

    def until_said(self, word: str) -> list[Words]:
        """The lines up to one that begins with this word, that one last."""
        lines: list[Words] = []
        for line in self.says():
            lines.append(line)
            if line[0] == word:
                return lines
        raise AssertionError(f"waited in vain for {word!r} after {lines[-3:]}")

    def _read_on(self, seconds: float) -> bool:
        """Take what the process has said; False where the time is over."""
        if seconds <= 0 or not select.select([self._output], [], [], seconds)[0]:
            return False
        read = os.read(self._output, 65536)
        assert read, "the process has ended; its last words are on standard error"
        *whole, self._rest = (self._rest + read).split(b"\n")
        self._lines += (line.decode().split() for line in whole)
        return True


@contextmanager
def program(module: str, *channels: int) -> Iterator[Process]:
    """Run one of these modules as a program for as long as the context lasts; it is given the channels' numbers."""
    command = [sys.executable, "-m", f"tests.faults.{module}", *map(str, channels)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=channels) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Process(process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.kill()


@contextmanager
def forked(module: str) -> Iterator[Process]:
    """The same for a module of the nursery, which has imported it before: one starts in no time."""
    (its_input, ours), (theirs, its_output) = os.pipe(), os.pipe()
    nursery = _nursery()
    with open(ours, "wb") as told, open(theirs, "rb") as said:
        socket.send_fds(nursery, [f"start {module}".encode()], [its_input, its_output])
        os.close(its_input)
        os.close(its_output)
        pid = int(nursery.recv(ANSWER))
        try:
            yield Process(told, said)
        finally:
            nursery.send(f"end {pid}".encode())
            nursery.recv(ANSWER)


@cache
def _nursery() -> socket.socket:
    """The channel to this test process's nursery, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        running = subprocess.Popen([sys.executable, "-m", "tests.faults.nursery", str(number)], pass_fds=[number])
    atexit.register(_end, ours, running)
    return ours


def _end(nursery: socket.socket, running: subprocess.Popen[bytes]) -> None:
    nursery.close()
    running.wait(PATIENCE)


def say(*words: object) -> None:
    """From inside such a program: one line, written whole."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
