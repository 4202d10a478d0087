"""`cs-console policy ...`: which policies there are, what one says, what is wrong with a file."""

from pathlib import Path
from typing import Annotated

import typer

from cs_console.commands.context import Home, Json, print_json, refusals
from cs_console.policy.checking import check_pack
from cs_console.policy.ground_rules import Ground
from cs_console.policy.loader import PackShelf
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowRules
from cs_console.settings import load

app = typer.Typer(no_args_is_help=True, help="Policy packs: privacy policies as data.")

_LISTS = (
    ("statutory", "Statutory grounds (we cannot respond)"),
    ("discretionary", "Discretionary grounds (we may reject)"),
    ("fee", "Fee"),
)


@app.command("list")
def list_packs(home: Home = None, as_json: Json = False) -> None:
    """List the packs this desk can use; the one for new tickets is marked."""
    with refusals():
        settings = load(home)
        names = PackShelf(settings).names()
    if as_json:
        print_json({"packs": list(names), "current": settings.pack})
        return
    for name in names:
        print(f"{name}  (current)" if name == settings.pack else name)


@app.command()
def show(
    pack: Annotated[str, typer.Argument(help="A pack's name; the current one when none is given.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what a pack says: kinds, purposes, grounds, clocks."""
    with refusals():
        shelf = PackShelf(load(home))
        found = shelf.get(pack) if pack else shelf.current
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print("\n".join(_lines(found)))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A pack's TOML file.", show_default=False)], as_json: Json = False
) -> None:
    """Say line by line what is wrong with a pack's file: exit 0 nothing, 1 findings, 2 no such file."""
    try:
        problems = check_pack(file)
    except OSError as problem:
        typer.echo(f"cs-console: {file} cannot be read: {problem.strerror}.", err=True)
        raise typer.Exit(2) from None
    if as_json:
        found = [{"line": one.line, "key": one.key, "message": one.message} for one in problems]
        print_json({"ok": not problems, "problems": found})
    else:
        for one in problems:
            key = f"{one.key}: " if one.key else ""
            print(f"{file}:{one.line}: {key}{one.message}")
        if not problems:
            print(f"{file}: nothing is wrong")
    if problems:
        raise typer.Exit(1)


def _lines(pack: Pack) -> list[str]:
    lines = [f"{pack.meta.title}, effective {pack.meta.effective} ({pack.meta.name})", "", "Kinds"]
    lines += [f"  {kind.value}: {rules.title} ({rules.clause})" for kind, rules in pack.kinds.items()]
    lines += ["", f"Clock ({pack.clock.clause})", f"  {pack.clock.explained}", "", "Purposes"]
    for key, purpose in pack.purposes.items():
        lines.append(f"  {key}: {purpose.title} ({purpose.clause})")
        for row in pack.matrix:
            if row.purpose == key:
                when = "verified" if row.verified else "also unverified"
                lines.append(f"    {', '.join(row.kinds)}, {when}: {', '.join(row.fields)}")
    lines += ["", f"Keeping and erasing ({pack.retention.clause}, {pack.erasure.clause})"]
    lines += [f"  {kind.value}: kept {days} days after it was closed" for kind, days in pack.retention.days.items()]
    lines.append(f"  An erasure is confirmed by: {' or '.join(pack.erasure.approvers)}")
    lines.append(f"  A hold is placed and lifted by: {pack.retention.held_by.value}")
    lines += [f"  {key}: {hold.title}, {hold.longest_days} days at most" for key, hold in pack.retention.holds.items()]
    for kind_rules in pack.kinds.values():
        if kind_rules.workflow is not None:
            lines += ["", f"How it ends: {kind_rules.title}", *_workflow_lines(pack, kind_rules.workflow)]
    for name, title in _LISTS:
        lines += ["", title]
        for ground in pack.grounds:
            if ground.list == name:
                lines += _ground_lines(ground)
    lines += ["", "Bases for collecting without consent (no reason to refuse anything)"]
    lines += [f"  ({item.number}) {item.title}" for item in pack.consent_exceptions]
    return lines


_INDEPENDENT = {
    "decided": "  Not by whoever decided what it is about",
    "took part": "  Not by whoever took part in what it is about",
}


def _workflow_lines(pack: Pack, rules: WorkflowRules) -> list[str]:
    lines = [f"  Settled by: {' or '.join(rules.owners)} ({rules.clause})"]
    lines += [_INDEPENDENT[rules.independent]] if rules.independent in _INDEPENDENT else []
    for question in rules.questions:
        lines.append(f"     {question.text}")
        lines += [f"       {answer}: by a {' or '.join(roles)}" for answer, roles in question.needs.items()]
    for outcome in rules.outcomes.values():
        becomes = f", becomes {pack.kinds[outcome.becomes].title}" if outcome.becomes is not None else ""
        lines.append(f"  {outcome.title}{becomes}")
    return lines


def _ground_lines(ground: Ground) -> list[str]:
    lines = [f"  {ground.code} {ground.title} ({ground.clause})"]
    lines += [f"     {question.text}" for question in ground.questions]
    lines.append(f"     Evidence: {ground.evidence.text}")
    lines.append(f"     Approved by: {' + '.join(ground.approvers)}")
    return lines
