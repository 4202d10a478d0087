"""The migrations make exactly the tables, columns and indexes that the models describe."""

import importlib
import pkgutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

import models
from models.table import Table
from tests.support.desk import TestDesk


def import_models() -> None:
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")


@pytest.mark.core
def test_a_migrated_store_differs_in_nothing_from_the_models(test_desk: TestDesk) -> None:
    import_models()
    with test_desk.desk.database.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, SQLModel.metadata) == []


def test_every_table_is_made_of_what_tables_have_in_common(test_desk: TestDesk) -> None:
    import_models()
    assert [one.class_ for one in SQLModel._sa_registry.mappers if not issubclass(one.class_, Table)] == []
    assert {one.local_table for one in Table._sa_registry.mappers} == set(SQLModel.metadata.tables.values())


def test_a_migrated_store_indexes_the_rows_that_the_models_name(test_desk: TestDesk) -> None:
    import_models()
    store = test_desk.desk.database
    where = "sqlite_where" if store.is_sqlite else "postgresql_where"
    for table in SQLModel.metadata.tables.values():
        found = {
            one["name"]: one["dialect_options"].get(where) for one in inspect(store.engine).get_indexes(table.name)
        }
        for index in table.indexes:
            condition = index.dialect_options["sqlite"]["where"]
            if condition is None or not store.is_sqlite:  # PostgreSQL says it back in words of its own
                assert (found[index.name] is None) == (condition is None), index.name
            else:
                assert str(found[index.name]) == str(condition), index.name
