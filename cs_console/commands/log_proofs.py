"""`cs-console log prove | key | check`: proofs for others, and the check that needs only the public key."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cs_console.access_log.checkpoint import LogVerifier, log_signer
from cs_console.access_log.log_key import NotAKey, key_line, read_key_line
from cs_console.access_log.proof_check import ProofVerdict, check_proof
from cs_console.access_log.proof_file import NotAProof, Proof, proof_text, read_proof
from cs_console.access_log.prove import By, Wanted, prove_entries, prove_since
from cs_console.commands.context import Home, Json, desk, errors_end_command, print_json
from cs_console.commands.log_files import print_or_write, text_of
from cs_console.commands.progress import progress_bar
from cs_console.desk import operator_session
from cs_console.errors import BadInput
from cs_console.plain_text import one_line

MOST_BYTES = 256 * 1024 * 1024
"""Larger files are not read; a proof of 100,000 entries is smaller."""

_MEANINGS = {
    "foreign signature": "It belongs to another log, or the checkpoint at {0} was signed with another key.",
    "checkpoint": "The checkpoint at {0} was changed after it was signed.",
    "edited": "Entry {0} is not in the signed log in this form: the entry, its number or its path was changed.",
    "rewritten": "The log signed at {0} does not begin with the log that was signed earlier.",
}


def prove(
    entry: Annotated[int | None, typer.Option(help="Prove this entry.", min=1, max=2**62, show_default=False)] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="Prove that the log begins with the log of this older checkpoint.", show_default=False),
    ] = None,
    ticket: Annotated[
        int | None, typer.Option(help="Prove all entries of this ticket.", min=1, max=2**31 - 1, show_default=False)
    ] = None,
    requester: Annotated[
        str | None, typer.Option(help="Prove all entries of the requester with this pseudonym.", show_default=False)
    ] = None,
    withhold: Annotated[
        bool, typer.Option("--withhold", help="Leave out who did it and the reason; the proof holds all the same.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the proof to this file.", show_default=False)] = None,
    home: Home = None,
) -> None:
    """Write a proof that others can check with `log check`, as one JSON object. Disclosing entries is recorded."""
    with desk(home) as opened:
        options = {By.ENTRY: entry, By.TICKET: ticket, By.REQUESTER: requester}
        wanted = [Wanted(by, value, withhold) for by, value in options.items() if value is not None]
        if len(wanted) + (since is not None) != 1:
            raise BadInput("Nothing to prove was given.", "Give one of --entry, --since, --ticket and --requester.")
        if withhold and since is not None:
            raise BadInput("--since shows no entry, so there is nothing to withhold.", "Leave out --withhold.")
        session = operator_session(opened)
        note = None if since is None else text_of(since, "cs-console log checkpoint")
        with progress_bar("Proving") as shown:
            if note is None:
                proven = prove_entries(session, wanted[0], shown.progress)
            else:
                proven = prove_since(session, note, shown.progress)
        if proven.problem:
            print(f"cs-console: {proven.problem}", file=sys.stderr)
        print_or_write(proof_text(proven.proof), out)


def key(home: Home = None) -> None:
    """Print the log's public key as one line. Give it to the people who will check proofs."""
    with desk(home) as opened, opened.database.reading() as db:
        print(key_line(log_signer(db, opened).verifier))


def check(
    file: Annotated[Path, typer.Argument(help="A proof made by `log prove`.", show_default=False)],
    key: Annotated[str, typer.Option(help="The line that `log key` prints, or a file with that line.")],
    json: Json = False,
) -> None:
    """Check a proof with only the log's public key. Exit status 1 if it is not valid."""
    with errors_end_command():
        verdict = check_proof(_proof_in(file), _key_in(key))
    if json:
        print_json(asdict(verdict))
    else:
        print(sentence(verdict))
    if not verdict.ok:
        raise typer.Exit(1)


def sentence(verdict: ProofVerdict) -> str:
    """The result in words."""
    if not verdict.ok:
        return f"THE PROOF IS NOT VALID. {_MEANINGS[verdict.kind].format(verdict.first_bad)}"
    log, size = one_line(verdict.log), _spaced(verdict.size)
    if verdict.entries is None:
        earlier = _spaced(verdict.since or 0)
        return f"The proof is valid: the log {log}, signed at {size} entries, begins with the log signed at {earlier}."
    entries = "1 entry is" if verdict.entries == 1 else f"{_spaced(verdict.entries)} entries are"
    names = "" if not verdict.withheld else f" In {_spaced(verdict.withheld)} of them staff and reason are withheld."
    return f"The proof is valid: {entries} in the log {log}, signed at {size} entries, root {verdict.root}.{names}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _proof_in(file: Path) -> Proof:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise NotAProof("it is too large")
        return read_proof(data)
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}.", "Give a file made by `log prove`.") from None
    except NotAProof as problem:
        raise BadInput(f"{file} is not a proof: {problem}.", "Ask the sender for the unchanged file.") from None


def _key_in(text: str) -> LogVerifier:
    file = Path(text)
    try:
        return read_key_line(text_of(file, "cs-console log key") if _is_file(file) else text)
    except NotAKey:
        raise BadInput(
            "--key is not the public key of a log.", "Give the line that `cs-console log key` prints."
        ) from None


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # too long for a file name, or not a file name at all
        return False
