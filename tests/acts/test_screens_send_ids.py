"""Whatever takes the id of an act gets one from every screen that does it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import screens
from models.enums import ActKind

MODULES = [importlib.import_module(one.name) for one in pkgutil.walk_packages(screens.__path__, "screens.")]


def sends(module: ModuleType) -> Iterator[tuple[str, bool]]:
    """The services with an id that this screen calls or puts into a `partial`, and whether it names the id."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        called = ast.unparse(call.func)
        if called == "partial":
            called = ast.unparse(call.args[0])
        first, _, rest = called.partition(".")
        service = getattr(module, first, None)
        service = getattr(service, rest, None) if rest else service
        if not inspect.isfunction(service) or not service.__module__.startswith("cs_console."):
            continue
        act = inspect.signature(service).parameters.get("act")
        if act is not None and act.kind is inspect.Parameter.KEYWORD_ONLY:
            yield service.__name__, any(keyword.arg == "act" for keyword in call.keywords)


def test_every_screen_sends_the_id_of_its_act() -> None:
    found = [(module.__name__, name, named) for module in MODULES for name, named in sends(module)]
    without = [(module, name) for module, name, named in found if not named]
    # closing without a reason, and every other move, is held by the ticket's version: it is another the second time
    assert without == [
        ("screens.queue.acts", "set_state"),
        ("screens.ticket.state", "set_state"),
        ("screens.ticket.state", "set_state"),
    ]
    assert len({name for _, name, named in found if named}) == len(ActKind)
