"""`cs-console intake ...`: take in mail and JSON Lines."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cs_console.adoption.adopting import note_current
from cs_console.commands import quarantine
from cs_console.commands.context import Home, Json, desk, errors_end_command, print_json
from cs_console.commands.progress import progress_bar
from cs_console.desk import operator_session
from cs_console.errors import BadInput
from cs_console.intake.explain import QUARANTINE, Explained
from cs_console.intake.explain import explain as explained
from cs_console.intake.incoming import LIMITS
from cs_console.intake.intake import OUTCOMES, ImportCounts, import_jsonl, import_mail, import_one_mail
from cs_console.opening import has_desk
from cs_console.plain_text import sentence_line
from cs_console.policy.loader import PackShelf
from cs_console.settings import load

app = typer.Typer(help="Take in mail and JSON Lines, and handle mail that is set aside.", no_args_is_help=True)
app.add_typer(quarantine.app, name="quarantine")
app.command()(quarantine.blocked)
app.command()(quarantine.unblock)

_WORDS = ("read", *OUTCOMES)
_EACH_TIME = ("read", "opened", "appended", "duplicate", "quarantined", "requesters")
"""Printed also where there were none."""
_STANDARD_INPUT = Path("-")
UNREACHED = 3
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: a mail server keeps the message and hands it over again."""
_RECORDS = ("requesters", "older", "suppressed")

Paths = Annotated[
    list[Path],
    typer.Argument(help="A message (.eml), an mbox file, a Maildir, a folder of .eml files, or - (standard input)."),
]
File = Annotated[Path, typer.Argument(help="A JSON Lines file of messages and requesters.")]


Files = Annotated[
    list[Path], typer.Argument(help="A message (.eml), an mbox file, a Maildir or a folder of .eml files.")
]


@app.command()
def mail(paths: Paths, home: Home = None, json: Json = False) -> None:
    """Take in mail. Taking in the same mail again changes nothing.

    As `-` it is one message on standard input; exit status 75 says that the mail server should try again later.
    """
    if _STANDARD_INPUT in paths:
        counts = _one_handed_over(home, paths)
    else:
        with desk(home) as opened, progress_bar("Reading", of_bytes=True) as shown:
            note_current(opened)
            counts = import_mail(operator_session(opened), paths, *shown)
    _print_counts(counts, _WORDS, json)


@app.command()
def jsonl(file: File, home: Home = None, json: Json = False) -> None:
    """Take in JSON Lines: messages, and account records from the platform."""
    with desk(home) as opened, progress_bar("Reading", of_bytes=True) as shown:
        note_current(opened)
        counts = import_jsonl(operator_session(opened), file, *shown)
    _print_counts(counts, (*_WORDS, *_RECORDS), json)


@app.command()
def explain(files: Files, home: Home = None, json: Json = False) -> None:
    """Show how each message would be understood. Changes nothing, and prints what is in the file.

    Without a desk (none in the home folder) by the policy that a new desk starts with.
    """
    with errors_end_command():
        settings = load(home)
        if not has_desk(settings):
            _print_explained(explained(files, PackShelf(settings).current), json)
            return
    with desk(home) as opened:
        _print_explained(explained(files, opened.packs.current, operator_session(opened)), json)


def _one_handed_over(home: Path | None, paths: list[Path]) -> ImportCounts:
    """What became of the message on standard input; ends the command with TRY_AGAIN if the store cannot be reached."""
    with errors_end_command():
        if len(paths) > 1:
            raise BadInput("Standard input was named beside files.", "Give - alone.")
        if sys.stdin is None:
            raise BadInput("Standard input is closed.", "Send one message on it.")
    content = sys.stdin.buffer.read(LIMITS.sealed_bytes + 1)
    try:
        with desk(home) as opened:
            note_current(opened)
            return import_one_mail(operator_session(opened), content, _tell)
    except typer.Exit as ended:
        raise typer.Exit(TRY_AGAIN if ended.exit_code == UNREACHED else ended.exit_code) from None


def _tell(sentence: str) -> None:
    print(f"cs-console: {sentence_line(sentence)}", file=sys.stderr)


def _print_explained(found: Iterator[Explained], json: bool) -> None:
    if json:
        print_json({"messages": [_as_json_message(one) for one in found]})
        return
    for one in found:
        print(f"{one.file}: {one.outcome} ({one.mail_class}). {one.reason}")
        if one.outcome == QUARANTINE and not one.sender:
            continue
        named = f"{one.sender_name} <{one.sender}>" if one.sender_name else one.sender or "no sender that can be read"
        print(f"  From: {named}" + (f", Reply-To: {one.reply_to}" if one.reply_to else ""))
        print(f"  Subject: {one.subject or '(no subject)'}")
        print(f"  Kind: {one.kind}, language: {one.language}")
        for file in one.attachments:
            print(f"  Attachment: {file.name} ({file.type}, {file.bytes:,} B)")
        print("\n".join(f"  | {line}" for line in one.text.splitlines()))


def _as_json_message(one: Explained) -> dict[str, object]:
    values = asdict(one)
    return {"class": values.pop("mail_class"), **values}


def _print_counts(counts: ImportCounts, words: tuple[str, ...], json: bool) -> None:
    values = {word: getattr(counts, word) for word in words}
    if json:
        print_json(values)
    else:
        shown = {word: value for word, value in values.items() if value or word in _EACH_TIME}
        print(", ".join(f"{value} {word.removesuffix('s') if value == 1 else word}" for word, value in shown.items()))
        if values.get("older"):
            print("Older: account records that are older than the one on file; nothing was changed.")
        if values.get("suppressed"):
            print("Suppressed: accounts that were erased here. They stay erased until they are registered again.")
