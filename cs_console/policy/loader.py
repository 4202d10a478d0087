"""Loading policy packs by name."""

import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from cs_console.errors import BadPack, UnknownPack
from cs_console.policy.checking import dotted, located_problems
from cs_console.policy.parts import nearest
from cs_console.policy.schema import Pack, pack_from
from cs_console.settings import Settings

SHIPPED = Path(__file__).parent / "packs"
DEFAULT = "hauthome-2023-08"
"""The pack of a desk that has adopted none and whose settings name none."""


class PackShelf:
    """The packs that this desk can use: those shipped, and those in `packs/` of the home folder.

    `adopted` is the one that the desk adopted last, "" where it has adopted none.
    """

    def __init__(self, settings: Settings, adopted: str = "") -> None:
        self.adopted = adopted
        self._settings = settings
        self._read: dict[str, Pack] = {}

    @property
    def name(self) -> str:
        """The name of the current pack: what the settings name, else what was adopted last, else the shipped one."""
        return self._settings.pack or self.adopted or DEFAULT

    @property
    def current(self) -> Pack:
        """The pack that new tickets are opened under."""
        return self.get(self.name)

    def get(self, name: str) -> Pack:
        """The pack of that name and version. Raises UnknownPack or BadPack."""
        if name not in self._read:
            file = self.path(name)
            pack = load_pack(file)
            if pack.meta.name != name:  # a ticket pins this name and has to find the same policy again
                raise BadPack(file.name, (f"meta: the pack is named {pack.meta.name}, not {name}",))
            self._read[name] = pack
        return self._read[name]

    def path(self, name: str) -> Path:
        """The file of that pack; the home folder's own wins. Raises UnknownPack."""
        for folder in (self._settings.home / "packs", SHIPPED):
            file = folder / f"{name}.toml"
            if file.parent == folder and file.is_file():
                return file
        raise UnknownPack(f"There is no policy pack named {name}{self._meant(name)}.", "See `cs-console policy list`.")

    def _meant(self, name: str) -> str:
        """A suggestion where a name was mistyped, or its version left out."""
        versions = [known for known in self.names() if known.startswith(f"{name}-")]
        return f" (did you mean {versions[-1]!r}?)" if versions else nearest(name, self.names())

    def sha256(self, name: str) -> str:
        """The sha256 of that pack's file as it is now, in hex. Raises UnknownPack."""
        file = self.path(name)
        try:
            return hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as problem:
            raise UnknownPack(f"{file} cannot be read: {problem.strerror}.", "Check its permissions.") from None

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        found = {file.stem for folder in (self._settings.home / "packs", SHIPPED) for file in folder.glob("*.toml")}
        return tuple(sorted(found))


def load_pack(file: Path) -> Pack:
    """Read one pack. Raises BadPack with a line for each problem."""
    try:
        return _pack_of(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadPack(file.name, (str(problem),)) from None


@lru_cache(maxsize=16)  # a pack is frozen, and checking one takes a tenth of a second
def _pack_of(text: str, file_name: str) -> Pack:
    values = tomllib.loads(text)
    try:
        return pack_from(values)
    except ValidationError:
        lines = tuple(f"{dotted(place)}: {words}" for place, words in located_problems(values))
        raise BadPack(file_name, lines) from None
