"""Making the n-th write of another process fail, as a disk would: Linux asks us about each system call (seccomp).

It needs neither privileges nor a compiler. Where there is no such thing, `available()` says so.
"""

import ctypes
import errno
import os
import platform
import select
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.faults.processes import PATIENCE

if sys.platform != "win32":
    import fcntl

_NUMBERS = {  # pwrite64, fsync, fdatasync, ftruncate; and seccomp itself
    "x86_64": ((18, 74, 75, 77), 317),
    "aarch64": ((68, 82, 83, 46), 277),
}
_NO_NEW_PRIVILEGES, _SET_FILTER, _NEW_LISTENER = 38, 1, 8
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_GO_ON = 1
_NOTICE_BYTES = 80


def ask_about_writes() -> int:
    """From now on this thread's writes, syncs and truncations wait for an answer at the handle returned.

    It cannot be undone. Raises OSError where the system has no such thing.
    """
    writes, seccomp = _NUMBERS[platform.machine()]
    libc = ctypes.CDLL(None, use_errno=True)
    code = [struct.pack("HBBI", _LOAD, 0, 0, 0)]
    code += [struct.pack("HBBI", _EQUALS, len(writes) - at, 0, number) for at, number in enumerate(writes)]
    code += [struct.pack("HBBI", _RETURN, 0, 0, verdict) for verdict in (_ALLOW, _ASK)]
    program = ctypes.create_string_buffer(b"".join(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    handle = int(libc.syscall(seccomp, _SET_FILTER, _NEW_LISTENER, header))
    if handle < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return handle


def available() -> bool:
    """Whether this system lets us ask."""
    known = Path("/proc/sys/kernel/seccomp/actions_avail")
    return platform.machine() in _NUMBERS and known.is_file() and "user_notif" in known.read_text().split()


@dataclass
class Answers:
    """Answers each write of a process; the `at`-th fails with `error`, and with `lasting` all that follow it too."""

    at: int
    error: int
    lasting: bool
    asked: int = 0

    @property
    def struck(self) -> bool:
        return self.asked >= self.at

    def until_closed(self, channel: socket.socket) -> None:
        """Take the handle from the channel and answer until the process that sent it has ended."""
        _, [handle], *_ = socket.recv_fds(channel, 1, 1)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        try:
            while True:
                [(_, event)] = poll.poll(PATIENCE * 1000)
                if event & select.POLLHUP:
                    return
                self._answer(handle)
        finally:
            os.close(handle)

    def _answer(self, handle: int) -> None:
        notice = bytearray(_NOTICE_BYTES)
        try:
            fcntl.ioctl(handle, _RECEIVE, notice)
        except OSError as problem:
            if problem.errno == errno.ENOENT:  # it was interrupted before we looked
                return
            raise
        [asked_by] = struct.unpack_from("Q", notice)
        self.asked += 1
        fails = self.asked == self.at or (self.lasting and self.asked > self.at)
        answer = (
            struct.pack("QqiI", asked_by, 0, -self.error, 0) if fails else struct.pack("QqiI", asked_by, 0, 0, _GO_ON)
        )
        fcntl.ioctl(handle, _SEND, bytearray(answer))


def hand_over(channel: socket.socket) -> None:
    """In the process whose writes are to fail: ask from now on, and give the handle to the other end."""
    handle = ask_about_writes()
    socket.send_fds(channel, [b"."], [handle])
    os.close(handle)


def give_up_privileges() -> None:
    """Let a read-only file be read-only for root too: for this process, for good."""
    if sys.platform == "linux":
        header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
        nothing = ctypes.create_string_buffer(24)
        if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
            raise OSError(ctypes.get_errno(), "capset")
