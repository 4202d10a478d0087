"""What the list in `models/contact_fields.py` asks of the places where a field is read and found."""

import json

import pytest

from cs_console.custody.blind_index import normalise
from cs_console.custody.index_state import INDEXES
from cs_console.intake.jsonl import Line, RequesterRecord, read_line
from models.contact_fields import SEARCHABLE, TEXTS, Field

VALUES = {Field.MOBILE: "+8613800138000", Field.EMAIL: "alice@example.org"}
CONTACTS = [field for field in Field if field not in TEXTS]


@pytest.mark.parametrize("field", CONTACTS)
def test_a_line_can_give_every_contact_field(field: Field) -> None:
    value = VALUES.get(field, "some value")
    contacts = {Field.EMAIL.value: VALUES[Field.EMAIL], field.value: value}
    line = json.dumps({"type": "requester", "account": "al77", "on_file": contacts}).encode()
    read = read_line(Line(1, line, len(line), len(line)), "CN")
    assert isinstance(read, RequesterRecord)
    assert dict(read.contacts)[field] == value


@pytest.mark.parametrize("field", Field)
def test_a_field_has_an_index_where_its_values_can_be_normalised(field: Field) -> None:
    """A value that is not normalised would not be found as soon as it is written otherwise."""
    usable = [value for value in VALUES.values() if normalise(field, value, "CN") is not None]
    assert bool(usable) is (field in SEARCHABLE)
    assert (field.value in INDEXES) is (field in SEARCHABLE)
