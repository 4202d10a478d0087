"""`cs-console log ...`: verify the access log, sign it, prove entries, export it."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cs_console.access_log.checkpoint import copy_to_second_place, latest, write_checkpoint
from cs_console.access_log.export import Form, export_log
from cs_console.access_log.log_filter import parse_moment
from cs_console.access_log.verify import Verdict, verify_log
from cs_console.commands import log_proofs
from cs_console.commands.consent import Erases, Second, left_alone, typed_consent
from cs_console.commands.context import Home, Json, desk, errors_end_command, print_json
from cs_console.commands.log_files import print_or_write, text_of
from cs_console.commands.progress import progress_bar
from cs_console.desk import operator_session
from cs_console.errors import BadInput
from cs_console.settings import load

app = typer.Typer(help="Prove, sign and export the access log.", no_args_is_help=True)


_MEANINGS = {
    "edited": "Entry {0} was changed after it was recorded.",
    "missing": "Entry {0} is missing.",
    "inserted": "Entry {0} was inserted; it was never recorded.",
    "swapped": "Entry {0} was swapped with another entry.",
    "duplicated": "Entry {0} is a copy of another entry.",
    "tail cut": "Entry {0} and all entries after it were cut off.",
    "head moved": "The log's head was changed; the entries are intact.",
    "checkpoint": "The checkpoint at {0} was changed or removed.",
    "time runs back": "Entry {0} has an earlier time than the entry before it.",
    "statement": "The statement of the log at {0}, in the checkpoints' folder, was changed.",
    "foreign signature": "The checkpoint at {0} was signed with another key.",
    "rewritten": "The log was rewritten from entry {0} on, or later: a checkpoint states a different tree.",
    "rolled back": "The log was reset to an older state: a kept checkpoint states others from entry {0} on, or later.",
}


_NOT_READ_BACK = (
    "cs-console: the checkpoints kept by the command in CS_CONSOLE_CHECKPOINTS cannot be read back here, except the "
    "newest that it accepted. Check the log against the others with --checkpoint FILE."
)


@app.command()
def verify(
    checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint kept elsewhere. May be repeated.", show_default=False)
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Say whether the log is complete, or name the first bad entry. Exit status 1 when it is broken."""
    with desk(home) as opened:
        note = None if checkpoint is None else text_of(checkpoint, "cs-console log checkpoint")
        with progress_bar("Reading") as shown:
            verdict = verify_log(opened, note=note, progress=shown.progress)
    if json:
        names = ("ok", "size", "root", "first_bad", "kind")
        print_json({name: getattr(verdict, name) for name in names})
    else:
        print(sentence(verdict))
    for file in verdict.torn:
        print(
            f"cs-console: a crash cut off a line of {file}; the value whose view it was to state was not shown.",
            file=sys.stderr,
        )
    if checkpoint is None and opened.settings.checkpoint_command:
        print(_NOT_READ_BACK, file=sys.stderr)
    if not verdict.ok:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    out: Annotated[Path | None, typer.Option(help="Write the signed note to this file.", show_default=False)] = None,
    home: Home = None,
) -> None:
    """Sign the current log and print the signed note. Exit status 1 if the second place does not accept it."""
    with desk(home) as opened:
        signed = write_checkpoint(opened, force=True)
        made = signed or latest(opened)
        if made is None:
            raise BadInput("The log is empty.", "There is nothing to sign yet.")
        problem = signed.problem if signed else copy_to_second_place(opened)
        print_or_write(made.note, out)
    if problem:
        print(f"cs-console: {problem}", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def export(
    since: Annotated[
        str | None, typer.Option(help="Only entries from this day or time on (2026-11-01).", show_default=False)
    ] = None,
    format: Annotated[Form, typer.Option(help="The output format.")] = Form.JSONL,
    home: Home = None,
) -> None:
    """Write the log to standard output, oldest entry first. The export is recorded."""
    with desk(home) as opened:
        export_log(operator_session(opened), sys.stdout, _since(since), format)


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="The reason, recorded in the access log.", show_default=False)] = "",
    erases: Erases = None,
    second: Second = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Accept a log that was restored on purpose. What consoles saw of the previous log is kept aside."""
    from cs_console.backups.restoring import accept as accept_log  # for this command alone

    with errors_end_command():
        done = accept_log(load(home), reason, consent=typed_consent(erases, second))
    if json:
        kept = done.old_checkpoints
        print_json(
            {
                "entries": done.entries_after,
                "old_checkpoints": None if kept is None else str(kept),
                "erased_again": done.erased_again,
                "unproven": done.unproven,
                "without_key": done.without_key,
            }
        )
        return
    print(f"The log was accepted. It now has {done.entries_after} entries. All sessions were ended.")
    if done.old_checkpoints is not None:
        print(f"The previous log's checkpoints are kept in: {done.old_checkpoints}")
    if done.erased_again:
        print(f"Requesters erased before, now erased again: {done.erased_again}.")
    for line in left_alone(done):
        print(line)


app.command("prove")(log_proofs.prove)
app.command("check")(log_proofs.check)
app.command("key")(log_proofs.key)


def sentence(verdict: Verdict) -> str:
    """The result in words."""
    if verdict.ok:
        size = f"{verdict.size:,}".replace(",", " ")
        return f"The log is complete: {size} entries, root {verdict.root}."
    number = "an unreadable position" if verdict.first_bad is None else verdict.first_bad
    return f"THE LOG IS BROKEN. {_MEANINGS[verdict.kind].format(number)}"


def _since(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_moment(text)
    except ValueError:
        raise BadInput(f"--since {text} is not a day or time.", "Write 2026-11-01 or 2026-11-01T09:30.") from None
