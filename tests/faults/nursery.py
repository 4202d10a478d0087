"""Run as a program: it imports what those that race and those to be killed need, and forks each of them from itself.

Nothing is open in it, so that each is a process of its own as if it had been started by itself.
It is given the number of a socket. On "start MODULE", with two pipes, it forks and answers with the process id;
on "end PID" it kills that process and answers once it is dead.
"""

import os
import random
import signal
import socket
import sys
from collections.abc import Callable

from tests.backups import restorer
from tests.faults import act_forever, racer
from tests.staff import desk_maker

PROGRAMS: dict[str, Callable[[], None]] = {
    "act_forever": act_forever.main,
    "desk_maker": desk_maker.main,
    "racer": racer.main,
    "restorer": restorer.main,
}
LONGEST = 200


def main(control: socket.socket) -> None:
    while True:
        message, pipes, _, _ = socket.recv_fds(control, LONGEST, 2)
        if not message:
            return
        order, what = message.decode().split()
        if order == "start":
            answer = _forked(PROGRAMS[what], pipes, control)
        else:
            answer = int(what)
            os.kill(answer, signal.SIGKILL)
            os.waitpid(answer, 0)  # not before, so that the number is no other's
        control.send(str(answer).encode())


def _forked(run: Callable[[], None], pipes: list[int], control: socket.socket) -> int:
    child = os.fork()
    if child == 0:
        control.close()
        for standard, pipe in enumerate(pipes):
            os.dup2(pipe, standard)
            os.close(pipe)
        random.seed()
        run()
        sys.exit()
    for pipe in pipes:
        os.close(pipe)
    return child


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
