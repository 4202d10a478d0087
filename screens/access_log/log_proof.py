"""Verifying the log from its screen: a progress bar, then the result in words."""

from functools import partial
from threading import Event

from textual.app import ComposeResult
from textual.widgets import ProgressBar

from cs_console.access_log.review import verify_for
from cs_console.access_log.verify import Verdict
from cs_console.errors import ConsoleError
from screens.frame.dialog import Dialog
from screens.frame.steps import in_steps
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign

_EVERY_SECONDS = 0.1


class Stopped(ConsoleError):
    """The reviewer stopped the proof before its end."""

    code = "stopped"


class ProofDialog(Dialog[None]):
    """Reads and hashes every entry in a thread; Escape stops it."""

    DIALOG_TITLE = "Verifying the access log"
    CSS_PATH = "log_proof.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._stop = Event()
        self._done = 0
        self._total = 0
        self._over = False

    def body(self) -> ComposeResult:
        yield PlainText("Checking every entry and its place in the tree.", id="verdict")
        yield ProgressBar(id="progress", show_eta=False)
        yield PlainText("esc stop", id="hint")

    def on_mount(self) -> None:
        self.set_interval(_EVERY_SECONDS, self._draw)
        self._prove()

    def on_unmount(self) -> None:
        self._stop.set()

    @in_steps
    async def _prove(self) -> None:
        try:
            verdict = await self.call(partial(verify_for, self.session, self._progress), retry=False)
        except ConsoleError as refusal:
            self._finish(f"{Sign.BROKEN} {refusal}", False)
        else:
            self._finish(_words(verdict), verdict.ok)

    def _progress(self, done: int, total: int) -> None:
        """Run in the worker thread: store the numbers; the screen polls them."""
        self._done, self._total = done, total
        if self._stop.is_set():
            raise Stopped("Verification was stopped, so there is no result.")

    def _draw(self) -> None:
        if not self._over and self._total:
            self.query_one(ProgressBar).update(total=self._total, progress=self._done)

    def _finish(self, words: str, ok: bool) -> None:
        self._over = True
        self.query_one(ProgressBar).display = False
        shown = self.query_one("#verdict", PlainText)
        shown.show(words)
        shown.set_class(not ok, "-broken")
        self.query_one("#hint", PlainText).show("esc back")


def _words(verdict: Verdict) -> str:
    if verdict.ok:
        return f"{Sign.DONE} Complete: {verdict.size} entries, none edited, missing or moved.\n\n{verdict.root}"
    where = "at its head" if verdict.first_bad is None else f"at entry {verdict.first_bad}"
    return f"{Sign.BROKEN} Broken {where}: {verdict.kind}.\n\nTell a privacy officer, and do not change the database."
