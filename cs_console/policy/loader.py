"""Loading policy packs by name."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from cs_console.errors import BadPack, UnknownPack
from cs_console.policy.checking import dotted, located_problems
from cs_console.policy.schema import Pack
from cs_console.settings import Settings

SHIPPED = Path(__file__).parent / "packs"


class PackShelf:
    """The packs that this desk can use: those shipped, and those in `packs/` of the home folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[str, Pack] = {}

    @property
    def current(self) -> Pack:
        """The pack that new tickets are opened under."""
        return self.get(self._settings.pack)

    def get(self, name: str) -> Pack:
        """The pack of that name and version. Raises UnknownPack or BadPack."""
        if name not in self._read:
            file = self.path(name)
            pack = load_pack(file)
            if pack.meta.name != name:  # a ticket pins this name and has to find the same policy again
                raise BadPack(file.name, (f"meta: the pack calls itself {pack.meta.name}, not {name}",))
            self._read[name] = pack
        return self._read[name]

    def path(self, name: str) -> Path:
        """The file of that pack; the home folder's own wins. Raises UnknownPack."""
        for folder in (self._settings.home / "packs", SHIPPED):
            file = folder / f"{name}.toml"
            if file.parent == folder and file.is_file():
                return file
        raise UnknownPack(f"There is no policy pack named {name}.", "See `cs-console policy list`.")

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        found = {file.stem for folder in (self._settings.home / "packs", SHIPPED) for file in folder.glob("*.toml")}
        return tuple(sorted(found))


def load_pack(file: Path) -> Pack:
    """Read one pack. Raises BadPack with a line for each problem."""
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadPack(file.name, (str(problem),)) from None
    try:
        return Pack.model_validate(values)
    except ValidationError:
        lines = tuple(f"{dotted(place)}: {words}" for place, words in located_problems(values))
        raise BadPack(file.name, lines) from None
