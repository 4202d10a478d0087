"""`cs-console log ...`: prove the access log, sign it, export it."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cs_console.access_log.checkpoint import copy_to_second_place, latest, write_checkpoint
from cs_console.access_log.export import export_log
from cs_console.access_log.log_filter import parse_moment
from cs_console.access_log.verify import Verdict, verify_log
from cs_console.commands import log_proofs
from cs_console.commands.consent import Erases, Second, left_alone, typed_consent
from cs_console.commands.context import Home, Json, office, print_json, refusals
from cs_console.commands.log_files import print_or_write, progress_bar, text_of
from cs_console.desk import operator_desk
from cs_console.errors import BadInput
from cs_console.settings import load

app = typer.Typer(help="Prove, sign and export the access log.", no_args_is_help=True)


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


_MEANINGS = {
    "edited": "Entry {0} was changed after it was recorded.",
    "missing": "Entry {0} is missing.",
    "inserted": "Entry {0} was put in; it was never recorded.",
    "swapped": "Entry {0} has changed places with another one.",
    "duplicated": "Entry {0} is a copy of another one.",
    "tail cut": "Entry {0} and whatever followed were cut off.",
    "head moved": "The log's head was changed; the entries themselves hold.",
    "checkpoint": "The checkpoint at {0} was changed or removed.",
    "time runs back": "Entry {0} has an earlier time than the one before it.",
    "statement": "What states the log at {0}, in the checkpoints' folder, was changed.",
    "foreign signature": "The checkpoint at {0} was signed with another key.",
    "rewritten": "The log was rewritten from entry {0} on, or later: a checkpoint states another tree.",
    "rolled back": "The log was put back to an older state: a kept checkpoint states others from {0} on, or later.",
}


_NOT_READ_BACK = (
    "cs-console: what the command in CS_CONSOLE_CHECKPOINTS kept cannot be read back here, only the newest checkpoint "
    "that it accepted. Hold the others against the log with --checkpoint FILE."
)


@app.command()
def verify(
    checkpoint: Annotated[Path | None, typer.Option(help="Checkpoints kept elsewhere.", show_default=False)] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Say whether the log is whole; name the first entry that is not. Exit status 1 when it is broken."""
    with office(home) as desk_office:
        note = None if checkpoint is None else text_of(checkpoint, "cs-console log checkpoint")
        with progress_bar("Reading") as progress:
            verdict = verify_log(desk_office, note=note, progress=progress)
    if json:
        names = ("ok", "size", "root", "first_bad", "kind")
        print_json({name: getattr(verdict, name) for name in names})
    else:
        print(sentence(verdict))
    for file in verdict.torn:
        print(f"cs-console: a crash cut a line of {file}; what it was to state was not shown.", file=sys.stderr)
    if checkpoint is None and desk_office.settings.checkpoint_command:
        print(_NOT_READ_BACK, file=sys.stderr)
    if not verdict.ok:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    out: Annotated[Path | None, typer.Option(help="Write the note to this file.", show_default=False)] = None,
    home: Home = None,
) -> None:
    """Sign the log as it stands and print the signed note. Exit status 1 where the second place does not take it."""
    with office(home) as desk_office:
        signed = write_checkpoint(desk_office, force=True)
        made = signed or latest(desk_office)
        if made is None:
            raise BadInput("The log is empty.", "There is nothing to sign yet.")
        problem = signed.problem if signed else copy_to_second_place(desk_office)
        print_or_write(made.note, out)
    if problem:
        print(f"cs-console: {problem}", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def export(
    since: Annotated[
        str | None, typer.Option(help="Only from this day or time on (2026-11-01).", show_default=False)
    ] = None,
    format: Annotated[Form, typer.Option(help="How to write it.")] = Form.JSONL,
    home: Home = None,
) -> None:
    """Write the log to standard output, oldest entry first. The export is recorded."""
    with office(home) as desk_office:
        export_log(operator_desk(desk_office), sys.stdout, _since(since), format.value)


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="Why; it stands in the access log.", show_default=False)] = "",
    erases: Erases = None,
    second: Second = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Go on with a log that was put back for an honest reason. What was seen of the one before is kept aside."""
    from cs_console.backups.restoring import accept as accept_log

    with refusals():
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
    print(f"The log is accepted as it stands, with {done.entries_after} entries now; sessions have ended.")
    if done.old_checkpoints is not None:
        print(f"The checkpoints of the one before: {done.old_checkpoints}")
    if done.erased_again:
        print(f"Requesters who were erased before, and are erased again: {done.erased_again}.")
    for line in left_alone(done):
        print(line)


app.command("prove")(log_proofs.prove)
app.command("check")(log_proofs.check)
app.command("key")(log_proofs.key)


def sentence(verdict: Verdict) -> str:
    """The verdict in words."""
    if verdict.ok:
        size = f"{verdict.size:,}".replace(",", " ")
        return f"The log is whole: {size} entries, root {verdict.root}."
    number = "an unreadable place" if verdict.first_bad is None else verdict.first_bad
    return f"THE LOG IS BROKEN. {_MEANINGS[verdict.kind].format(number)}"


def _since(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_moment(text)
    except ValueError:
        raise BadInput(f"--since {text} is no day or time.", "Write 2026-11-01 or 2026-11-01T09:30.") from None
