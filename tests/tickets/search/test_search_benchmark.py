"""The search's benchmark fills a desk with indexed tickets and finds in it what SQLite finds."""

import pytest

from benchmarks import growing, search
from cs_console.tickets.queue import QueuePage


def test_a_search_is_measured_on_tickets_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "SMALLEST", 1200)
    for name, few in {"ROUNDS": 2, "WARM_UP": 1}.items():
        monkeypatch.setattr(search, name, few)
    lines = [result.as_json() for result in search.run(2400)]
    assert [line["name"] for line in lines] == [f"search {name}" for name in search._SEARCHES]
    for line in lines:
        assert (line["size"], "flatness" in line) == (2400, True)
    with growing.filled_desk(2400, search._measurements, indexed=True) as filled:
        for name in ("first page", "frequent word"):
            console, baseline = filled[name]
            found = console()
            assert isinstance(found, QueuePage)
            raw = baseline()
            assert isinstance(raw, list)
            assert len(found.rows) == min(len(raw), search.PAGE) > 0, name
