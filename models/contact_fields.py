"""The fields of a requester's contact data, and the two texts that are revealed as they are.

A field is masked in `custody/masking.py`, has its place in a line of `intake/jsonl.py`, and its title and those who
may see it in every policy pack. One that is searchable is normalised in `custody/blind_index.py`.
"""

from enum import StrEnum


class Field(StrEnum):
    """What can be revealed, one at a time (policy I.(1)3 and I.(2)1)."""

    NICKNAME = "nickname"
    NAME = "name"
    MOBILE = "mobile"
    EMAIL = "e-mail"
    ADDRESS = "address"
    POSTCODE = "postcode"
    OTHER = "other"
    SUBJECT = "subject"
    MESSAGE = "message"


TEXTS = frozenset({Field.SUBJECT, Field.MESSAGE})
"""What a requester wrote, which is no contact: it is sealed with its ticket."""

SEARCHABLE = (Field.MOBILE, Field.EMAIL)
"""The contacts by which a person is found: they have a blind index, under a key of its own each."""
