"""Our own mail server's word on who sent a mail counts; no one else's does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.intake.sender_checks import failed_checks

OURS = "mx.desk.example"


@pytest.mark.parametrize(
    ("results", "failed"),
    [
        ((f"{OURS}; dmarc=fail header.from=mail.example",), True),
        ((f"{OURS} 1; dmarc=fail (p=REJECT sp=NONE (strict)) header.from=mail.example",), True),
        (("MX.Desk.Example;\r\n\tdkim=pass header.d=other.example;\r\n\tDMARC=Fail",), True),
        ((f"{OURS}; spf=softfail smtp.mailfrom=x@mail.example; dkim=none",), True),
        ((f'{OURS}; dkim=fail reason="bad; dmarc=pass" header.d=mail.example',), True),
        ((f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass"), True),
        ((f"{OURS}; dmarc=pass; spf=fail; dkim=fail",), False),
        ((f"{OURS}; spf=fail; dkim=pass header.d=mail.example",), False),
        ((f"{OURS}; dkim=fail header.d=a.example; dkim=pass header.d=mail.example",), False),
        ((f"{OURS}; dmarc=none; spf=fail",), False),
        ((f"{OURS}; dmarc=pass", f"{OURS}; dmarc=fail"), False),
        ((f"{OURS}; spf=temperror; dkim=neutral",), False),
        ((f"{OURS}; none",), False),
        ((f"{OURS}.evil.example; dmarc=fail",), False),
        (("elsewhere.example; dmarc=fail", ""), False),
        ((), False),
    ],
)
def test_what_counts_as_failed(results: tuple[str, ...], failed: bool) -> None:
    """RFC 8601; DECISIONS 3: a missing result is no failure."""
    assert failed_checks(results, OURS) is failed
    assert not failed_checks(results, ""), "without a server's name no header is believed"


@given(st.lists(st.text(st.sampled_from(f'{OURS};=()"\\/ dmarcfilps1\r\n\t'), max_size=400), max_size=5))
def test_whatever_a_header_holds_it_is_read(values: list[str]) -> None:
    assert failed_checks(values, OURS) in (True, False)


def test_nested_comments_cost_no_time() -> None:
    assert not failed_checks([f"{OURS}; {'(' * 16_000}dmarc=fail"], "elsewhere.example")
    assert not failed_checks([f"{OURS}; {'(a' * 8_000}{')' * 8_000}dmarc=none"], OURS)
