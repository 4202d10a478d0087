"""Outcome codes that the shipped packs have renamed: settlements, drafts and a desk's own packs may hold either one."""

import json
from functools import lru_cache
from pathlib import Path


def codes_for(outcome: str) -> tuple[str, ...]:
    """The outcome's code, and the other one that it goes by in packs written before or after it was renamed."""
    return outcome, *(sorted({one for pair in _pairs() if outcome in pair for one in pair} - {outcome}))


@lru_cache(maxsize=1)
def _pairs() -> tuple[tuple[str, str], ...]:
    file = Path(__file__).with_suffix(".json")
    return tuple(json.loads(file.read_text(encoding="utf-8")).items())
