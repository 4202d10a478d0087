"""The queue's benchmark fills a desk and asks it, and SQLite beside it, what both know."""

import pytest

from benchmarks import growing, queue


def test_the_queue_is_measured_on_tickets_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "SMALLEST", 120)
    for name, few in {"ROUNDS": 2, "WARM_UP": 1, "PAGES_DEEP": 1}.items():
        monkeypatch.setattr(queue, name, few)
    lines = [result.as_json() for result in queue.run(240)]
    assert lines
    for line in lines:
        assert (line["size"], "flatness" in line) == (240, True)
