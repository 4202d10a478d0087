"""`cs-console doctor`: the settings in force and whether all is in order. It changes nothing and shows no secret."""

import sys

import typer

from cs_console.commands.context import Home, Json, errors_end_command, print_json
from cs_console.plain_text import sentence_line

_NAMES = 19
"""The width of the longest name."""


def doctor(as_json: Json = False, home: Home = None) -> None:
    """Show the settings in force, the versions, and whether stores, keys, files and the log are in order.

    Exit 0 when all is well, 1 with a finding, 3 when a store cannot be reached.
    """
    from cs_console.commands.checks import examine, settings_in_force, versions  # for this command alone
    from cs_console.settings import load

    with errors_end_command():
        settings = load(home)
    checks = examine(settings)
    in_order = all(check.ok for check in checks)
    if as_json:
        print_json(
            {
                "ok": in_order,
                "settings": settings_in_force(settings),
                "versions": versions(),
                "checks": [{"name": check.name, "ok": check.ok, "words": check.words} for check in checks],
            }
        )
    else:
        for name, value in {**settings_in_force(settings), **versions()}.items():
            print(f"  {name:<{_NAMES}} {sentence_line(value)}")
        for check in checks:
            print(f"{'✓' if check.ok else '✗'} {check.name:<{_NAMES}} {sentence_line(check.words)}")
    if not in_order:
        findings = sum(not check.ok for check in checks)
        print(f"cs-console: {findings} {'finding' if findings == 1 else 'findings'}.", file=sys.stderr)
        raise typer.Exit(3 if any(check.unreachable for check in checks) else 1)
