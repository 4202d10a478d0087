"""Where two packs differ, key by key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cs_console.policy.schema import Pack

_NAMES = ("code", "id", "number")
"""Keys by which the items of a list are told apart; a list without them is compared as a whole."""


@dataclass(frozen=True)
class Difference:
    """One key: its value in the first pack and in the second, as text; None where it is not there."""

    key: str
    old: str | None
    new: str | None


def differences(old: Pack, new: Pack) -> tuple[Difference, ...]:
    """Every key whose value differs, in the packs' order; `grounds.D1.approvers` whatever the grounds' order."""
    return tuple(_compared("", old.model_dump(mode="json"), new.model_dump(mode="json")))


def _compared(key: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    before, after = _table(old), _table(new)
    if before is None or after is None:
        yield Difference(key, _text(old), _text(new))
        return
    for name in dict.fromkeys([*before, *after]):
        inner = f"{key}.{name}" if key else name
        if name in before and name in after:
            yield from _compared(inner, before[name], after[name])
        else:
            yield from _only(inner, before.get(name), after.get(name), in_old=name in before)


def _only(key: str, old: Any, new: Any, *, in_old: bool) -> Iterator[Difference]:
    """Something that only one of them has, value by value."""
    value = old if in_old else new
    table = _table(value)
    if table:
        for name, inner in table.items():
            yield from _only(f"{key}.{name}", inner, inner, in_old=in_old)
    else:
        text = _text(value)
        yield Difference(key, text if in_old else None, None if in_old else text)


def _table(value: Any) -> dict[str, Any] | None:
    """A table by its keys, a list of named things by their names, None for a plain value."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for name in _NAMES:
            if all(name in one for one in value):
                return {str(one[name]): one for one in value}
        return {_row_name(one): one for one in value}
    return None


def _row_name(row: dict[str, Any]) -> str:
    """A row of the matrix by what it is for and for which kinds."""
    return f"{row.get('purpose', '')}[{','.join(row.get('kinds', ()))}]"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
