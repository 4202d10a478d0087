"""Reading a file that may be hostile: a process of its own does it, under limits, and its answer is not trusted."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, Timer
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cs_console.plain_text import one_line, plain

SECONDS = 20.0
"""How long reading one file may take on the clock; the process has its own limit of processor time."""
LONGEST_ANSWER = 8 * 1024 * 1024
NOT_READ = "It could not be read within safe limits: it is damaged, or made to do harm."
TOO_SLOW = "Reading it took too long, so it was stopped."
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,80}", re.ASCII)
_BEGIN = (
    "import sys; sys.path[:] = sys.argv[1:]\n"
    "from cs_console.casework.file_contents import main\n"
    "main()\n"
)  # fmt: skip
_KEPT = ("LD_LIBRARY_PATH",)
"""What of this process's environment that one needs to start; no secret is among it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a person may see it: plain text alone. It never shows in a repr.

    `called` is its type by its content, for people; `remark` says what is not shown and why.
    """

    kind: Literal["text", "table", "mail", "pdf", "image", "other"]
    called: str
    media_type: str
    size: int
    sha256: str
    head: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    remark: str = ""


class _Answer(BaseModel):
    """What the process says, checked like anything else from outside."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["text", "table", "mail", "pdf", "image", "other"]
    called: str
    media_type: str
    head: list[tuple[str, str]]
    text: str
    rows: list[list[str]]
    remark: str


def read_document(content: bytes, name: str = "", claimed: str = "") -> Document:
    """What is in a file, whatever it is; `name` and `claimed` are its sender's words for it.

    It never raises for a file: one that cannot be read has a remark that says so.
    """
    size, sha256 = len(content), hashlib.sha256(content).hexdigest()
    answer = _asked(content, name, claimed, type_alone=False)
    if isinstance(answer, str):
        return Document("other", "unknown type", "application/octet-stream", size, sha256, remark=answer)
    rows = [tuple(one_line(cell, 400) for cell in row) for row in answer.rows]
    return Document(
        answer.kind,
        one_line(answer.called),
        one_line(answer.media_type),
        size,
        sha256,
        tuple((one_line(name), one_line(value, 1000)) for name, value in answer.head),
        plain(answer.text),
        tuple(rows),
        one_line(answer.remark, 400),
    )


def media_type_of(content: bytes, name: str = "") -> str:
    """The media type of a file by its content; "application/octet-stream" where that does not tell."""
    answer = _asked(content, name, "", type_alone=True)
    if isinstance(answer, str) or not _MEDIA_TYPE.fullmatch(answer.media_type):
        return "application/octet-stream"
    return answer.media_type


def _asked(content: bytes, name: str, claimed: str, *, type_alone: bool) -> _Answer | str:
    """The process's answer, or the sentence on why there is none."""
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ} | {"LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(  # noqa: S603 - our own module, and no word of the file's among its arguments
        [sys.executable, "-I", "-B", "-c", _BEGIN, *_import_paths()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    late = [False]

    def stop() -> None:
        late[0] = True
        child.kill()

    timer = Timer(SECONDS, stop)
    timer.start()
    asked = json.dumps([name, claimed, type_alone]).encode() + b"\n"
    feeder = Thread(target=_feed, args=(child, asked, content), daemon=True)
    feeder.start()
    try:
        assert child.stdout is not None  # it was asked for
        with child.stdout as stdout:
            said = stdout.read(LONGEST_ANSWER + 1)
        if len(said) > LONGEST_ANSWER:
            child.kill()
        status = child.wait()
    finally:
        timer.cancel()
        child.kill()
        feeder.join()
        child.wait()
    if late[0]:
        return TOO_SLOW
    try:
        return _Answer.model_validate_json(said) if status == 0 else NOT_READ
    except ValidationError:
        return NOT_READ


def _import_paths() -> list[str]:
    """Where this process finds its modules: that one has no environment to learn it from."""
    own = str(Path(__file__).parents[2])
    return [own, *(path for path in sys.path if path and path != own)]


def _feed(child: "subprocess.Popen[bytes]", *parts: bytes) -> None:
    assert child.stdin is not None  # it was asked for
    try:
        with child.stdin as stdin:
            for part in parts:
                stdin.write(part)
    except OSError:  # it ended without reading all of it
        pass
