"""Write docs/settings.md from what cs_console/settings.py says of each setting: `python -m docs.settings`."""

import ast
import inspect
import sys
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from cs_console import settings
from cs_console.settings import IN_FILE_ALONE, PREFIX, Settings
from models.roles import Role

OUT = Path(__file__).parent / "settings.md"
HEAD = """# Settings

Written by `python -m docs.settings` from `cs_console/settings.py`: change that, not this page.

A setting is in `console.toml` in the home folder (`send_delay = 30`), or in an environment variable
(`CS_CONSOLE_SEND_DELAY=30`), which wins. Several values are a list in the file, and have commas between them in a variable. An empty
variable counts as none; a name that is no setting is refused. `cs-console doctor` shows the settings in force.
"""
_TYPES = {str: "text", int: "whole number", bool: "`true` or `false`", Path: "path"}


def main() -> None:
    """Write the page."""
    OUT.write_text(page(), "utf-8")
    print(OUT.relative_to(OUT.parent.parent), file=sys.stderr)


def page() -> str:
    """The page as it has to be now."""
    said = descriptions(inspect.getsource(settings))
    return "\n".join((HEAD, *(_section(name, field, said[name]) for name, field in Settings.model_fields.items())))


def descriptions(source: str) -> dict[str, str]:
    """What the class of the settings says under each name, on one line."""
    [found] = [one for one in ast.parse(source).body if isinstance(one, ast.ClassDef) and one.name == "Settings"]
    return {
        named.target.id: " ".join(says.value.value.split())
        for named, says in zip(found.body, found.body[1:], strict=False)
        if isinstance(named, ast.AnnAssign) and isinstance(named.target, ast.Name)
        if isinstance(says, ast.Expr) and isinstance(says.value, ast.Constant) and isinstance(says.value.value, str)
    }


def _section(name: str, field: FieldInfo, says: str) -> str:
    first = f"--{name}" if field.is_required() else name
    variable = "" if name in IN_FILE_ALONE else f" or `{PREFIX}{name.upper()}`"
    secret = " It may hold a password, which nothing shows." if not field.repr else ""
    return f"## `{name}`\n\n`{first}`{variable}: {_values(field)}\n\n{says}{secret}\n"


def _values(field: FieldInfo) -> str:
    """The type, the unit, the allowed values and the default."""
    unit = "".join(f", in {one}" for one in field.metadata if isinstance(one, str))
    least = "".join(f", at least {one.ge}" for one in field.metadata if isinstance(one, Ge))
    most = "".join(f", at most {one.le}" for one in field.metadata if isinstance(one, Le))
    return f"{_type(field.annotation)}{unit}{least}{most}{_default(field)}."


def _type(annotation: Any) -> str:
    parts = [part for part in get_args(annotation) if part not in (NoneType, Ellipsis)]
    if annotation == dict[str, str]:
        return "a table of names and texts"
    if parts == [Role]:
        return "several of " + ", ".join(f"`{role.value}`" for role in Role)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if parts == [str]:
        return "several texts"
    return _TYPES[parts[0] if parts else annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    match field.default:
        case bool(value):
            return f"; `{str(value).lower()}` unless given"
        case None | "" | ():
            return "; none unless given"
        case dict():
            return ""
        case value:
            return f"; `{value}` unless given"


if __name__ == "__main__":
    main()
