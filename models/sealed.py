"""What a column of bytes holds. Erasure, and what may be shown without a record, are derived from these types."""

import importlib
import pkgutil

from sqlalchemy import LargeBinary
from sqlmodel import SQLModel
from sqlmodel.main import default_registry

import models


class Sealed(LargeBinary):
    """Sealed under a requester's key or under a ticket's. Erasure empties every such column."""


class Original(Sealed):
    """As it came: a person reads it through a reveal alone, which is on record."""


class Safe(Sealed):
    """A mask, a redacted text or an agent's own draft: shown without a record."""


class Typed(Sealed):
    """What people who work here wrote down about a ticket, and the letters: hides what is on file when it is read."""


class SealedKey(Sealed):
    """The key of what hangs on a ticket."""


class SealedByDesk(LargeBinary):
    """Sealed under a key of the desk's own, which belongs to no requester."""


class SealedApart(LargeBinary):
    """Sealed under the key of one mail that is set aside; for one from before those had keys, under the desk's."""


class Digest(LargeBinary):
    """A keyed hash, a tag or hashes of the log's tree: nothing can be read from it."""


def columns_of(kind: type[LargeBinary]) -> dict[type[SQLModel], tuple[str, ...]]:
    """By table, parents first: the names of its columns of this kind, whatever has been imported so far."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    tables: dict[object, type[SQLModel]] = {mapper.local_table: mapper.class_ for mapper in default_registry.mappers}
    found: dict[type[SQLModel], tuple[str, ...]] = {}
    for table in SQLModel.metadata.sorted_tables:
        names = tuple(column.name for column in table.columns if isinstance(column.type, kind))
        if names:
            found[tables[table]] = names
    return found
