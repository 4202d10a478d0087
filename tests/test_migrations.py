"""The migrations make exactly the tables, columns and indexes that the models describe."""

import importlib
import pkgutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import models
from tests.support.desk import TestDesk


@pytest.mark.core
def test_a_migrated_store_differs_in_nothing_from_the_models(test_desk: TestDesk) -> None:
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    with test_desk.desk.database.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, SQLModel.metadata) == []
